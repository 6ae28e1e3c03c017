using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>How a gRPC call ended.</summary>
internal sealed record GrpcAnswer(string? Status, string? Message, string? Details, byte[] Body);

/// <summary>A gRPC call without a library, which could not send what is wrong.</summary>
internal static class GrpcCall
{
    public static Task<GrpcAnswer> SendAsync(
        Uri server,
        byte[] message,
        bool isPacked = false,
        params (string Name, string Value)[] headers)
    {
        if (isPacked)
            message = Gzip(message);
        byte[] framed = new byte[5 + message.Length];
        framed[0] = isPacked ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, 5);
        return SendFramedAsync(server, framed, isPacked ? [("grpc-encoding", "gzip"), .. headers] : headers);
    }

    public static async Task<GrpcAnswer> SendFramedAsync(Uri server, byte[] framed, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient { BaseAddress = server };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await client.SendAsync(request, OtlpServer.Token);
        byte[] body = await response.Content.ReadAsByteArrayAsync(OtlpServer.Token);
        return new GrpcAnswer(Trailer("grpc-status"), Trailer("grpc-message"), Trailer("grpc-status-details-bin"), body);

        string? Trailer(string name) =>
            response.TrailingHeaders.TryGetValues(name, out IEnumerable<string>? values) ? values.Single() : null;
    }

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(content);
        return packed.ToArray();
    }
}
