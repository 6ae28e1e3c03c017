using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Adds the OTLP receiver to an application.</summary>
internal static class OtlpEndpoints
{
    private static readonly (string Path, OtlpSignal Signal)[] HttpPaths =
    [
        ("/v1/traces", OtlpSignal.Traces),
        ("/v1/logs", OtlpSignal.Logs),
        ("/v1/metrics", OtlpSignal.Metrics),
    ];

    private static readonly (string Path, OtlpSignal Signal)[] GrpcPaths =
    [
        ("/opentelemetry.proto.collector.trace.v1.TraceService/Export", OtlpSignal.Traces),
        ("/opentelemetry.proto.collector.logs.v1.LogsService/Export", OtlpSignal.Logs),
        ("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", OtlpSignal.Metrics),
    ];

    /// <summary>Adds the services that <see cref="MapOtlp"/> needs. The runs end with the host.</summary>
    /// <exception cref="ArgumentException">A setting is out of its range.</exception>
    public static IServiceCollection AddOtlpReceiver(this IServiceCollection services, OtlpOptions options)
    {
        options.Validate();
        services.AddSingleton(provider => new OtlpReceiver(
            options,
            provider.GetService<TimeProvider>(),
            provider.GetService<ILoggerFactory>()));
        services.AddHostedService(provider => provider.GetRequiredService<OtlpReceiver>());
        return services;
    }

    /// <summary>Maps the endpoints for HTTP and gRPC. gRPC needs a port that supports HTTP/2; without TLS, that port must support nothing
    /// else.</summary>
    public static IEndpointConventionBuilder MapOtlp(this IEndpointRouteBuilder endpoints)
    {
        OtlpReceiver receiver = endpoints.ServiceProvider.GetRequiredService<OtlpReceiver>();
        var access = new OtlpAccess(receiver.Options);
        var http = new OtlpHttp(receiver, access);
        var grpc = new OtlpGrpc(receiver, access);
        RouteGroupBuilder group = endpoints.MapGroup("");
        foreach ((string path, OtlpSignal signal) in HttpPaths)
            group.MapPost(path, (RequestDelegate)(context => http.AnswerAsync(context, signal)));
        foreach ((string path, OtlpSignal signal) in GrpcPaths)
            group.MapPost(path, (RequestDelegate)(context => grpc.AnswerAsync(context, signal)));
        return group;
    }
}
