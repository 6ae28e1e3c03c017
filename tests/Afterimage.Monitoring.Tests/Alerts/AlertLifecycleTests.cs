using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Alerts;

public sealed class AlertLifecycleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<Alert> _heard = new();

    private string[] Heard => [.. _heard.Select(a => a.Data.ContainsKey("resolved") ? $"{a.Name} resolved" : a.Name)];

    [Fact]
    public void An_alert_is_announced_when_it_starts_and_when_it_is_over_and_not_in_between()
    {
        using MonitorRun run = Run(o => o.MetricsInterval = TimeSpan.Zero);
        Slow(run);
        Assert.Single(run.Monitor.CheckAlerts());
        Assert.Single(run.Monitor.CheckAlerts());
        run.Clock.Advance(Minute);
        Assert.Single(run.Monitor.CheckAlerts());
        Assert.Equal(["high_generation_time"], Heard);

        run.Monitor.TrackGeneration(TimeSpan.Zero, true);
        run.Monitor.TrackGeneration(TimeSpan.Zero, true);
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Equal(["high_generation_time", "high_generation_time resolved"], Heard);
        Alert over = _heard.Last();
        Assert.Equal(AlertLevel.Info, over.Level);
        Assert.Equal(MonitorRun.Start + Minute, over.Timestamp);
        Assert.Equal(true, over.Data["resolved"]);
        Assert.Equal(20.0, over.Data["mean"]);

        Slow(run);
        Slow(run);
        Assert.Single(run.Monitor.CheckAlerts());
        Assert.Equal(["high_generation_time", "high_generation_time resolved", "high_generation_time"], Heard);
    }

    [Fact]
    public void An_alert_that_goes_on_is_announced_again_after_the_repeat_interval()
    {
        using MonitorRun run = Run(o =>
        {
            o.MetricsInterval = TimeSpan.Zero;
            o.AlertRepeatInterval = TimeSpan.FromMinutes(3);
        });
        for (int minute = 0; minute <= 7; minute++)
        {
            Slow(run);
            Assert.Single(run.Monitor.CheckAlerts());
            run.Clock.Advance(Minute);
        }

        Assert.Equal([0, 3, 6], _heard.Select(a => (a.Timestamp - MonitorRun.Start).TotalMinutes));
    }

    [Fact]
    public void An_alert_is_over_when_its_points_have_left_the_window()
    {
        using MonitorRun run = Run(o => o.MetricsInterval = TimeSpan.Zero);
        Slow(run);
        run.Monitor.CheckAlerts();
        run.Clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromTicks(1));

        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Equal(["high_generation_time", "high_generation_time resolved"], Heard);
        Assert.Equal(0L, _heard.Last().Data["count"]);
    }

    [Fact]
    public async Task Rules_are_evaluated_on_the_interval()
    {
        using MonitorRun run = Run(o => o.MetricsInterval = Minute);
        Slow(run);
        run.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(Heard);
        run.Clock.Advance(TimeSpan.FromSeconds(1));
        await Limits.Until(() => Heard.SequenceEqual(["high_generation_time"]), "the handler has heard of the alert");
        run.Clock.Advance(5 * Minute);
        await Limits.Until(
            () => Heard.SequenceEqual(["high_generation_time", "high_generation_time resolved"]),
            "the handler has heard that the alert is over");
    }

    [Fact]
    public void An_interval_of_zero_leaves_it_to_CheckAlerts()
    {
        using MonitorRun run = Run(o => o.MetricsInterval = TimeSpan.Zero);
        Slow(run);
        run.Clock.Advance(4 * Minute);
        Assert.Empty(Heard);
        run.Monitor.CheckAlerts();
        Assert.Equal(["high_generation_time"], Heard);
    }

    [Fact]
    public void After_disposal_nobody_hears_anything()
    {
        using MonitorRun run = Run(_ => { });
        Slow(run);
        run.Monitor.Dispose();
        run.Clock.Advance(4 * Minute);

        Assert.Single(run.Monitor.CheckAlerts());
        Assert.Empty(Heard);
        Assert.Empty(run.AlertLines());
    }

    [Fact]
    public void A_handler_that_throws_does_not_touch_the_others_and_is_logged()
    {
        int calls = 0;
        using var run = new MonitorRun(o =>
        {
            o.AlertHandlers.Add(_ =>
            {
                calls++;
                throw new InvalidOperationException("deaf");
            });
            o.AlertHandlers.Add(_heard.Enqueue);
        });
        Slow(run);
        run.Monitor.CheckAlerts();
        run.Monitor.TrackGeneration(TimeSpan.Zero, true);
        run.Monitor.CheckAlerts();

        Assert.Equal(2, calls);
        Assert.Equal(["high_generation_time", "high_generation_time resolved"], Heard);
        Assert.Equal(2, run.AlertLines().Count);
        Assert.Single(run.LogEntries(), e => e.Text("message").Contains("deaf", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_handler_that_hangs_holds_up_neither_the_others_nor_disposal()
    {
        using var release = new ManualResetEventSlim();
        var heard = new TaskCompletionSource<Alert>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var run = new MonitorRun(o =>
        {
            o.HandlerTimeLimit = TimeSpan.FromMilliseconds(100);
            o.ShutdownTimeout = TimeSpan.FromMilliseconds(200);
            o.AlertHandlers.Add(_ => release.Wait(Limits.Generous));
            o.AlertHandlers.Add(heard.SetResult);
        });
        Slow(run);
        await Limits.WaitFor(Limits.OnThread(() => run.Monitor.CheckAlerts()));
        Assert.Equal("high_generation_time", (await Limits.WaitFor(heard.Task)).Name);
        await Limits.WaitFor(Limits.OnThread(run.Monitor.Dispose));
        Assert.False(release.IsSet);
        release.Set();
    }

    [Fact]
    public void A_handler_may_call_the_monitor()
    {
        MonitorRun? run = null;
        var inner = new ConcurrentQueue<string>();
        using (run = new MonitorRun(o => o.AlertHandlers.Add(alert =>
        {
            inner.Enqueue(string.Join(' ', run!.Monitor.CheckAlerts().Select(a => a.Name)));
            run.Monitor.LogWarning(alert.Message);
            run.Monitor.RecordMetric("alerts", 1);
        })))
        {
            Slow(run);
            run.Monitor.CheckAlerts();
            Assert.Equal(["high_generation_time"], inner);
            Assert.Equal(1, run.Monitor.GetMetrics("alerts").Count);
            Assert.Contains(run.LogEntries(), e => e.Text("level") == "warning");
        }
    }

    [Fact]
    public void Announced_alerts_are_lines_of_alerts_jsonl()
    {
        using MonitorRun run = Run(_ => { });
        Assert.False(File.Exists(run.AlertsFile));
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { Error = "e" });
        run.Monitor.CheckAlerts();
        run.Clock.Advance(6 * Minute);

        var lines = run.AlertLines();
        Assert.Equal(2, lines.Count);
        Assert.Equal(["timestamp", "name", "level", "message", "data"], lines[0].Keys());
        Assert.Equal(
            ("2026-11-23T14:00:00Z", "high_error_rate", "error"),
            (lines[0].Text("timestamp"), lines[0].Text("name"), lines[0].Text("level")));
        Assert.Equal(1, lines[0].GetProperty("data").GetProperty("mean").GetDouble());
        Assert.False(lines[0].GetProperty("data").TryGetProperty("resolved", out _));
        Assert.Equal(("high_error_rate", "info"), (lines[1].Text("name"), lines[1].Text("level")));
        Assert.True(lines[1].GetProperty("data").GetProperty("resolved").GetBoolean());
    }

    [Theory]
    [InlineData(AlertLevel.Info, "info")]
    [InlineData(AlertLevel.Warning, "warning")]
    [InlineData(AlertLevel.Error, "error")]
    public void The_level_of_a_line_is_that_of_its_rule(AlertLevel level, string text)
    {
        using MonitorRun run = Run(o =>
            o.AlertRules.Add(new AlertRule { Name = "deep", Metric = "depth", Threshold = 1, Level = level }));
        run.Monitor.RecordMetric("depth", 2);
        run.Monitor.CheckAlerts();

        Assert.Equal(text, Assert.Single(run.AlertLines()).Text("level"));
    }

    [Fact]
    public async Task Alerts_that_could_not_be_written_are_written_once_when_they_can_be()
    {
        using MonitorRun run = Run(_ => { });
        Directory.CreateDirectory(run.AlertsFile);
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), false, new GenerationDetails { Error = "e" });
        await Limits.WaitFor(Limits.OnThread(() => run.Monitor.CheckAlerts()));
        Assert.Equal(["low_success_rate", "high_generation_time", "high_error_rate"], Heard);
        Assert.Equal((0, 3), (run.Monitor.GetStatistics().AlertHandlers[0].Written, run.Monitor.GetStatistics().AlertHandlers[0].Pending));

        Directory.Delete(run.AlertsFile);
        Assert.Equal(Heard, run.AlertLines().Select(line => line.Text("name")));
        Assert.Contains(run.LogEntries(), entry => entry.Text("message").Contains("alerts.jsonl", StringComparison.Ordinal));
    }

    private MonitorRun Run(Action<GenerationMonitorOptions> configure) => new(o =>
    {
        o.AlertHandlers.Add(_heard.Enqueue);
        configure(o);
    });

    private static void Slow(MonitorRun run) => run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
}
