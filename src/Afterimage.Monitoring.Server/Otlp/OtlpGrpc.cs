using System.Buffers.Binary;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Answers export calls over gRPC, which is HTTP/2 with a prefix before each message and the status in trailers
/// (<see href="https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md"/>).</summary>
internal sealed class OtlpGrpc(OtlpReceiver receiver, OtlpAccess access)
{
    private const string GrpcType = "application/grpc";
    private const int PrefixLength = 5;
    private const int ResourceExhausted = 8;

    /// <summary>Returns the gRPC status of a refusal.</summary>
    public static int StatusOf(OtlpRefusal refusal) => refusal switch
    {
        OtlpRefusal.Unsupported => 12,
        OtlpRefusal.Unauthorized => 16,
        OtlpRefusal.Origin => 7,
        OtlpRefusal.TooLarge or OtlpRefusal.Busy => ResourceExhausted,
        OtlpRefusal.Unavailable => 14,
        _ => 3,
    };

    public async Task AnswerAsync(HttpContext http, OtlpSignal signal)
    {
        if (!http.Response.SupportsTrailers() || http.Request.ContentType?.StartsWith(GrpcType, StringComparison.Ordinal) != true)
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        http.Response.ContentType = GrpcType;
        try
        {
            access.Check(http);
            OtlpAnswer answer = await TakeAsync(http, signal).ConfigureAwait(false);
            byte[] message = OtlpMessages.Protobuf(answer);
            byte[] framed = new byte[PrefixLength + message.Length];
            BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
            message.CopyTo(framed, PrefixLength);
            await http.Response.Body.WriteAsync(framed, http.RequestAborted).ConfigureAwait(false);
            http.Response.AppendTrailer("grpc-status", "0");
        }
        catch (OtlpRefusedException e)
        {
            receiver.Statistics.CountRefused(e.Refusal);
            Refuse(http, e);
        }
    }

    private async Task<OtlpAnswer> TakeAsync(HttpContext http, OtlpSignal signal)
    {
        using RequestBody body = await RequestBody.ReadAsync(http, receiver).ConfigureAwait(false);
        if (body.Content.Length < PrefixLength)
            throw new OtlpRefusedException(OtlpRefusal.Malformed, "The message is missing.");

        byte isPacked = body.Content.Span[0];
        uint length = BinaryPrimitives.ReadUInt32BigEndian(body.Content.Span[1..]);
        ReadOnlyMemory<byte> message = body.Content[PrefixLength..];
        if (isPacked > 1 || length != (uint)message.Length)
            throw new OtlpRefusedException(OtlpRefusal.Malformed, "The body must contain exactly one whole message.");
        if (isPacked == 0)
            return await receiver.TakeAsync(signal, isJson: false, message).ConfigureAwait(false);
        if (http.Request.Headers["grpc-encoding"] != "gzip")
            throw new OtlpRefusedException(OtlpRefusal.Unsupported, "The encoding must be gzip.");

        using RequestBody unpacked = RequestBody.Decompress(message, receiver.Options.MaxDecompressedBytes, receiver.Budget);
        return await receiver.TakeAsync(signal, isJson: false, unpacked.Content).ConfigureAwait(false);
    }

    private static void Refuse(HttpContext http, OtlpRefusedException refused)
    {
        int status = StatusOf(refused.Refusal);
        http.Response.Headers["grpc-accept-encoding"] = "identity, gzip";
        http.Response.AppendTrailer("grpc-status", status.ToString(CultureInfo.InvariantCulture));
        http.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(refused.Message));

        // Senders only retry if they are told when.
        if (refused.Refusal == OtlpRefusal.Busy)
        {
            byte[] details = OtlpMessages.ProtobufStatus(status, refused.Message, hasRetry: true);
            http.Response.AppendTrailer("grpc-status-details-bin", Convert.ToBase64String(details).TrimEnd('='));
        }
    }
}
