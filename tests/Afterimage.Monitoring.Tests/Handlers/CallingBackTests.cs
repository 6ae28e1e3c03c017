using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Handlers;

/// <summary>Handlers that use the monitor that calls them.</summary>
public sealed class CallingBackTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_metric_handler_may_flush(bool isLossless)
    {
        await HandlerMay(isLossless, monitor => monitor.FlushAsync().AsTask().GetAwaiter().GetResult());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_metric_handler_may_check_alerts(bool isLossless)
    {
        await HandlerMay(isLossless, monitor => Assert.Single(monitor.CheckAlerts()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_metric_handler_may_read_and_record(bool isLossless)
    {
        await HandlerMay(isLossless, monitor =>
        {
            Assert.Equal(1, monitor.GetMetrics("generation_time").Count);
            monitor.LogInfo("from within");
            monitor.SaveMetrics();
            monitor.GetStatistics();
        });
    }

    [Fact]
    public async Task A_metric_handler_may_dispose_its_monitor()
    {
        MonitorRun? run = null;
        var disposed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (run = new MonitorRun(o =>
        {
            // If it waited for itself, it would wait for longer than the test.
            o.ShutdownTimeout = 2 * Limits.Generous;
            o.MetricHandlers.Add(new PointHandler(_ =>
                {
                    run!.Monitor.Dispose();
                    disposed.TrySetResult();
                }));
            o.MetricHandlers.Add(new FileMetricHandler(o.LogDirectory!));
        }))
        {
            run.Monitor.RecordMetric("m", 1);
            await Limits.WaitFor(disposed.Task);

            run.Monitor.RecordMetric("m", 1);
            Assert.Equal(1, run.Monitor.GetStatistics().RecordedAfterDisposal);
            Assert.Single(run.Records());
        }
    }

    [Fact]
    public async Task A_log_handler_may_log_and_flush()
    {
        MonitorRun? run = null;
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (run = new MonitorRun(o =>
        {
            o.HandlerTimeLimit = Limits.Generous;
            o.LogHandlers.Add(new EntryHandler(
                entry =>
                {
                    if (entry.Message != "outer")
                        return;
                    run!.Monitor.LogInfo("inner");
                    run.Monitor.FlushAsync().AsTask().GetAwaiter().GetResult();
                    called.SetResult();
                },
                isLossless: true));
        }))
        {
            run.Monitor.LogInfo("outer");
            await WaitForHalf(called.Task);
            run.Monitor.Dispose();
            Assert.Equal(2, run.Monitor.GetStatistics().Written);
        }
    }

    private static async Task HandlerMay(bool isLossless, Action<GenerationMonitor> call)
    {
        MonitorRun? run = null;
        Exception? error = null;
        var called = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (run = new MonitorRun(o =>
        {
            // If the handler waited for itself, it would wait for longer than the test.
            o.HandlerTimeLimit = 2 * Limits.Generous;
            o.MetricHandlers.Add(new BatchHandler(
                _ =>
                {
                    error = Record.Exception(() => call(run!.Monitor));
                    called.SetResult();
                },
                isLossless));
        }))
        {
            run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
            await WaitForHalf(called.Task);
            Assert.Null(error);
            await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());
        }
    }

    private static Task WaitForHalf(Task task) => task.WaitAsync(Limits.Generous / 2, Limits.Token);
}
