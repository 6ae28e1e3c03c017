using System.Globalization;
using System.Text;
using Afterimage.Monitoring.Server.Otlp;
using Afterimage.Tests.Otlp;
using Google.Protobuf;
using Attribute = Afterimage.Tests.Otlp.Attribute;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>The decoders against Google.Protobuf, and against bodies that are broken.</summary>
public sealed class DecodingTests
{
    private static readonly string[] Models = ["gpt-4o", "a\"b\\c\n", "日本語", ""];

    [Fact]
    public void Protobuf_and_JSON_of_the_same_spans_come_to_the_same()
    {
        var random = new Random(1);
        var decoding = new OtlpDecoding();
        for (int round = 0; round < 200; round++)
        {
            TraceRequest request = Request(random);
            decoding.Protobuf.ReadTraces(request.ToByteArray());
            string[] fromProtobuf = Taken(decoding);
            decoding.Json.ReadTraces(Encoding.UTF8.GetBytes(Json(request)));
            Assert.Equal(fromProtobuf, Taken(decoding));
            Assert.Equal(
                Expected(request).OrderBy(generation => generation.PromptTokens),
                decoding.Batches.SelectMany(b => b.Generations).Select(g => (g.Model, g.PromptTokens)).OrderBy(g => g.PromptTokens));
        }
    }

    [Fact]
    public void A_body_that_is_broken_is_told_as_such_and_nothing_else_happens()
    {
        var random = new Random(2);
        var decoding = new OtlpDecoding();
        byte[] protobuf = Request(random).ToByteArray();
        byte[] json = Encoding.UTF8.GetBytes(Json(Request(random)));
        int refused = 0;
        for (int round = 0; round < 20_000; round++)
        {
            bool isJson = round % 2 == 0;
            byte[] body = Broken(isJson ? json : protobuf, random);
            IOtlpDecoder decoder = isJson ? decoding.Json : decoding.Protobuf;
            try
            {
                Action<ReadOnlyMemory<byte>> read = round % 6 < 2 ? decoder.ReadTraces
                    : round % 6 < 4 ? decoder.ReadLogs
                    : decoder.ReadMetrics;
                read(body);
            }
            catch (OtlpFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 19_999);
        decoding.Protobuf.ReadTraces(protobuf);
        Assert.NotEmpty(Taken(decoding));
    }

    [Fact]
    public void Spans_that_are_no_generations_are_passed_over_without_allocating()
    {
        var request = new TraceRequest();
        SpansOfScope scope = Scope(request);
        for (int i = 1; i <= 1_000; i++)
        {
            Span span = NewSpan(i, 1);
            span.Attributes.Add(Text("http.route", new string('x', 200)));
            span.Attributes.Add(Text("gen_ai.operation.name", "execute_tool"));
            scope.Spans.Add(span);
        }

        byte[] body = request.ToByteArray();
        var decoding = new OtlpDecoding();
        for (int i = 0; i < 3; i++)
            decoding.Protobuf.ReadTraces(body);
        long before = GC.GetAllocatedBytesForCurrentThread();
        decoding.Protobuf.ReadTraces(body);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 999);
        Assert.Equal(1_000, decoding.Spans);
    }

    private static IEnumerable<(string? Model, long? PromptTokens)> Expected(TraceRequest request) => request
        .Resources.SelectMany(resource => resource.Scopes)
        .SelectMany(scope => scope.Spans)
        .Where(span => span.Attributes.Any(a => a is { Key: "gen_ai.operation.name", Value.Text: "chat" }))
        .Select(span =>
        {
            string model = span.Attributes.Single(a => a.Key == "gen_ai.response.model").Value.Text;
            long tokens = span.Attributes.Single(a => a.Key == "gen_ai.usage.input_tokens").Value.Integer;
            return (model.Length == 0 ? null : model, (long?)tokens);
        });

    private static string[] Taken(OtlpDecoding decoding) =>
    [
        .. decoding.Batches.SelectMany(batch => batch.Generations.Select(span =>
            string.Create(
                CultureInfo.InvariantCulture,
                $"{batch.Sender} {span.Key} {span.Parent} {span.Timestamp} {span.Duration} {span.Success} {span.Error} "
                + $"{span.Model} {span.PromptTokens} {span.FinishReason} {span.TimeToFirstToken} {span.Scope}"))),
    ];

    private static TraceRequest Request(Random random)
    {
        var request = new TraceRequest();
        for (int i = random.Next(1, 4); i > 0; i--)
        {
            SpansOfScope scope = Scope(request, $"service-{random.Next(2)}");
            for (int n = random.Next(1, 10); n > 0; n--)
            {
                Span span = NewSpan(random.Next(1, int.MaxValue), random.Next(1, 1000));
                span.ParentSpanId = random.Next(2) == 0 ? ByteString.Empty : ByteString.CopyFrom(1, 2, 3, 4, 5, 6, 7, 8);
                span.Attributes.Add(Text("gen_ai.operation.name", random.Next(3) == 0 ? "invoke_agent" : "chat"));
                span.Attributes.Add(Text("gen_ai.response.model", Models[random.Next(Models.Length)]));
                var tokens = new Value { Integer = random.NextInt64(1L << 40) };
                span.Attributes.Add(new Attribute { Key = "gen_ai.usage.input_tokens", Value = tokens });
                span.Attributes.Add(
                    new Attribute { Key = "gen_ai.response.time_to_first_chunk", Value = new Value { Number = random.Next(100) / 8.0 } });
                var reasons = new Values();
                reasons.Items.Add(new Value { Text = "tool-calls" });
                span.Attributes.Add(new Attribute { Key = "gen_ai.response.finish_reasons", Value = new Value { List = reasons } });
                if (random.Next(3) == 0)
                {
                    span.Status = new Status { Code = 2, Message = "it\tfailed" };
                    var exception = new Event { Name = "exception" };
                    exception.Attributes.Add(Text("exception.type", "Timeout"));
                    if (random.Next(2) == 0)
                        span.Events.Add(exception);
                }

                scope.Spans.Add(span);
            }
        }

        return request;
    }

    private static SpansOfScope Scope(TraceRequest request, string service = "service")
    {
        var scope = new SpansOfScope { Scope = new Scope { Name = "scope" } };
        var resource = new SpansOfResource { Resource = new Resource() };
        resource.Resource.Attributes.Add(Text("service.name", service));
        resource.Scopes.Add(scope);
        request.Resources.Add(resource);
        return scope;
    }

    private static Span NewSpan(int number, int seconds) => new()
    {
        TraceId = ByteString.CopyFrom(Convert.FromHexString(ExportRequest.TraceId(number))),
        SpanId = ByteString.CopyFrom(Convert.FromHexString(ExportRequest.SpanId(number))),
        Name = "span",
        Start = 1_795_710_538_000_000_000,
        End = 1_795_710_538_000_000_000 + ((ulong)seconds * 1_000_000_000),
    };

    private static Attribute Text(string key, string text) => new() { Key = key, Value = new Value { Text = text } };

    // The protocol's JSON is protobuf's own, with the protocol's names, but for ids, which are hexadecimal.
    private static string Json(TraceRequest request)
    {
        var resources = request.Resources.Select(resource =>
            $$"""
            {"resource":{"attributes":[{{Attributes(resource.Resource.Attributes)}}] },
            "scopeSpans":[{{string.Join(',', resource.Scopes.Select(Json))}}] }
            """);
        return $$"""{"resourceSpans":[{{string.Join(',', resources)}}] }""";
    }

    private static string Json(SpansOfScope scope) =>
        $$"""{"scope":{"name":"scope"},"spans":[{{string.Join(',', scope.Spans.Select(Json))}}] }""";

    private static string Json(Span span)
    {
        string status = span.Status is { } given ? $$""","status":{"code":{{given.Code}},"message":{{Quoted(given.Message)}} }""" : "";
        string events = string.Join(
            ',',
            span.Events.Select(e => $$"""{"name":"exception","attributes":[{{Attributes(e.Attributes)}}] }"""));
        return $$"""
            {"traceId":"{{Hex(span.TraceId)}}","spanId":"{{Hex(span.SpanId)}}","parentSpanId":"{{Hex(span.ParentSpanId)}}","name":"span",
            "startTimeUnixNano":"{{span.Start}}","endTimeUnixNano":{{span.End}},"attributes":[{{Attributes(span.Attributes)}}],
            "events":[{{events}}]{{status}}}
            """;
    }

    private static string Attributes(IEnumerable<Attribute> attributes) => string.Join(
        ',',
        attributes.Select(attribute => $$"""{"key":"{{attribute.Key}}","value":{{Json(attribute.Value)}} }"""));

    private static string Json(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.Text => $$"""{"stringValue":{{Quoted(value.Text)}} }""",
        Value.KindOneofCase.Integer => $$"""{"intValue":"{{value.Integer}}" }""",
        Value.KindOneofCase.Number => string.Create(CultureInfo.InvariantCulture, $$"""{"doubleValue":{{value.Number}} }"""),
        _ => $$"""{"arrayValue":{"values":[{{string.Join(',', value.List.Items.Select(Json))}}] } }""",
    };

    private static string Quoted(string text) => System.Text.Json.JsonSerializer.Serialize(text);

    private static string Hex(ByteString bytes) => Convert.ToHexStringLower(bytes.Span);

    private static byte[] Broken(byte[] body, Random random)
    {
        byte[] broken = body[..random.Next(body.Length / 2, body.Length + 1)];
        for (int i = random.Next(4); i > 0; i--)
            broken[random.Next(broken.Length)] = (byte)random.Next(256);
        return broken;
    }
}
