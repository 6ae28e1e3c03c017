using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Alerts;

/// <summary>What every figure must stand: one point, clocks that are set, points that come late.</summary>
public sealed class AlertEdgeTests
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    /// <summary>A figure, what it is of one point of 4, and what of the points 1, 2, 3, 4, 10.</summary>
    public static TheoryData<AlertAggregate, double, double> Figures => new()
    {
        { AlertAggregate.Mean, 4, 4 },
        { AlertAggregate.Min, 4, 1 },
        { AlertAggregate.Max, 4, 10 },
        { AlertAggregate.Sum, 4, 20 },
        { AlertAggregate.Count, 1, 5 },
        { AlertAggregate.Rate, 0.1, 0.5 },
        { AlertAggregate.StandardDeviation, 0, Math.Sqrt(10) },
        { AlertAggregate.Quantile, 4, 4 },
        { AlertAggregate.BurnRate, 400, 400 },
    };

    [Theory]
    [MemberData(nameof(Figures))]
    public void One_point_has_every_figure(AlertAggregate aggregate, double ofOne, double ofAll)
    {
        _ = ofAll;
        using MonitorRun run = Run(Rule(aggregate));
        Record(run, 4);

        AssertFigure(run, aggregate, ofOne);
    }

    [Theory]
    [MemberData(nameof(Figures))]
    public void A_clock_that_is_set_changes_no_figure(AlertAggregate aggregate, double ofOne, double ofAll)
    {
        _ = ofOne;
        using MonitorRun run = Run(Rule(aggregate));
        Record(run, 1, 2);
        run.Clock.Offset = TimeSpan.FromHours(1);
        Record(run, 3);
        run.Clock.Offset = -TimeSpan.FromHours(1);
        Record(run, 4, 10);
        AssertFigure(run, aggregate, ofAll);

        run.Clock.Advance(Window + TimeSpan.FromTicks(1));
        run.Monitor.CheckAlerts();
        Assert.Null(Status(run).Value);
    }

    [Theory]
    [MemberData(nameof(Figures))]
    public void Points_that_come_late_count_where_they_belong(AlertAggregate aggregate, double ofOne, double ofAll)
    {
        _ = ofOne;
        using MonitorRun run = Run(Rule(aggregate));
        Record(run, 10, 3, 4);
        run.Monitor.CheckAlerts();
        run.Monitor.RecordMetric("m", 1, timestamp: MonitorRun.Start - Window);
        run.Monitor.RecordMetric("m", 2, timestamp: MonitorRun.Start - TimeSpan.FromSeconds(1));
        run.Monitor.RecordMetric("m", 1000, timestamp: MonitorRun.Start - Window - TimeSpan.FromTicks(1));

        AssertFigure(run, aggregate, ofAll);
    }

    [Fact]
    public void A_quantile_at_its_threshold_is_not_beyond_it()
    {
        double[] points = [.. Enumerable.Range(1, 100).Select(i => i * 1.7)];
        using MonitorRun measured = Run(Rule(AlertAggregate.Quantile));
        Record(measured, points);
        double figure = measured.Monitor.GetMetrics("m", Window).Quantile(0.9);
        AlertRule rule = Rule(AlertAggregate.Quantile) with { Quantile = 0.9, Threshold = figure };
        using MonitorRun run = Run(
            rule,
            rule with
            {
                Name = "above",
                Threshold = Math.BitDecrement(figure),
            },
            rule with
            {
                Name = "below",
                Comparison = AlertComparison.Below,
                Threshold = Math.BitIncrement(figure),
            });
        Record(run, points);

        Assert.Equal(["above", "below"], run.Monitor.CheckAlerts().Select(alert => alert.Name));
    }

    [Fact]
    public void A_drift_at_its_threshold_is_not_beyond_it()
    {
        AlertRule rule = Rule(AlertAggregate.Drift) with { BaselineCount = 50, Threshold = 1000 };
        double[] points = [.. Enumerable.Range(0, 50).Select(i => (double)i), 40, 41, 49, 60];
        using MonitorRun measured = Run(rule);
        Record(measured, points);
        measured.Monitor.CheckAlerts();
        double figure = Status(measured).Value!.Value;
        Assert.InRange(figure, 3, 5);
        using MonitorRun run = Run(rule with { Threshold = figure }, rule with { Name = "beyond", Threshold = Math.BitDecrement(figure) });
        Record(run, points);

        Assert.Equal(["beyond"], run.Monitor.CheckAlerts().Select(alert => alert.Name));
    }

    [Fact]
    public void A_drift_goes_by_the_order_of_recording_whatever_the_clock_says()
    {
        AlertRule rule = Rule(AlertAggregate.Drift) with { BaselineCount = 50, Threshold = 1000 };
        using MonitorRun straight = Run(rule);
        using MonitorRun jumping = Run(rule);
        for (int i = 0; i < 60; i++)
        {
            jumping.Clock.Offset = TimeSpan.FromHours(i % 3 - 1);
            jumping.Monitor.CheckAlerts();
            Record(straight, i);
            if (i % 2 == 0)
                Record(jumping, i);
            else
                jumping.Monitor.RecordMetric("m", i, timestamp: MonitorRun.Start - TimeSpan.FromMinutes(i));
        }

        straight.Monitor.CheckAlerts();
        jumping.Monitor.CheckAlerts();
        Assert.InRange(Status(straight).Value!.Value, 1, 100);
        Assert.Equal(Status(straight).Value, Status(jumping).Value);
    }

    [Fact]
    public void A_clock_that_is_set_brings_no_repetition_forward()
    {
        var heard = new ConcurrentQueue<Alert>();
        using MonitorRun run = MonitorRun.InMemory(o =>
        {
            o.MetricsInterval = TimeSpan.Zero;
            o.AlertRules.Add(Rule(AlertAggregate.Max) with { Threshold = 1, Window = TimeSpan.FromHours(5) });
            o.AlertHandlers.Add(heard.Enqueue);
        });
        Record(run, 5);
        run.Monitor.CheckAlerts();
        run.Clock.Offset = TimeSpan.FromHours(2);
        run.Monitor.CheckAlerts();
        run.Clock.Offset = -TimeSpan.FromHours(2);
        run.Monitor.CheckAlerts();
        Assert.Single(heard);

        run.Clock.Advance(TimeSpan.FromHours(1));
        run.Monitor.CheckAlerts();
        Assert.Equal(2, heard.Count);
    }

    [Fact]
    public void A_point_that_comes_late_can_end_an_alert()
    {
        using MonitorRun run = Run(Rule(AlertAggregate.Mean) with { Threshold = 3 });
        Record(run, 4);
        Assert.Single(run.Monitor.CheckAlerts());
        run.Monitor.RecordMetric("m", 1, timestamp: MonitorRun.Start - TimeSpan.FromSeconds(5));

        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Equal(AlertState.Resolved, Status(run).State);
    }

    private static AlertRule Rule(AlertAggregate aggregate) =>
        new()
        {
            Name = "r",
            Metric = "m",
            Aggregate = aggregate,
            Quantile = 0.75,
            Threshold = 1e9,
            Window = Window,
            ShortWindow = Window,
            Objective = 0.99,
        };

    // Of the burn rate a point is a share of bad ones, so that 4 burns at 4 / (1 - 0.99). A quantile is within 1 %.
    private static void AssertFigure(MonitorRun run, AlertAggregate aggregate, double expected)
    {
        Assert.Empty(run.Monitor.CheckAlerts());
        double tolerance = aggregate is AlertAggregate.Quantile ? 0.01 * expected : 1e-9;
        Assert.InRange(Status(run).Value!.Value, expected - tolerance, expected + tolerance);
    }

    private static MonitorRun Run(params AlertRule[] rules) => MonitorRun.InMemory(o =>
    {
        o.MetricsInterval = TimeSpan.Zero;
        foreach (AlertRule rule in rules)
            o.AlertRules.Add(rule);
    });

    private static AlertStatus Status(MonitorRun run) => run.Monitor.GetAlerts().Single(s => s.Rule.Name == "r");

    private static void Record(MonitorRun run, params ReadOnlySpan<double> values)
    {
        foreach (double value in values)
            run.Monitor.RecordMetric("m", value);
    }
}
