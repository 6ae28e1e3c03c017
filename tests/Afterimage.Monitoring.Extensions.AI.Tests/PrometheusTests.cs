using System.ClientModel;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

[Collection(nameof(ExportedTelemetry))]
public sealed class PrometheusTests
{
    [Fact]
    public async Task Prometheus_shows_the_sums_that_the_server_counted()
    {
        using var directory = new TemporaryDirectory();
        await using WebApplication metrics = await ExportAsync();
        await using LoopbackServer server = await LoopbackServer.StartAsync();
        await using var monitor = new GenerationMonitor(PatientMonitor.Options(Path.Combine(directory.Path, "run")));

        // The end of another monitor of the process must not end what is exported of this one.
        await using (var other = new GenerationMonitor(PatientMonitor.Options(Path.Combine(directory.Path, "other"))))
            other.RecordMetric("m", 1);

        using IChatClient client = Client("gpt-4o");
        using IChatClient failing = Client("429");
        await Task.WhenAll(
            Enumerable
                .Range(0, 32)
                .Select(async caller =>
                {
                    for (int i = 0; i < 5; i++)
                        await client.GetResponseAsync("?", cancellationToken: MonitoredServer.Token);
                    await client
                        .GetStreamingResponseAsync("?", cancellationToken: MonitoredServer.Token)
                        .ToChatResponseAsync(MonitoredServer.Token);
                    await Assert.ThrowsAsync<ClientResultException>(() =>
                        failing.GetResponseAsync("?", cancellationToken: MonitoredServer.Token));
                }));
        await monitor.FlushAsync(MonitoredServer.Token);

        using PrometheusServer prometheus = await PrometheusServer.StartAsync(directory, new Uri(metrics.Urls.Single()));

        await AssertAsync(server.Requests, "sum(gen_ai_client_operation_duration_seconds_count)");
        await AssertAsync(server.Errors, "sum(gen_ai_client_operation_duration_seconds_count{error_type=\"429\"})");
        await AssertAsync(server.PromptTokens, "sum(gen_ai_client_token_usage_sum{gen_ai_token_type=\"input\"})");
        await AssertAsync(server.CompletionTokens, "sum(gen_ai_client_token_usage_sum{gen_ai_token_type=\"output\"})");
        await AssertAsync(server.Requests, "sum(afterimage_records_recorded_total)");
        await AssertAsync(0, "sum(afterimage_records_dropped_total)");

        IChatClient Client(string model) => new ChatClientBuilder(MonitoredServer.OpenAIClient(server, model))
            .UseGenerationMonitor(monitor)
            .Build();

        async Task AssertAsync(double expected, string query) => Assert.Equal(expected, await prometheus.QueryAsync(query, expected));
    }

    [Fact]
    public async Task Prometheus_starts_though_its_port_is_taken_before_it_listens()
    {
        using var directory = new TemporaryDirectory();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int taken = ((IPEndPoint)other.LocalEndpoint).Port;

        using PrometheusServer prometheus = await PrometheusServer.StartAsync(
            directory,
            new Uri($"http://127.0.0.1:{taken}"),
            firstPort: taken);

        Assert.Equal(1, await prometheus.QueryAsync("vector(1)", 1));
    }

    private static async Task<WebApplication> ExportAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddOpenTelemetry().WithMetrics(m => m.AddMeter("Afterimage.Monitoring").AddPrometheusExporter());
        WebApplication app = builder.Build();
        app.MapPrometheusScrapingEndpoint();
        await app.StartAsync();
        return app;
    }
}
