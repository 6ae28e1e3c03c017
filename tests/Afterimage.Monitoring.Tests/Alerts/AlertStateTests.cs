using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Alerts;

public sealed class AlertStateTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ConcurrentQueue<Alert> _heard = new();

    private string[] Heard => [.. _heard.Select(a => a.Data.ContainsKey("resolved") ? $"{a.Name} resolved" : a.Name)];

    [Fact]
    public void A_rule_goes_from_inactive_over_pending_and_firing_to_resolved()
    {
        using MonitorRun run = Run(Slow with { For = 2 * Minute });
        Assert.Equal((AlertState.Inactive, null, null), State(run));
        run.Monitor.CheckAlerts();
        Assert.Equal((AlertState.Inactive, null, null), State(run));

        run.Monitor.RecordMetric("m", 5);
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Equal((AlertState.Pending, MonitorRun.Start, 5.0), State(run));
        run.Clock.Advance(2 * Minute - TimeSpan.FromTicks(1));
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Empty(Heard);
        run.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Single(run.Monitor.CheckAlerts());
        Assert.Equal((AlertState.Firing, MonitorRun.Start + 2 * Minute, 5.0), State(run));

        run.Clock.Advance(5 * Minute);
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Equal((AlertState.Resolved, MonitorRun.Start + 7 * Minute, null), State(run));
        Assert.Equal(["slow", "slow resolved"], Heard);
    }

    [Fact]
    public void What_does_not_hold_at_every_evaluation_does_not_fire()
    {
        using MonitorRun run = Run(Slow with { Window = Minute, For = 2 * Minute });
        for (int minute = 0; minute < 20; minute++)
        {
            run.Monitor.RecordMetric("m", minute % 3 == 2 ? 0 : 5);
            Assert.Empty(run.Monitor.CheckAlerts());
            run.Clock.Advance(Minute + TimeSpan.FromTicks(1));
        }

        Assert.Empty(Heard);
        run.Monitor.CheckAlerts();
        Assert.Equal(AlertState.Inactive, State(run).State);
    }

    [Fact]
    public void A_rule_that_is_pending_again_after_it_was_over_falls_back_to_resolved()
    {
        using MonitorRun run = Run(Slow with { Window = Minute, For = Minute });
        run.Monitor.RecordMetric("m", 5);
        run.Monitor.CheckAlerts();
        run.Clock.Advance(Minute);
        Assert.Single(run.Monitor.CheckAlerts());
        run.Clock.Advance(2 * Minute);
        run.Monitor.CheckAlerts();
        run.Monitor.RecordMetric("m", 5);
        run.Monitor.CheckAlerts();
        Assert.Equal(AlertState.Pending, State(run).State);
        run.Clock.Advance(2 * Minute);
        run.Monitor.CheckAlerts();
        Assert.Equal(AlertState.Resolved, State(run).State);
        Assert.Equal(["slow", "slow resolved"], Heard);
    }

    [Fact]
    public void A_rule_has_a_repeat_interval_of_its_own()
    {
        using MonitorRun run = Run(
            Slow with
            {
                Window = TimeSpan.FromHours(2),
                RepeatInterval = 10 * Minute,
            },
            Slow with
            {
                Name = "usual",
                Window = TimeSpan.FromHours(2),
            });
        run.Monitor.RecordMetric("m", 5);
        for (int minute = 0; minute < 60; minute++)
        {
            run.Monitor.CheckAlerts();
            run.Clock.Advance(Minute);
        }

        Assert.Equal(6, Heard.Count(h => h == "slow"));
        Assert.Equal(1, Heard.Count(h => h == "usual"));
    }

    /// <summary>The timer, CheckAlerts and disposal at once: who hears an alert hears it once.</summary>
    [Fact]
    public async Task One_evaluation_is_never_heard_twice()
    {
        using MonitorRun run = Run(Slow);
        run.Monitor.RecordMetric("m", 5);
        await Limits.WaitFor(Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Limits.OnThread(() => run.Monitor.CheckAlerts()))));
        Assert.Equal(["slow"], Heard);
    }

    [Fact]
    public void A_clock_that_is_set_does_not_start_or_end_an_alert()
    {
        using MonitorRun run = Run(Slow with { For = Minute });
        run.Monitor.RecordMetric("m", 5);
        run.Monitor.CheckAlerts();
        run.Clock.Offset = TimeSpan.FromDays(1);
        Assert.Empty(run.Monitor.CheckAlerts());
        run.Clock.Offset = -TimeSpan.FromDays(1);
        Assert.Empty(run.Monitor.CheckAlerts());
        run.Clock.Advance(Minute);
        Alert alert = Assert.Single(run.Monitor.CheckAlerts());
        Assert.Equal(MonitorRun.Start + Minute - TimeSpan.FromDays(1), alert.Timestamp);
    }

    [Fact]
    public void A_rule_of_the_programs_replaces_the_built_in_one_of_its_name()
    {
        AlertRule mine = new() { Name = "high_generation_time", Metric = "generation_time", Threshold = 100 };
        using MonitorRun run = Run(mine);
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Equal(7, run.Monitor.GetAlerts().Count);
        Assert.Same(mine, run.Monitor.GetAlerts()[^1].Rule);
    }

    [Fact]
    public void After_disposal_states_can_be_read_and_nobody_hears()
    {
        using MonitorRun run = Run(Slow);
        run.Monitor.RecordMetric("m", 5);
        run.Monitor.Dispose();
        Assert.Single(run.Monitor.CheckAlerts());
        Assert.Equal(AlertState.Firing, State(run).State);
        Assert.Empty(Heard);
    }

    private static AlertRule Slow => new() { Name = "slow", Metric = "m", Threshold = 1 };

    private static (AlertState State, DateTimeOffset? Since, double? Value) State(MonitorRun run)
    {
        AlertStatus status = run.Monitor.GetAlerts().Single(s => s.Rule.Name == "slow");
        return (status.State, status.Since, status.Value);
    }

    private MonitorRun Run(params AlertRule[] rules) => MonitorRun.InMemory(o =>
    {
        o.MetricsInterval = TimeSpan.Zero;
        o.AlertHandlers.Add(_heard.Enqueue);
        foreach (AlertRule rule in rules)
            o.AlertRules.Add(rule);
    });
}
