using System.Diagnostics;
using System.Diagnostics.Metrics;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Telemetry;

/// <summary>Telemetry costs nothing while nobody listens: before a listener comes, and after the last has left.</summary>
[Collection(nameof(SpanTests))]
public sealed class ListenerTests : IDisposable
{
    private const string Source = "Afterimage.Monitoring";

    /// <summary>More than waits for a handler that stands still.</summary>
    private const int ManyRecords = 300_000;

    private readonly TestMeterFactory _meters = new();
    private readonly List<string> _spans = [];
    private readonly List<double> _durations = [];

    public void Dispose() => _meters.Dispose();

    [Fact]
    public void Recording_allocates_nothing_before_a_listener_comes_and_after_the_last_has_left()
    {
        long before = -1;
        long after = -1;
        using var run = new MonitorRun(o => o.BufferCapacity = 65_536, meterFactory: _meters);
        var thread = new Thread(() =>
        {
            // What a span would be made below.
            using var current = new Activity("program");
            current.Start();
            before = AllocatedByRecording(run.Monitor);
            using (ListenForSpans())
            using (ListenForDurations(_durations.Add))
                Track(run.Monitor, 1);
            after = AllocatedByRecording(run.Monitor);
        });
        thread.Start();
        Limits.WaitFor(thread);

        Assert.Equal((0, 0), (before, after));
    }

    [Fact]
    public async Task Spans_and_measurements_are_made_while_somebody_listens()
    {
        using var run = new MonitorRun(meterFactory: _meters);
        await TrackAndFlush(run.Monitor, "before");
        Assert.Equal(["FileMetricHandler", "FileLogHandler"], run.Monitor.GetStatistics().Handlers.Select(h => h.Name));

        using (ListenForSpans())
        using (ListenForDurations(_durations.Add))
        {
            await TrackAndFlush(run.Monitor, "first");
            Assert.Equal(["chat first"], _spans);
            Assert.Single(_durations);
            Assert.Equal(["FileMetricHandler", "FileLogHandler"], run.Monitor.GetStatistics().Handlers.Select(h => h.Name));
        }

        await TrackAndFlush(run.Monitor, "between");
        using (ListenForSpans())
            await TrackAndFlush(run.Monitor, "second");
        using (ListenForDurations(_durations.Add))
            await TrackAndFlush(run.Monitor, "third");

        Assert.Equal(["chat first", "chat second"], _spans);
        Assert.Equal(2, _durations.Count);
    }

    [Fact]
    public async Task Spans_are_made_for_who_listens_to_them_alone()
    {
        using var run = new MonitorRun(meterFactory: _meters);
        using var others = new ActivityListener
        {
            ShouldListenTo = source => source.Name != Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = span => _spans.Add(span.OperationName),
        };
        ActivitySource.AddActivityListener(others);
        using var program = new ActivitySource("program");
        using Activity batch = program.StartActivity("batch")!;

        await TrackAndFlush(run.Monitor, "m");

        Assert.Equal(["batch"], _spans);
        Assert.Same(batch, Activity.Current);
    }

    /// <summary>A listener that stands still makes visible what telemetry is given: in the end its queue overflows, and the log says
    /// so.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Telemetry_is_given_records_only_until_the_last_listener_has_left(bool leaves)
    {
        using var reached = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        using var delivered = new CountdownEvent(ManyRecords);
        var log = new EntryHandler(isLossless: true);
        using var run = new MonitorRun(
            o =>
            {
                o.MetricHandlers.Add(new BatchHandler(batch => delivered.Signal(batch.Count), isLossless: true));
                o.LogHandlers.Add(log);
            },
            meterFactory: _meters);
        using (MeterListener listener = ListenForDurations(_ =>
        {
            reached.Set();
            goOn.Wait(Limits.Token);
        }))
        {
            Track(run.Monitor, 1);
            Limits.WaitFor(reached);
            if (leaves)
                listener.Dispose();

            Track(run.Monitor, ManyRecords - 1);
            Assert.True(delivered.Wait(Limits.Generous, Limits.Token));
            goOn.Set();
        }

        run.Monitor.Dispose();

        Assert.Equal(leaves ? 0 : 1, log.Entries.Count(e => e.Message.Contains("cannot keep up", StringComparison.Ordinal)));
    }

    private static long AllocatedByRecording(GenerationMonitor monitor)
    {
        Record();
        long start = GC.GetAllocatedBytesForCurrentThread();
        Record();
        return GC.GetAllocatedBytesForCurrentThread() - start;

        void Record()
        {
            Track(monitor, 5_000);
            for (int i = 0; i < 5_000; i++)
                monitor.RecordMetric("m", i);
        }
    }

    private static async Task TrackAndFlush(GenerationMonitor monitor, string model)
    {
        Track(monitor, 1, model);
        await monitor.FlushAsync(Limits.Token);
    }

    private static void Track(GenerationMonitor monitor, int count, string model = "m")
    {
        for (int i = 0; i < count; i++)
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(1),
                true,
                new()
                {
                    ModelName = model,
                    PromptTokenCount = 374,
                    CompletionTokenCount = 44,
                    FinishReason = "stop",
                });
    }

    private ActivityListener ListenForSpans()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == Source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => _spans.Add(span.DisplayName),
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private MeterListener ListenForDurations(Action<double> onDuration)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Meter.Scope == _meters && instrument.Name == "gen_ai.client.operation.duration")
                    l.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => onDuration(value));
        listener.Start();
        return listener;
    }
}
