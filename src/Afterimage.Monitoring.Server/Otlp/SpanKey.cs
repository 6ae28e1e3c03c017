using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The unique key of a span or an evaluation.</summary>
internal readonly record struct SpanKey(ulong TraceHigh, ulong TraceLow, ulong Span)
{
    public bool IsValid => (TraceHigh | TraceLow) != 0 && Span != 0;

    public string TraceId
    {
        get
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, TraceHigh);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], TraceLow);
            return Convert.ToHexStringLower(bytes);
        }
    }

    public string SpanId
    {
        get
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, Span);
            return Convert.ToHexStringLower(bytes);
        }
    }

    /// <summary>Returns the key of another span in the same trace, such as the parent.</summary>
    public SpanKey WithSpan(ulong span) => this with { Span = span };

    public static SpanKey Of(ReadOnlySpan<byte> traceId, ulong spanId) =>
        traceId.Length == 16
            ? new SpanKey(BinaryPrimitives.ReadUInt64BigEndian(traceId), BinaryPrimitives.ReadUInt64BigEndian(traceId[8..]), spanId)
            : default;

    /// <summary>Parses IDs of hexadecimal digits. An invalid ID yields zero.</summary>
    public static SpanKey Parse(ReadOnlySpan<byte> traceId, ReadOnlySpan<byte> spanId)
    {
        Span<byte> bytes = stackalloc byte[16];
        return
            traceId.Length == 32 && Convert.FromHexString(traceId, bytes, out _, out int written) == OperationStatus.Done && written == 16
            ? Of(bytes, ParseSpan(spanId))
            : default;
    }

    /// <summary>Parses a span ID of hexadecimal digits; returns 0 if it is not valid.</summary>
    public static ulong ParseSpan(ReadOnlySpan<byte> spanId)
    {
        Span<byte> bytes = stackalloc byte[8];
        return spanId.Length == 16 && Convert.FromHexString(spanId, bytes, out _, out int written) == OperationStatus.Done && written == 8
            ? BinaryPrimitives.ReadUInt64BigEndian(bytes)
            : 0;
    }

    /// <summary>Returns the key of an evaluation, which has no ID of its own. The key is derived from what its record keeps, so that it can
    /// be derived again.</summary>
    public static SpanKey OfEvaluation(long timestamp, string name, string? generationId, string? traceId, string? spanId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{timestamp}\n{name.Length}\n{name}\n{generationId}\n{traceId}\n{spanId}"), hash);
        return Of(hash[..16], BinaryPrimitives.ReadUInt64BigEndian(hash[16..]));
    }
}
