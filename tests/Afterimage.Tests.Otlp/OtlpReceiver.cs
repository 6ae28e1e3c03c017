using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Afterimage.Tests.Otlp;

/// <summary>An OpenTelemetry collector on 127.0.0.1 that keeps what it gets, over gRPC and over HTTP.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<MetricsRequest> _metrics = new();
    private readonly ConcurrentQueue<TraceRequest> _traces = new();

    private OtlpReceiver()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();

        // Without TLS a port cannot tell the two apart: gRPC wants one that speaks HTTP/2 only.
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http1);
        });
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        _app = builder.Build();
        _app.MapGrpcService<Metrics>();
        _app.MapGrpcService<Traces>();
        _app.MapPost("/v1/metrics", http => ReceiveAsync(http, MetricsRequest.Parser, _metrics));
        _app.MapPost("/v1/traces", http => ReceiveAsync(http, TraceRequest.Parser, _traces));
    }

    public Uri GrpcEndpoint => new(_app.Urls.First());

    public Uri HttpEndpoint => new(_app.Urls.Last());

    /// <summary>The spans, in the order of arrival, each with its scope.</summary>
    public IEnumerable<(string Scope, Span Span)> Spans =>
        _traces.SelectMany(r => r.Resources).SelectMany(r => r.Scopes).SelectMany(s => s.Spans.Select(span => (s.Scope.Name, span)));

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>The newest state of a metric, of each scope that has it: what is cumulative says all each time.</summary>
    public IReadOnlyDictionary<string, Metric> Metric(string name)
    {
        var newest = new Dictionary<string, Metric>();
        foreach (MetricsOfScope scope in _metrics.SelectMany(r => r.Resources).SelectMany(r => r.Scopes))
        {
            foreach (Metric metric in scope.Metrics.Where(m => m.Name == name))
                newest[scope.Scope.Name] = metric;
        }

        return newest;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task ReceiveAsync<T>(HttpContext http, MessageParser<T> parser, ConcurrentQueue<T> received)
        where T : IMessage<T>
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        received.Enqueue(parser.ParseFrom(body.ToArray()));
        http.Response.ContentType = "application/x-protobuf";
    }

    private sealed class Metrics(OtlpReceiver receiver) : MetricsService.MetricsServiceBase
    {
        public override Task<Response> Export(MetricsRequest request, ServerCallContext context)
        {
            receiver._metrics.Enqueue(request);
            return Task.FromResult(new Response());
        }
    }

    private sealed class Traces(OtlpReceiver receiver) : TraceService.TraceServiceBase
    {
        public override Task<Response> Export(TraceRequest request, ServerCallContext context)
        {
            receiver._traces.Enqueue(request);
            return Task.FromResult(new Response());
        }
    }
}
