using System.Diagnostics.Metrics;
using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Afterimage.Monitoring.Tests.Handlers;

/// <summary>The instruments of the OpenTelemetry GenAI client metrics. They are fed off the recording path: flush before looking.</summary>
public sealed class InstrumentTests
{
    [Fact]
    public async Task The_instruments_get_what_generations_measure()
    {
        using var factory = new OneMeterFactory();
        using var run = new MonitorRun(meterFactory: factory);
        using var tokens = new MetricCollector<long>(factory.Meter!, "gen_ai.client.token.usage");
        using var durations = new MetricCollector<double>(factory.Meter!, "gen_ai.client.operation.duration");
        using var firstChunks = new MetricCollector<double>(factory.Meter!, "gen_ai.client.operation.time_to_first_chunk");

        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1.5), true, new GenerationDetails
        {
            ModelName = "gpt-4o",
            Provider = "openai",
            Operation = "text_completion",
            PromptTokenCount = 374,
            CompletionTokenCount = 44,
            TimeToFirstToken = TimeSpan.FromSeconds(0.25),
        });
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(2), false, new GenerationDetails { Error = "free text" });
        run.Monitor.TrackEvaluation(TimeSpan.FromSeconds(9), true, "e", new Dictionary<string, double>());
        run.Monitor.RecordMetric("prompt_token_count", 9);
        await run.Monitor.FlushAsync(Limits.Token);

        string[] common = ["gen_ai.operation.name=text_completion", "gen_ai.provider.name=openai", "gen_ai.response.model=gpt-4o"];
        var tokenUsage = tokens.GetMeasurementSnapshot();
        Assert.Equal([374, 44], tokenUsage.Select(m => m.Value));
        Assert.Equal([.. common, "gen_ai.token.type=input"], Tags(tokenUsage[0]));
        Assert.Equal([.. common, "gen_ai.token.type=output"], Tags(tokenUsage[1]));
        var operationDuration = durations.GetMeasurementSnapshot();
        Assert.Equal([1.5, 2], operationDuration.Select(m => m.Value));
        Assert.Equal(common, Tags(operationDuration[0]));
        Assert.Equal(["error.type=_OTHER", "gen_ai.operation.name=chat"], Tags(operationDuration[1]));
        var firstChunk = Assert.Single(firstChunks.GetMeasurementSnapshot());
        Assert.Equal(0.25, firstChunk.Value);
        Assert.Equal(common, Tags(firstChunk));
        Assert.Equal(("{token}", "s", "s"), (tokens.Instrument!.Unit, durations.Instrument!.Unit, firstChunks.Instrument!.Unit));
    }

    [Fact]
    public void The_meter_of_a_factory_is_the_factorys_to_dispose()
    {
        using var factory = new OneMeterFactory();
        using var run = new MonitorRun(meterFactory: factory);
        Assert.Equal("Afterimage.Monitoring", factory.Meter!.Name);
        run.Monitor.Dispose();

        using var collector = new MetricCollector<long>(factory.Meter, "after");
        factory.Meter.CreateCounter<long>("after").Add(1);
        Assert.Single(collector.GetMeasurementSnapshot());
    }

    [Fact]
    public void Without_a_factory_the_monitor_has_a_meter_of_its_own_until_it_is_disposed()
    {
        using var listener = new MeterListener();
        var published = new List<Instrument>();
        var completed = new List<Instrument>();
        MonitorRun? run = null;
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name != "Afterimage.Monitoring")
                return;
            lock (published)
                published.Add(instrument);
            l.EnableMeasurementEvents(instrument);
        };
        listener.MeasurementsCompleted = (instrument, _) =>
        {
            lock (completed)
                completed.Add(instrument);
        };
        listener.Start();
        using (run = new MonitorRun())
            run.Monitor.TrackGeneration(TimeSpan.Zero, true);

        // Monitors of tests that run beside this one may be among them.
        lock (published)
            Assert.Contains(published, i => i.Name == "gen_ai.client.token.usage");
        lock (completed)
            Assert.Contains(completed, i => i.Name == "gen_ai.client.token.usage");
    }

    private static string[] Tags<T>(CollectedMeasurement<T> measurement)
        where T : struct => [.. measurement.Tags.Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal)];

    private sealed class OneMeterFactory : IMeterFactory
    {
        public Meter? Meter { get; private set; }

        public Meter Create(MeterOptions options) => Meter = new Meter(options.Name, options.Version, options.Tags, scope: this);

        public void Dispose() => Meter?.Dispose();
    }
}
