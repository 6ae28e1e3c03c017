using System.Diagnostics.Metrics;
using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Afterimage.Monitoring.Tests.Telemetry;

public sealed class InstrumentTests : IDisposable
{
    private const string MeterName = "Afterimage.Monitoring";

    private static readonly KeyValuePair<string, object?>[] Attributes =
    [
        new("gen_ai.request.model", "gpt-4o"),
        new("server.address", "127.0.0.1"),
        new("server.port", 8080),
        new("time_per_output_chunk", 0.02),
        new("customer", "free text must not become a series"),
    ];

    private readonly TestMeterFactory _meters = new();

    public void Dispose() => _meters.Dispose();

    [Fact]
    public async Task A_generation_is_measured_under_the_conventions_names_units_and_attributes()
    {
        using var run = new MonitorRun(meterFactory: _meters);
        using MetricCollector<long> tokens = Collect<long>("gen_ai.client.token.usage");
        using MetricCollector<double> duration = Collect<double>("gen_ai.client.operation.duration");
        using MetricCollector<double> first = Collect<double>("gen_ai.client.operation.time_to_first_chunk");
        using MetricCollector<double> each = Collect<double>("gen_ai.client.operation.time_per_output_chunk");

        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1.5), true, new()
        {
            ModelName = "gpt-4o-2024-08-06",
            Provider = "openai",
            Operation = "chat",
            PromptTokenCount = 374,
            CompletionTokenCount = 44,
            TimeToFirstToken = TimeSpan.FromSeconds(0.25),
            FinishReason = "stop",
            Tags = Attributes,
        });
        await run.Monitor.FlushAsync(Limits.Token);

        Dictionary<string, object?> expected = new()
        {
            ["gen_ai.operation.name"] = "chat",
            ["gen_ai.provider.name"] = "openai",
            ["gen_ai.request.model"] = "gpt-4o",
            ["gen_ai.response.model"] = "gpt-4o-2024-08-06",
            ["server.address"] = "127.0.0.1",
            ["server.port"] = 8080L,
        };
        AssertOne(duration, 1.5, expected);
        AssertOne(first, 0.25, expected);
        AssertOne(each, 0.02, expected);
        Assert.Equal(
            [(374L, "input"), (44L, "output")],
            tokens.GetMeasurementSnapshot().Select(m => (m.Value, (string)m.Tags["gen_ai.token.type"]!)));
        Assert.All(tokens.GetMeasurementSnapshot(), m => Assert.Equal(expected.Count + 1, m.Tags.Count));
        Assert.Equal("{token}", tokens.Instrument!.Unit);
        Assert.Equal(["s", "s", "s"], new[] { duration, first, each }.Select(c => c.Instrument!.Unit));
    }

    [Fact]
    public async Task The_advised_buckets_are_the_conventions()
    {
        using var run = new MonitorRun(meterFactory: _meters);
        using MetricCollector<long> tokens = Collect<long>("gen_ai.client.token.usage");
        using MetricCollector<double> duration = Collect<double>("gen_ai.client.operation.duration");
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { PromptTokenCount = 1 });
        await run.Monitor.FlushAsync(Limits.Token);

        Assert.Equal(
            Enumerable.Range(0, 14).Select(i => 1L << (2 * i)),
            ((Histogram<long>)tokens.Instrument!).Advice!.HistogramBucketBoundaries!);
        Assert.Equal(
            Enumerable.Range(0, 14).Select(i => 0.01 * (1 << i)),
            ((Histogram<double>)duration.Instrument!).Advice!.HistogramBucketBoundaries!);
    }

    [Fact]
    public async Task What_is_required_is_there_even_where_nobody_said_it()
    {
        using var run = new MonitorRun(meterFactory: _meters);
        using MetricCollector<double> duration = Collect<double>("gen_ai.client.operation.duration");

        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true);
        await run.Monitor.FlushAsync(Limits.Token);

        AssertOne(duration, 1, new() { ["gen_ai.operation.name"] = "chat", ["gen_ai.provider.name"] = "unknown" });
    }

    [Fact]
    public async Task Errors_are_told_by_their_type_never_by_their_text_and_a_cancellation_is_none()
    {
        using var run = new MonitorRun(meterFactory: _meters);
        using MetricCollector<double> duration = Collect<double>("gen_ai.client.operation.duration");

        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), false, new() { Error = "free text", Tags = [new("error.type", "429")] });
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), false, new() { Error = "free text" });
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), false, new() { FinishReason = FinishReasons.Cancelled });
        await run.Monitor.FlushAsync(Limits.Token);

        Assert.Equal(["429", "_OTHER", null], duration.GetMeasurementSnapshot().Select(m => m.Tags.GetValueOrDefault("error.type")));
    }

    [Fact]
    public async Task Evaluations_and_single_points_are_no_generations()
    {
        using var run = new MonitorRun(meterFactory: _meters);
        using MetricCollector<double> duration = Collect<double>("gen_ai.client.operation.duration");

        run.Monitor.RecordMetric("generation_time", 1);
        run.Monitor.TrackEvaluation(TimeSpan.FromSeconds(1), true, "judge", new Dictionary<string, double>());
        await run.Monitor.FlushAsync(Limits.Token);

        Assert.Empty(duration.GetMeasurementSnapshot());
    }

    [Fact]
    public async Task Health_says_what_was_recorded_lost_and_waits()
    {
        using var block = new ManualResetEventSlim();
        using var lastHasBoth = new ManualResetEventSlim();
        using var run = new MonitorRun(
            o =>
            {
                o.MetricHandlers.Add(new BatchHandler(_ => block.Wait(Limits.Token)));
                o.MetricHandlers.Add(new PointHandler(_ => throw new FormatException()));
                o.MetricHandlers.Add(new PointHandler(point =>
                    {
                        if (point.Value == 2)
                            lastHasBoth.Set();
                        throw new FormatException();
                    }));
                o.LogHandlers.Clear();
            },
            meterFactory: _meters);
        using MetricCollector<long> recorded = Collect<long>("afterimage.records.recorded");
        using MetricCollector<long> dropped = Collect<long>("afterimage.records.dropped");
        using MetricCollector<long> queue = Collect<long>("afterimage.handler.queue.length");
        using MetricCollector<long> lost = Collect<long>("afterimage.handler.records.lost");
        using MetricCollector<long> failures = Collect<long>("afterimage.handler.failures");

        run.Monitor.RecordMetric("m", 1);
        run.Monitor.RecordMetric("m", 2);
        Task flush = run.Monitor.FlushAsync(Limits.Token).AsTask();
        Limits.WaitFor(lastHasBoth);

        queue.RecordObservableInstruments();
        Assert.Equal(2, queue.GetMeasurementSnapshot().Single(m => (string)m.Tags["afterimage.handler"]! == nameof(BatchHandler)).Value);
        block.Set();
        await Limits.WaitFor(flush);

        AssertTotal(2, recorded);
        AssertTotal(0, dropped);
        AssertTotal(4, lost);
        AssertTotal(4, failures);
        Assert.Equal(
            ["BatchHandler", "PointHandler", "PointHandler 2", "FileMetricHandler", "FileLogHandler"],
            failures.GetMeasurementSnapshot().Select(m => (string)m.Tags["afterimage.handler"]!));
        Assert.All(failures.GetMeasurementSnapshot(), m => Assert.Equal(run.Monitor.LogDirectory!, m.Tags["afterimage.log_directory"]));
    }

    [Fact]
    public void A_disposed_monitor_says_nothing_more_on_a_meter_that_lives_on()
    {
        var run = new MonitorRun(meterFactory: _meters);
        using MetricCollector<long> recorded = Collect<long>("afterimage.records.recorded");
        run.Dispose();

        recorded.RecordObservableInstruments();

        Assert.Empty(recorded.GetMeasurementSnapshot());
    }

    [Fact]
    public void Monitors_on_one_meter_are_told_apart()
    {
        using var one = new MonitorRun(meterFactory: _meters);
        using var two = new MonitorRun(meterFactory: _meters);
        List<(long Value, object? Directory)> seen = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Scope == _meters && instrument.Name == "afterimage.records.recorded")
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => seen.Add((value, tags.ToArray().Single().Value)));
        listener.Start();
        one.Monitor.RecordMetric("m", 1);

        listener.RecordObservableInstruments();

        Assert.Equal([(1L, one.Monitor.LogDirectory!), (0L, two.Monitor.LogDirectory!)], seen);
    }

    private static void AssertOne(MetricCollector<double> collector, double value, Dictionary<string, object?> tags)
    {
        CollectedMeasurement<double> measurement = Assert.Single(collector.GetMeasurementSnapshot());
        Assert.Equal(value, measurement.Value);
        Assert.Equal(tags.OrderBy(t => t.Key), measurement.Tags.OrderBy(t => t.Key));
    }

    private static void AssertTotal(long expected, MetricCollector<long> collector)
    {
        collector.RecordObservableInstruments();
        Assert.Equal(expected, collector.GetMeasurementSnapshot().Sum(m => m.Value));
    }

    private MetricCollector<T> Collect<T>(string instrument)
        where T : struct => new(_meters, MeterName, instrument);

    /// <summary>One meter of each name, as a host's factory makes them.</summary>
}
