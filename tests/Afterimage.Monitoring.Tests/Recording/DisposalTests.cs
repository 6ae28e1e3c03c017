using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

public sealed class DisposalTests
{
    [Fact]
    public void After_disposal_recording_is_counted_and_reading_goes_on()
    {
        using var run = new MonitorRun();
        GenerationMonitor monitor = run.Monitor;
        monitor.TrackGeneration(TimeSpan.FromSeconds(40), true, new GenerationDetails { ModelName = "m", PromptTokenCount = 5 });
        monitor.Dispose();

        monitor.TrackGeneration(TimeSpan.Zero, true);
        monitor.TrackEvaluation(TimeSpan.Zero, true, "e", new Dictionary<string, double>());
        monitor.TrackEvaluation(TimeSpan.Zero, true, "e", new Dictionary<string, EvaluationScore>());
        monitor.RecordMetric("m", 1);
        monitor.LogInfo("m");
        monitor.LogWarning("m");
        monitor.LogError("m");

        Assert.Equal(1, monitor.GetMetrics("generation_time").Count);
        Assert.Equal(5, monitor.GetTotalTokenUsage().TotalTokens);
        Assert.Contains("model_usage:m", monitor.MetricNames);
        Assert.Equal(["high_generation_time"], monitor.CheckAlerts().Select(a => a.Name));
        Assert.Equal(1, monitor.GetStatistics().Recorded);
        Assert.Equal(1, monitor.GetStatistics().Written);
        Assert.True(File.Exists(monitor.SaveMetrics()));
        Assert.Equal(7, monitor.GetStatistics().RecordedAfterDisposal);
        Assert.True(Directory.Exists(monitor.LogDirectory!));
    }

    [Fact]
    public void A_thread_that_never_recorded_is_refused_too()
    {
        using var run = new MonitorRun();
        run.Monitor.Dispose();
        Exception? error = null;
        var thread = new Thread(() => error = Record.Exception(() => run.Monitor.RecordMetric("m", 1)));
        thread.Start();
        Limits.WaitFor(thread);

        Assert.Null(error);
        Assert.Equal((0, 1), (run.Monitor.GetStatistics().Recorded, run.Monitor.GetStatistics().RecordedAfterDisposal));
    }

    [Fact]
    public async Task Flushing_after_disposal_ends()
    {
        using var run = new MonitorRun();
        run.Monitor.RecordMetric("m", 1);
        run.Monitor.Dispose();

        await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());
        Assert.Single(run.Records());
    }

    [Fact]
    public async Task Disposing_again_does_nothing()
    {
        using var run = new MonitorRun();
        run.Monitor.RecordMetric("m", 1);
        run.Monitor.Dispose();
        string end = await File.ReadAllTextAsync(Path.Combine(run.Monitor.LogDirectory!, "run.json"), Limits.Token);
        run.Clock.Advance(TimeSpan.FromHours(1));
        run.Monitor.Dispose();
        await run.Monitor.DisposeAsync();

        Assert.Single(run.Records());
        Assert.Equal(end, await File.ReadAllTextAsync(Path.Combine(run.Monitor.LogDirectory!, "run.json"), Limits.Token));
    }

    [Fact]
    public async Task Asynchronous_disposal_writes_everything_too()
    {
        using var run = new MonitorRun();
        for (int i = 0; i < 5000; i++)
            run.Monitor.RecordMetric("m", i);
        await run.Monitor.DisposeAsync();

        Assert.Equal(5000, JsonFile.Lines(run.MetricsFile).Count);
        run.Monitor.RecordMetric("m", 1);
        Assert.Equal(1, run.Monitor.GetStatistics().RecordedAfterDisposal);
    }

    [Fact]
    public void What_was_accepted_while_the_monitor_was_being_disposed_is_written()
    {
        for (int round = 0; round < 20; round++)
        {
            using var run = new MonitorRun();
            using var started = new CountdownEvent(2);
            long given = 0;
            var producers = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
            {
                long mine = 0;
                while (run.Monitor.GetStatistics().RecordedAfterDisposal == 0)
                {
                    run.Monitor.RecordMetric("m", 1);
                    if (++mine == 100)
                        started.Signal();
                }

                Interlocked.Add(ref given, mine);
            })).ToList();
            producers.ForEach(p => p.Start());
            Assert.True(started.Wait(Limits.Generous, Limits.Token));
            run.Monitor.Dispose();
            producers.ForEach(Limits.WaitFor);

            MonitorStatistics statistics = run.Monitor.GetStatistics();
            Assert.Equal(given, statistics.Recorded + statistics.RecordedAfterDisposal);
            Assert.Equal(statistics.Recorded, run.Records().Count);
            Assert.Equal(statistics.Recorded, run.Monitor.GetMetrics("m").Count);
        }
    }

    [Fact]
    public async Task Records_reach_the_handlers_without_anybody_asking()
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var run = new MonitorRun(o => o.MetricHandlers.Add(new PointHandler(_ => arrived.TrySetResult())));
        run.Monitor.RecordMetric("m", 1);

        await Limits.WaitFor(arrived.Task);
    }

    [Fact]
    public async Task A_flush_may_be_cancelled()
    {
        using var run = new MonitorRun();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Monitor.FlushAsync(cancelled.Token).AsTask());
    }

    [Fact]
    public async Task Flushed_records_are_on_disk()
    {
        using var run = new MonitorRun();
        for (int i = 1; i <= 20; i++)
        {
            run.Monitor.RecordMetric("m", i);
            run.Monitor.LogInfo("entry");
            await run.Monitor.FlushAsync(Limits.Token);
            Assert.Equal(i, JsonFile.Lines(run.MetricsFile).Count);
            Assert.Equal(i, JsonFile.Lines(run.LogFile).Count);
        }
    }
}
