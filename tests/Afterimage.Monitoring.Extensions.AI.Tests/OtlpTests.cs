using System.ClientModel;
using System.Diagnostics;
using Afterimage.Tests.Otlp;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Metric = Afterimage.Tests.Otlp.Metric;

namespace Afterimage.Monitoring.Extensions.AI.Tests;

/// <summary>What a collector gets.</summary>
[Collection(nameof(ExportedTelemetry))]
public sealed class OtlpTests : IAsyncLifetime
{
    private const string MonitorScope = "Afterimage.Monitoring";
    private const string ChatClientScope = "Experimental.Microsoft.Extensions.AI";
    private const int Client = 3;
    private const int Error = 2;

    private MonitoredServer _run = null!;
    private OtlpReceiver _collector = null!;

    public async ValueTask InitializeAsync()
    {
        _run = await MonitoredServer.StartAsync();
        _collector = await OtlpReceiver.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _collector.DisposeAsync();
        await _run.DisposeAsync();
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task A_collector_gets_the_sums_that_the_server_counted(OtlpExportProtocol protocol)
    {
        using (Export(protocol, MonitorScope))
        {
            using IChatClient client = _run.Client();
            using IChatClient refused = _run.Client("429");
            await Task.WhenAll(Enumerable.Range(0, 32).Select(caller => AskAsync(client, streams: caller % 2 == 0)));
            for (int i = 0; i < 3; i++)
                await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(refused, streams: false));
            await _run.Monitor.FlushAsync(MonitoredServer.Token);
        }

        Histogram duration = Histogram("gen_ai.client.operation.duration", "s");
        Assert.Equal(_run.Server.Requests, Count(duration));
        Assert.Equal(_run.Server.Errors, Count(duration, ("error.type", "429")));
        Assert.Equal(Enumerable.Range(0, 14).Select(i => 0.01 * (1 << i)), duration.Points[0].Bounds);
        Assert.Equal(15, duration.Points[0].BucketCounts.Count);
        Assert.InRange(
            duration.Points.Sum(p => p.Sum),
            _run.Monitor.GetMetrics("generation_time").Sum * 0.999_999,
            _run.Monitor.GetMetrics("generation_time").Sum * 1.000_001);

        Histogram tokens = Histogram("gen_ai.client.token.usage", "{token}");
        Assert.Equal(_run.Server.PromptTokens, Of(tokens, ("gen_ai.token.type", "input")).Sum(p => p.Sum));
        Assert.Equal(_run.Server.CompletionTokens, Of(tokens, ("gen_ai.token.type", "output")).Sum(p => p.Sum));
        Assert.Equal(_run.Server.Answers * 2, Count(tokens));
        Assert.Equal(Enumerable.Range(0, 14).Select(i => (double)(1L << (2 * i))), tokens.Points[0].Bounds);

        Assert.Equal(16, Count(Histogram("gen_ai.client.operation.time_to_first_chunk", "s")));
        Assert.Equal(16, Count(Histogram("gen_ai.client.operation.time_per_output_chunk", "s")));
        Assert.All(
            duration.Points.Concat(tokens.Points),
            p =>
                Assert.Superset(
                    new HashSet<string>([
                        "gen_ai.operation.name=chat",
                        "gen_ai.provider.name=openai",
                        "server.address=127.0.0.1",
                        $"server.port={_run.Server.Endpoint.Port}",
                    ]),
                    Attributes(p.Attributes)));

        Metric recorded = Assert.Single(_collector.Metric("afterimage.records.recorded")).Value;
        Assert.Equal("{record}", recorded.Unit);
        Assert.True(recorded.Sum.IsMonotonic);
        Assert.Equal(_run.Server.Requests, Assert.Single(recorded.Sum.Points).Integer);
        Assert.False(Assert.Single(_collector.Metric("afterimage.handler.queue.length")).Value.Sum.IsMonotonic);
    }

    [Theory]
    [InlineData(OtlpExportProtocol.Grpc)]
    [InlineData(OtlpExportProtocol.HttpProtobuf)]
    public async Task A_collector_gets_a_span_a_generation(OtlpExportProtocol protocol)
    {
        using var program = new ActivitySource("program");
        string batch;
        using (Export(protocol, MonitorScope, "program"))
        {
            using IChatClient client = _run.Client();
            using IChatClient refused = _run.Client("500");
            using Activity? parent = program.StartActivity("batch");
            batch = parent!.SpanId.ToHexString();
            await AskAsync(client, streams: true);
            await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(refused, streams: false));
            await _run.Monitor.FlushAsync(MonitoredServer.Token);
        }

        Span[] spans = [.. _collector.Spans.Where(s => s.Scope == MonitorScope).Select(s => s.Span).OrderBy(s => s.Start)];
        Assert.Equal([$"chat {LoopbackServer.AnsweringModel}", "chat 500"], spans.Select(s => s.Name));
        Assert.All(spans, s => Assert.Equal((Client, batch), (s.Kind, Convert.ToHexStringLower(s.ParentSpanId.ToByteArray()))));
        Assert.Equal(
            _run.Monitor.GetMetrics("generation_time").Sum,
            spans.Sum(s => TimeSpan.FromTicks((long)(s.End - s.Start) / TimeSpan.NanosecondsPerTick).TotalSeconds),
            tolerance: 1e-5);
        Assert.Superset(
            new HashSet<string>(
            [
                "gen_ai.operation.name=chat",
                "gen_ai.provider.name=openai",
                "gen_ai.request.model=gpt-4o",
                $"gen_ai.response.model={LoopbackServer.AnsweringModel}",
                $"gen_ai.usage.input_tokens={_run.Server.PromptTokens}",
                $"gen_ai.usage.output_tokens={_run.Server.CompletionTokens}",
                "gen_ai.response.finish_reasons=[stop]",
            ]),
            Attributes(spans[0].Attributes));
        Assert.Equal((Error, "500"), (spans[1].Status.Code, spans[1].Status.Message));
        Assert.Contains("error.type=500", Attributes(spans[1].Attributes));
    }

    /// <summary>Both middlewares are in the pipeline, as documented: a backend adds up what is exported, by the names of the
    /// instruments.</summary>
    [Theory]
    [InlineData(1, MonitorScope)]
    [InlineData(1, ChatClientScope)]
    [InlineData(2, MonitorScope, ChatClientScope)]
    public async Task A_call_counts_once_where_one_meter_of_the_two_is_exported(int times, params string[] meters)
    {
        using (Export(OtlpExportProtocol.HttpProtobuf, meters))
        {
            using IChatClient client = _run.Pipeline(b => b.UseOpenTelemetry().UseGenerationMonitor(_run.Monitor));
            for (int i = 0; i < 5; i++)
                await AskAsync(client, streams: i % 2 == 0);
            await _run.Monitor.FlushAsync(MonitoredServer.Token);
        }

        Assert.Equal(5, _run.Server.Requests);
        Assert.Equal(meters.Order(), _collector.Metric("gen_ai.client.operation.duration").Keys.Order());
        Assert.Equal(5 * times, _collector.Metric("gen_ai.client.operation.duration").Values.Sum(m => Count(m.Histogram)));
        Assert.Equal(
            _run.Server.PromptTokens * times,
            _collector.Metric("gen_ai.client.token.usage").Values.Sum(m => Of(m.Histogram, ("gen_ai.token.type", "input")).Sum(p => p.Sum))
        );
        Assert.Equal(5 * times, _collector.Spans.Count());
    }

    private static async Task AskAsync(IChatClient client, bool streams)
    {
        if (streams)
            await client
                .GetStreamingResponseAsync("?", cancellationToken: MonitoredServer.Token)
                .ToChatResponseAsync(MonitoredServer.Token);
        else
            await client.GetResponseAsync("?", cancellationToken: MonitoredServer.Token);
    }

    private static long Count(Histogram histogram, params (string Key, string Value)[] attributes) =>
        Of(histogram, attributes).Sum(p => (long)p.Count);

    private static IEnumerable<HistogramPoint> Of(Histogram histogram, params (string Key, string Value)[] attributes) =>
        histogram.Points.Where(p => Attributes(p.Attributes).IsSupersetOf(attributes.Select(a => $"{a.Key}={a.Value}")));

    private static HashSet<string> Attributes(IEnumerable<Afterimage.Tests.Otlp.Attribute> attributes) =>
        [.. attributes.Select(a => $"{a.Key}={Text(a.Value)}")];

    private static string Text(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.Text => value.Text,
        Value.KindOneofCase.Integer => $"{value.Integer}",
        Value.KindOneofCase.List => $"[{string.Join(", ", value.List.Items.Select(Text))}]",
        _ => value.ToString(),
    };

    /// <summary>Exports until it is disposed, which sends what is left.</summary>
    private Exporting Export(OtlpExportProtocol protocol, params string[] names)
    {
        var services = new ServiceCollection();
        services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter(names).AddOtlpExporter(options => Configure(options, "v1/metrics")))
            .WithTracing(traces => traces.AddSource(names).AddOtlpExporter(options => Configure(options, "v1/traces")));
        ServiceProvider provider = services.BuildServiceProvider();
        return new Exporting(provider, provider.GetRequiredService<MeterProvider>(), provider.GetRequiredService<TracerProvider>());

        void Configure(OtlpExporterOptions options, string path)
        {
            options.Protocol = protocol;
            options.TimeoutMilliseconds = (int)Limits.Generous.TotalMilliseconds;
            options.Endpoint = protocol == OtlpExportProtocol.Grpc ? _collector.GrpcEndpoint : new Uri(_collector.HttpEndpoint, path);
        }
    }

    private Histogram Histogram(string name, string unit)
    {
        (string scope, Metric metric) = Assert.Single(_collector.Metric(name));
        Assert.Equal((MonitorScope, unit, Temporality.Cumulative), (scope, metric.Unit, metric.Histogram.Temporality));
        return metric.Histogram;
    }

    private sealed class Exporting(ServiceProvider services, MeterProvider meters, TracerProvider traces) : IDisposable
    {
        public void Dispose()
        {
            // By itself the disposal gives what is left no more than five seconds.
            Assert.True(meters.ForceFlush((int)Limits.Generous.TotalMilliseconds));
            Assert.True(traces.ForceFlush((int)Limits.Generous.TotalMilliseconds));
            services.Dispose();
        }
    }
}
