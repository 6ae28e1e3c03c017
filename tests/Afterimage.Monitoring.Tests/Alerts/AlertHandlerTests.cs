using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Alerts;

public sealed class AlertHandlerTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void What_one_evaluation_finds_comes_in_one_call()
    {
        var handler = new Handler();
        using var run = new MonitorRun(o => o.AlertHandlers.Add(handler));
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), false, new GenerationDetails { Error = "e" });

        run.Monitor.CheckAlerts();
        run.Monitor.CheckAlerts();
        run.Clock.Advance(6 * Minute);
        run.Monitor.CheckAlerts();

        Assert.Equal(
            ["low_success_rate high_generation_time high_error_rate", "low_success_rate high_generation_time high_error_rate"],
            handler.Calls.Select(call => string.Join(' ', call.Select(alert => alert.Name))));
        Assert.Equal([false, true], handler.Calls.Select(call => call[0].IsResolved));
    }

    [Fact]
    public void One_that_wants_every_evaluation_also_hears_that_there_is_nothing_new()
    {
        var every = new Handler { HearsEveryEvaluation = true };
        var other = new Handler();
        using var run = new MonitorRun(o =>
        {
            o.MetricsInterval = TimeSpan.Zero;
            o.AlertHandlers.Add(every);
            o.AlertHandlers.Add(other);
        });
        run.Monitor.CheckAlerts();
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
        run.Monitor.CheckAlerts();
        run.Monitor.CheckAlerts();

        Assert.Equal([0, 1, 0], every.Calls.Select(call => call.Count));
        Assert.Equal([1], other.Calls.Select(call => call.Count));
        Assert.Equal((1, 0, false), Of(run.Monitor, 1) switch { var s => (s.Written, s.Pending, s.IsStalled) });
    }

    [Fact]
    public void One_that_fails_is_counted_and_logged_and_touches_nobody()
    {
        var failing = new Handler { OnCall = _ => Task.FromException(new InvalidOperationException("deaf")) };
        var second = new Handler();
        using var run = new MonitorRun(o =>
        {
            o.AlertHandlers.Add(failing);
            o.AlertHandlers.Add(_ => throw new InvalidOperationException("mute"));
            o.AlertHandlers.Add(second);
        });
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), false, new GenerationDetails { Error = "e" });
        run.Monitor.CheckAlerts();

        MonitorStatistics statistics = run.Monitor.GetStatistics();
        Assert.Equal(
            [
                ("alerts.jsonl", 3, 0, 0, null),
                ("Handler", 0, 3, 1, "deaf"),
                ("alert handler 2", 0, 3, 3, "mute"),
                ("Handler 2", 3, 0, 0, null),
            ],
            statistics.AlertHandlers.Select(h => (h.Name, h.Written, h.Failed, h.Failures, h.LastError)));
        Assert.Equal(0, statistics.Failed);
        Assert.Single(second.Calls);
        Assert.Single(run.LogEntries(), e => e.Text("message").Contains("deaf", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_several_failures_at_one_evaluation_the_first_is_told()
    {
        using var run = MonitorRun.InMemory(o => o.AlertHandlers.Add(alert => throw new InvalidOperationException(alert.Name)));
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), false);
        run.Monitor.CheckAlerts();

        Assert.Equal((2L, "low_success_rate"), Of(run.Monitor, 0) switch { var s => ((long)s.Failures, s.LastError) });
    }

    [Fact]
    public void One_that_does_not_say_so_does_not_hear_that_there_is_nothing_new()
    {
        var handler = new Plain();
        using var run = MonitorRun.InMemory(o => o.AlertHandlers.Add(handler));
        run.Monitor.CheckAlerts();
        Assert.Equal(0, handler.Calls);

        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
        run.Monitor.CheckAlerts();
        Assert.Equal(1, handler.Calls);
    }

    [Fact]
    public void It_is_disposed_with_the_monitor_after_its_last_call()
    {
        var handler = new Handler();
        var run = new MonitorRun(o => o.AlertHandlers.Add(handler));
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
        run.Monitor.CheckAlerts();
        Assert.False(handler.IsDisposed);

        run.Dispose();

        Assert.True(handler.IsDisposed);
        Assert.Single(handler.Calls);
        Assert.False(handler.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task When_the_time_to_shut_down_is_over_it_is_cancelled()
    {
        var called = new TaskCompletionSource();
        var handler = new Handler();
        handler.OnCall = _ =>
        {
            called.SetResult();
            return Task.Delay(Timeout.Infinite, handler.Token);
        };
        using var run = new MonitorRun(o =>
        {
            o.HandlerTimeLimit = TimeSpan.FromMilliseconds(50);
            o.ShutdownTimeout = TimeSpan.FromMilliseconds(50);
            o.AlertHandlers.Add(handler);
        });
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
        await Limits.WaitFor(Limits.OnThread(() => run.Monitor.CheckAlerts()));
        await Limits.WaitFor(called.Task);
        Assert.Equal(1, Of(run.Monitor, 1).Pending);

        await Limits.WaitFor(Limits.OnThread(run.Monitor.Dispose));

        Assert.True(handler.Token.IsCancellationRequested);
        Assert.Equal((0, 1, 0), Of(run.Monitor, 1) switch { var s => (s.Written, s.Failed, s.Pending) });
    }

    [Fact]
    public async Task One_that_hangs_at_an_evaluation_without_news_is_not_given_more_of_them()
    {
        var release = new TaskCompletionSource();
        var handler = new Handler { HearsEveryEvaluation = true, OnCall = _ => release.Task };
        using var run = new MonitorRun(o =>
        {
            o.MetricsInterval = TimeSpan.Zero;
            o.HandlerTimeLimit = TimeSpan.FromMilliseconds(50);
            o.AlertHandlers.Add(handler);
        });

        // It counts as stalled from its limit behind its first call on, whenever its thread comes to that.
        do
            await CheckAsync();
        while (!Of(run.Monitor, 1).IsStalled);
        for (int i = 0; i < 10; i++)
            await CheckAsync();
        Assert.True(Of(run.Monitor, 1).IsStalled);
        release.SetResult();
        run.Monitor.Dispose();

        Assert.InRange(handler.Calls.Count, 1, 2);

        Task CheckAsync() => Limits.WaitFor(Limits.OnThread(() => run.Monitor.CheckAlerts()));
    }

    [Fact]
    public void One_that_hangs_is_waited_for_by_no_timer()
    {
        using var release = new ManualResetEventSlim();
        using var run = new MonitorRun(o =>
        {
            o.AlertRules.Add(new AlertRule { Name = "deep", Metric = "depth", Threshold = 1, RepeatInterval = Minute });
            o.AlertHandlers.Add(_ => release.Wait(Limits.Generous));
        });

        // The clock's ticks run here: they come back, or the test hangs.
        for (int i = 0; i < 10; i++)
        {
            run.Monitor.RecordMetric("depth", 2);
            run.Clock.Advance(Minute);
        }

        Assert.Equal(10, Of(run.Monitor, 1).Pending);
        release.Set();
        Assert.Equal(10, run.AlertLines().Count);
    }

    [Fact]
    public void The_console_has_a_line_an_alert_that_cannot_steer_it()
    {
        var output = new StringWriter { NewLine = "\n" };
        using var run = new MonitorRun(o =>
        {
            o.AlertHandlers.AddConsole(output);
            o.AlertRules.Add(
                new AlertRule
                {
                    Name = "evil\u001b[31m\r\n\u202e",
                    Metric = "depth",
                    Threshold = 1,
                    Level = AlertLevel.Error,
                });
        });
        run.Monitor.RecordMetric("depth", 2);
        run.Monitor.CheckAlerts();
        run.Clock.Advance(6 * Minute);
        run.Monitor.Dispose();

        Assert.Equal(
            """
            2026-11-23 14:00:00Z error evil�[31m���: Mean of depth 2 is above 1
            2026-11-23 14:06:00Z over evil�[31m���: Mean of depth is over: nothing was recorded for 5 minutes

            """,
            output.ToString());
    }

    [Fact]
    public void What_is_null_is_named()
    {
        IList<IAlertHandler> handlers = new GenerationMonitorOptions().AlertHandlers;
        Assert.Equal("handler", Assert.Throws<ArgumentNullException>(() => handlers.Add((Action<Alert>)null!)).ParamName);
        Assert.Equal("handlers", Assert.Throws<ArgumentNullException>(() => ((IList<IAlertHandler>)null!).AddConsole()).ParamName);
        Assert.Equal("handlers", Assert.Throws<ArgumentNullException>(() => ((IList<IAlertHandler>)null!).Add(_ => { })).ParamName);
    }

    private static HandlerStatistics Of(GenerationMonitor monitor, int index) => monitor.GetStatistics().AlertHandlers[index];

    private sealed class Plain : IAlertHandler
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return default;
        }
    }

    private sealed class Handler : IAlertHandler, IDisposable
    {
        public ConcurrentQueue<IReadOnlyList<Alert>> Calls { get; } = new();

        public bool HearsEveryEvaluation { get; init; }

        public Func<IReadOnlyList<Alert>, Task> OnCall { get; set; } = _ => Task.CompletedTask;

        public CancellationToken Token { get; private set; }

        public bool IsDisposed { get; private set; }

        public ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
        {
            Token = cancellationToken;
            Calls.Enqueue(alerts);
            return new ValueTask(OnCall(alerts));
        }

        public void Dispose() => IsDisposed = true;
    }
}
