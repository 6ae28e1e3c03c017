using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

/// <summary>What happens when a lossless handler cannot keep up: its queue fills, then the pump stands, then the buffers fill.</summary>
public sealed class FullBufferTests
{
    private const int Calls = 100_000;

    [Fact]
    public void Wait_holds_up_recording_and_loses_nothing()
    {
        // What a lossless handler's queue holds, a batch on its way into it, and the buffer.
        const int MostOutstanding = 32_768 + 2048 + 16;
        using var queueIsFull = new ManualResetEventSlim();
        long called = 0;
        long handled = 0;
        long mostOutstanding = 0;
        var values = new List<double>();
        using var run = new MonitorRun(o =>
        {
            o.BufferCapacity = 16;
            o.MetricHandlers.Add(new BatchHandler(
                batch =>
                {
                    queueIsFull.Wait(Limits.Generous);
                    mostOutstanding = Math.Max(mostOutstanding, Interlocked.Read(ref called) - handled);
                    foreach (MetricRecord record in batch)
                        values.Add(record.Value);
                    handled += batch.Count;
                },
                isLossless: true));
            o.MetricHandlers.Add(new FileMetricHandler(o.LogDirectory!));
        });

        for (int i = 0; i < Calls; i++)
        {
            if (i == 32_000)
                queueIsFull.Set();
            run.Monitor.RecordMetric("m", i);
            Interlocked.Increment(ref called);
        }

        run.Monitor.Dispose();

        Assert.Equal(Enumerable.Range(0, Calls).Select(i => (double)i), values);
        Assert.Equal(Enumerable.Range(0, Calls), run.Records().Select(r => r.GetProperty("value").GetInt32()));
        Assert.InRange(mostOutstanding, 1, MostOutstanding);
        MonitorStatistics statistics = run.Monitor.GetStatistics();
        Assert.Equal((Calls, 0, 0, Calls), (statistics.Recorded, statistics.Dropped, statistics.Failed, statistics.Written));
    }

    [Fact]
    public async Task Drop_counts_exactly_what_it_drops()
    {
        using var allCalled = new ManualResetEventSlim();
        long handled = 0;
        using var run = new MonitorRun(o =>
        {
            o.BufferCapacity = 16;
            o.BufferFullMode = BufferFullMode.Drop;
            o.MetricHandlers.Add(new BatchHandler(
                batch =>
                {
                    allCalled.Wait(Limits.Generous);
                    handled += batch.Count;
                },
                isLossless: true));
            o.MetricHandlers.Add(new FileMetricHandler(o.LogDirectory!));
        });

        for (int i = 0; i < Calls; i++)
            run.Monitor.RecordMetric("m", i);
        MonitorStatistics statistics = run.Monitor.GetStatistics();
        allCalled.Set();
        await run.Monitor.FlushAsync(Limits.Token);

        Assert.True(statistics.Dropped > 0, "The handler stood still: there was no room for all.");
        Assert.Equal(Calls, statistics.Recorded + statistics.Dropped);
        Assert.Equal(statistics.Recorded, run.Monitor.GetMetrics("m", TimeSpan.MaxValue).Count);
        Assert.Equal(statistics.Recorded, run.Records().Count);
        Assert.Equal(statistics.Recorded, handled);
        Assert.Contains(
            run.LogEntries(),
            e =>
                e.Text("level") == "warning"
                && e.Text("message").Contains($"{statistics.Dropped} records were dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_thread_that_waits_for_room_is_released_when_the_monitor_is_disposed()
    {
        using var release = new ManualResetEventSlim();
        using var queueIsFull = new ManualResetEventSlim();
        long given = 0;
        using var run = new MonitorRun(o =>
        {
            o.BufferCapacity = 16;
            o.ShutdownTimeout = TimeSpan.FromMilliseconds(200);
            o.MetricHandlers.Add(new BatchHandler(_ => release.Wait(Limits.Generous), isLossless: true));
        });
        Task producer = Limits.OnThread(() =>
        {
            while (run.Monitor.GetStatistics().RecordedAfterDisposal == 0)
            {
                run.Monitor.RecordMetric("m", 1);
                if (++given == 32_000)
                    queueIsFull.Set();
            }
        });

        Limits.WaitFor(queueIsFull);
        await Limits.WaitFor(Limits.OnThread(run.Monitor.Dispose));
        await Limits.WaitFor(producer);
        await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());

        long accepted = given - run.Monitor.GetStatistics().RecordedAfterDisposal;
        Assert.Equal(accepted, run.Monitor.GetMetrics("m").Count);
        HandlerStatistics handler = run.Monitor.GetStatistics().Handlers[0];
        Assert.Equal((0, accepted, 0), (handler.Written, handler.Failed + handler.Dropped, handler.Pending));
        release.Set();
    }

    [Fact]
    public void A_thread_that_waits_for_room_may_be_interrupted()
    {
        using var release = new ManualResetEventSlim();
        using var queueIsFull = new ManualResetEventSlim();
        Exception? error = null;
        long accepted = 0;
        using var run = new MonitorRun(o =>
        {
            o.BufferCapacity = 16;
            o.MetricHandlers.Add(new BatchHandler(_ => release.Wait(Limits.Generous), isLossless: true));
        });
        Action recordForEver = () =>
        {
            while (true)
            {
                run.Monitor.RecordMetric("m", 1);
                if (++accepted == 32_000)
                    queueIsFull.Set();
            }
        };
        var producer = new Thread(() => error = Record.Exception(recordForEver));
        producer.Start();
        Limits.WaitFor(queueIsFull);
        producer.Interrupt();
        Limits.WaitFor(producer);
        release.Set();
        run.Monitor.Dispose();

        Assert.IsType<ThreadInterruptedException>(error);
        Assert.Equal(accepted, run.Monitor.GetStatistics().Written);
    }
}
