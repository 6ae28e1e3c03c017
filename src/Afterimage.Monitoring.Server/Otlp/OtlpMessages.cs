using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Creates the responses to requests, in protobuf and in JSON.</summary>
internal static class OtlpMessages
{
    private const string RetryInfo = "type.googleapis.com/google.rpc.RetryInfo";

    /// <summary>Creates an export response. It is empty if everything was accepted; otherwise, it contains
    /// <c>partial_success</c>.</summary>
    public static byte[] Protobuf(OtlpAnswer answer)
    {
        if (answer.Rejected == 0)
            return [];

        using var partial = new MemoryStream();
        WriteNumber(partial, 1, (ulong)answer.Rejected);
        WriteBytes(partial, 2, Encoding.UTF8.GetBytes(answer.Reason!));
        using var response = new MemoryStream();
        WriteBytes(response, 1, partial.ToArray());
        return response.ToArray();
    }

    /// <inheritdoc cref="Protobuf"/>
    public static byte[] Json(OtlpAnswer answer, OtlpSignal signal) => WriteJson(writer =>
    {
        if (answer.Rejected == 0)
            return;
        writer.WriteStartObject("partialSuccess");
        string name = signal switch
        {
            OtlpSignal.Traces => "rejectedSpans",
            OtlpSignal.Logs => "rejectedLogRecords",
            _ => "rejectedDataPoints",
        };

        // The protocol's JSON encodes 64-bit integers as strings.
        writer.WriteString(name, answer.Rejected.ToString(CultureInfo.InvariantCulture));
        writer.WriteString("errorMessage", answer.Reason);
        writer.WriteEndObject();
    });

    /// <summary>Creates a <c>google.rpc.Status</c>.</summary>
    /// <param name="code">The gRPC status.</param>
    /// <param name="message">The message.</param>
    /// <param name="hasRetry">Whether the status says that the request may be sent again after a second.</param>
    public static byte[] ProtobufStatus(int code, string message, bool hasRetry)
    {
        using var status = new MemoryStream();
        WriteNumber(status, 1, (ulong)code);
        WriteBytes(status, 2, Encoding.UTF8.GetBytes(message));
        if (hasRetry)
        {
            using var duration = new MemoryStream();
            WriteNumber(duration, 1, 1);
            using var retry = new MemoryStream();
            WriteBytes(retry, 1, duration.ToArray());
            using var any = new MemoryStream();
            WriteBytes(any, 1, Encoding.ASCII.GetBytes(RetryInfo));
            WriteBytes(any, 2, retry.ToArray());
            WriteBytes(status, 3, any.ToArray());
        }

        return status.ToArray();
    }

    /// <inheritdoc cref="ProtobufStatus"/>
    public static byte[] JsonStatus(int code, string message) => WriteJson(writer =>
    {
        writer.WriteNumber("code", code);
        writer.WriteString("message", message);
    });

    private static byte[] WriteJson(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteNumber(MemoryStream stream, int field, ulong value)
    {
        WriteVarint(stream, (ulong)((field << 3) | WireReader.Varint));
        WriteVarint(stream, value);
    }

    private static void WriteBytes(MemoryStream stream, int field, byte[] value)
    {
        WriteVarint(stream, (ulong)((field << 3) | WireReader.Bytes));
        WriteVarint(stream, (ulong)value.Length);
        stream.Write(value);
    }

    private static void WriteVarint(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            stream.WriteByte((byte)(value | 0x80));
        stream.WriteByte((byte)value);
    }
}
