using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Afterimage.Benchmarks.Serving;

/// <summary>Sends spans as fast as the server takes them: the program behind <c>serving send</c>, in a process of its own.</summary>
/// <remarks>
/// It says "ready" once all bodies are made, begins when it is told to, and ends when all are acknowledged. A body that is refused
/// is sent again.
/// </remarks>
internal sealed class Sender(bool isGrpc, Uri endpoint, byte[][] bodies)
{
    private const int Connections = 4;
    private const int GrpcPrefix = 5;
    private const string GrpcPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    private static readonly TimeSpan PauseWhenRefused = TimeSpan.FromMilliseconds(50);

    private readonly Uri _address = new(endpoint, isGrpc ? GrpcPath : "/v1/traces");
    private int _next = -1;
    private int _refused;

    public static async Task RunAsync(string protocol, string endpoint, string spans, CancellationToken cancellationToken)
    {
        bool isGrpc = protocol == "grpc";
        byte[][] bodies = SpanBodies.Make(int.Parse(spans, CultureInfo.InvariantCulture), DateTimeOffset.UtcNow);
        if (isGrpc)
            bodies = [.. bodies.Select(Framed)];
        var sender = new Sender(isGrpc, new Uri(endpoint), bodies);
        await ChildProcess.WaitForStartAsync(cancellationToken);

        TimeSpan used = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => sender.SendAsync(cancellationToken)));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        used = Environment.CpuUsage.TotalTime - used;
        ChildProcess.Report(seconds, sender._refused, bodies.Sum(body => (long)body.Length), used.TotalSeconds);
    }

    /// <summary>Sends on one connection, one body after the other, what the other connections leave.</summary>
    private async Task SendAsync(CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 1, UseProxy = false };
        using var client = new HttpClient(handler);
        for (int i = Interlocked.Increment(ref _next); i < bodies.Length; i = Interlocked.Increment(ref _next))
        {
            while (!await TrySendAsync(client, bodies[i], cancellationToken))
            {
                Interlocked.Increment(ref _refused);
                await Task.Delay(PauseWhenRefused, cancellationToken);
            }
        }
    }

    private async Task<bool> TrySendAsync(HttpClient client, byte[] body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _address);
        request.Version = isGrpc ? HttpVersion.Version20 : HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(isGrpc ? "application/grpc" : "application/x-protobuf");
        if (isGrpc)
            request.Headers.TE.ParseAdd("trailers");

        using HttpResponseMessage response = await client.SendAsync(request, cancellationToken);
        _ = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return response.StatusCode == HttpStatusCode.OK && (!isGrpc || IsOk(response));
    }

    /// <summary>A status without a body is in the headers, every other in the trailers.</summary>
    private static bool IsOk(HttpResponseMessage response) =>
        response.TrailingHeaders.Concat(response.Headers).Any(header => header.Key == "grpc-status" && header.Value.First() == "0");

    private static byte[] Framed(byte[] message)
    {
        byte[] framed = new byte[GrpcPrefix + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed, GrpcPrefix);
        return framed;
    }
}
