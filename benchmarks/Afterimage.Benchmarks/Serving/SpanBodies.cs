using System.Buffers.Binary;
using System.Globalization;

namespace Afterimage.Benchmarks.Serving;

/// <summary>Requests of OTLP as programs send them: spans of calls to a model, by OpenTelemetry's conventions for generative AI.</summary>
/// <remarks>Each span is a trace of its own, as that of a program that only calls a model. All are from one sender.</remarks>
internal sealed class SpanBodies
{
    /// <summary>The batch of OpenTelemetry's SDKs by default.</summary>
    public const int SpansInBody = 512;

    private const int Models = 5;
    private const int SpansInConversation = 8;
    private const ulong ClientSpan = 3;

    // Field numbers of opentelemetry.proto.trace.v1: TracesData, ResourceSpans and ScopeSpans share two.
    private const int Head = 1;
    private const int Items = 2;
    private const int SpanAttributes = 9;

    private readonly ulong _end;
    private readonly ProtobufWriter _span = new();
    private readonly ProtobufWriter _pair = new();
    private readonly ProtobufWriter _value = new();
    private readonly ProtobufWriter _list = new();
    private readonly byte[] _id = new byte[2 * sizeof(ulong)];

    private SpanBodies(DateTimeOffset end) => _end = (ulong)end.ToUnixTimeMilliseconds() * 1_000_000;

    /// <summary>Makes the bodies of so many spans; the last may have fewer than the others.</summary>
    public static byte[][] Make(int spans, DateTimeOffset end)
    {
        var bodies = new SpanBodies(end);
        return [.. Enumerable.Range(0, spans).Chunk(SpansInBody).Select(bodies.Body)];
    }

    private byte[] Body(int[] numbers)
    {
        var scope = new ProtobufWriter();
        var name = new ProtobufWriter();
        name.Text(1, "opentelemetry.instrumentation.openai_v2");
        name.Text(2, "2.4.0");
        scope.Message(Head, name);
        foreach (int number in numbers)
        {
            AddSpan(number);
            scope.Message(Items, _span);
        }

        var sender = new ProtobufWriter();
        AddText(sender, 1, "service.name", "benchmark");
        AddText(sender, 1, "service.instance.id", "1");
        AddText(sender, 1, "telemetry.sdk.language", "python");
        var resource = new ProtobufWriter();
        resource.Message(Head, sender);
        resource.Message(Items, scope);
        var body = new ProtobufWriter();
        body.Message(1, resource);
        return body.ToArray();
    }

    private void AddSpan(int number)
    {
        string model = string.Create(CultureInfo.InvariantCulture, $"{Sample.Model}-{number % Models}");
        ulong duration = (ulong)Sample.Duration(number).Ticks * 100;
        ulong end = _end - (1_000_000 * (ulong)(number % 1000));
        _span.Bytes(1, Id(number, 2 * sizeof(ulong)));
        _span.Bytes(2, Id(number, sizeof(ulong)));
        _span.Text(5, $"chat {model}");
        _span.Number(6, ClientSpan);
        _span.Fixed64(7, end - duration);
        _span.Fixed64(8, end);
        AddText(_span, SpanAttributes, "gen_ai.operation.name", "chat");
        AddText(_span, SpanAttributes, "gen_ai.provider.name", "openai");
        AddText(_span, SpanAttributes, "gen_ai.request.model", model);
        AddText(_span, SpanAttributes, "gen_ai.response.model", model);
        AddText(_span, SpanAttributes, "gen_ai.response.id", string.Create(CultureInfo.InvariantCulture, $"chatcmpl-{number:x12}"));
        AddNumber("gen_ai.usage.input_tokens", (ulong)Sample.Prompt(number));
        AddNumber("gen_ai.usage.output_tokens", (ulong)Sample.Completion(number));
        AddText(
            _span,
            SpanAttributes,
            "gen_ai.conversation.id",
            string.Create(CultureInfo.InvariantCulture, $"conversation-{number / SpansInConversation}"));
        AddText(_span, SpanAttributes, "server.address", "api.openai.com");
        AddNumber("server.port", 443);
        AddFinishReasons();
    }

    private void AddText(ProtobufWriter to, int field, string key, string text)
    {
        _value.Text(1, text);
        AddPair(to, field, key);
    }

    private void AddNumber(string key, ulong number)
    {
        _value.Number(3, number);
        AddPair(_span, SpanAttributes, key);
    }

    /// <summary>The conventions have a list of them, one for each choice.</summary>
    private void AddFinishReasons()
    {
        _value.Text(1, Sample.FinishReason);
        _list.Message(1, _value);
        _value.Message(5, _list);
        AddPair(_span, SpanAttributes, "gen_ai.response.finish_reasons");
    }

    private void AddPair(ProtobufWriter to, int field, string key)
    {
        _pair.Text(1, key);
        _pair.Message(2, _value);
        to.Message(field, _pair);
    }

    /// <summary>Ids are random in programs. These look so, differ, and are the same for every server.</summary>
    private ReadOnlySpan<byte> Id(int number, int length)
    {
        for (int at = 0; at < length; at += sizeof(ulong))
            BinaryPrimitives.WriteUInt64BigEndian(_id.AsSpan(at), Mixed(((ulong)number << 1) + (ulong)(at / sizeof(ulong)) + 1));
        return _id.AsSpan(0, length);
    }

    /// <summary>A bijection, so that no two ids are the same.</summary>
    private static ulong Mixed(ulong value)
    {
        value *= 0x9E37_79B9_7F4A_7C15;
        value ^= value >> 32;
        value *= 0xD6E8_FEB8_6659_FD93;
        return value ^ (value >> 32);
    }
}
