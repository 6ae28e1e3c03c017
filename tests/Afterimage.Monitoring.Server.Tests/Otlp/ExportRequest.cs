using System.Globalization;
using System.Text.Json.Nodes;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>A request that exports spans of one sender, in the protocol's JSON.</summary>
internal sealed class ExportRequest(string service = "program", string? instance = null)
{
    public static readonly DateTimeOffset Time = new(2026, 11, 27, 8, 0, 0, TimeSpan.Zero);

    private readonly JsonArray _spans = [];

    public static string TraceId(int trace) => trace.ToString("x32", CultureInfo.InvariantCulture);

    public static string SpanId(int span) => span.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Adds a span that ends <paramref name="span"/> seconds after <see cref="Time"/> and lasts a second.</summary>
    public ExportRequest Span(int trace, int span, int parent = 0, params (string Name, object Value)[] attributes)
    {
        ulong end = (ulong)(Time.ToUnixTimeMilliseconds() + (span * 1000L)) * 1_000_000;
        _spans.Add(new JsonObject
        {
            ["traceId"] = TraceId(trace),
            ["spanId"] = SpanId(span),
            ["parentSpanId"] = parent == 0 ? "" : SpanId(parent),
            ["name"] = "span",
            ["startTimeUnixNano"] = (end - 1_000_000_000).ToString(CultureInfo.InvariantCulture),
            ["endTimeUnixNano"] = end.ToString(CultureInfo.InvariantCulture),
            ["attributes"] = Attributes(attributes),
        });
        return this;
    }

    /// <summary>Adds a chat call.</summary>
    public ExportRequest Chat(int trace, int span, int parent = 0, string? id = null, string model = "gpt-4o", long? tokens = 10)
    {
        List<(string, object)> attributes = [("gen_ai.operation.name", "chat"), ("gen_ai.response.model", model)];
        if (id is not null)
            attributes.Add(("gen_ai.response.id", id));
        if (tokens is { } count)
            attributes.AddRange([("gen_ai.usage.input_tokens", count), ("gen_ai.usage.output_tokens", count / 2)]);
        return Span(trace, span, parent, [.. attributes]);
    }

    public byte[] Json() => System.Text.Encoding.UTF8.GetBytes(
        Of("resourceSpans", "scopeSpans", "spans", service, instance, (JsonArray)_spans.DeepClone()).ToJsonString());

    public static JsonObject Of(string resources, string scopes, string items, string service, string? instance, JsonArray content)
    {
        List<(string, object)> resource = [("service.name", service)];
        if (instance is not null)
            resource.Add(("service.instance.id", instance));
        return new JsonObject
        {
            [resources] = new JsonArray(
                new JsonObject
                {
                    // Behind what it sent, as an encoder is free to do.
                    [scopes] = new JsonArray(new JsonObject { [items] = content, ["scope"] = new JsonObject { ["name"] = "test" } }),
                    ["resource"] = new JsonObject { ["attributes"] = Attributes([.. resource]) },
                }),
        };
    }

    public static JsonArray Attributes((string Name, object Value)[] attributes) =>
    [
        .. attributes.Select(attribute => (JsonNode)new JsonObject
        {
            ["key"] = attribute.Name,
            ["value"] = attribute.Value switch
            {
                string text => new JsonObject { ["stringValue"] = text },
                double number => new JsonObject { ["doubleValue"] = number },
                bool truth => new JsonObject { ["boolValue"] = truth },
                string[] texts => new JsonObject
                {
                    ["arrayValue"] = new JsonObject
                    {
                        ["values"] = new JsonArray([.. texts.Select(text => (JsonNode)new JsonObject { ["stringValue"] = text })]),
                    },
                },
                var integer => new JsonObject { ["intValue"] = Convert.ToInt64(integer, CultureInfo.InvariantCulture) },
            },
        }),
    ];
}
