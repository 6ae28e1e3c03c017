using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Alerts;

/// <summary>What an alert says to people, and what its data say to programs.</summary>
public sealed class AlertTextTests
{
    private static readonly AlertRule Above = new() { Name = "r", Metric = "m", Threshold = 1 };

    public static TheoryData<AlertRule, string> Firing => new()
    {
        { Above, "Mean of m 4 is above 1" },
        { Above with { Comparison = AlertComparison.Below, Threshold = 5 }, "Mean of m 4 is below 5" },
        { Above with { Aggregate = AlertAggregate.StandardDeviation }, "Standard deviation of m 3.16 is above 1" },
        { Above with { Aggregate = AlertAggregate.BurnRate, Objective = 0.5 }, "Burn rate of m 8 is above 1" },
        { Above with { ModelName = "large" }, "Mean of m for large 10 is above 1" },
        { Above with { Tag = new("tenant", "acme"), Unit = "ms" }, "Mean of m with tenant acme 10 ms is above 1 ms" },
        { Above with { Aggregate = AlertAggregate.Sum, Label = "Load", Unit = "%" }, "Load 2,000 % is above 100 %" },
    };

    [Theory]
    [MemberData(nameof(Firing), DisableDiscoveryEnumeration = true)]
    public void The_message_of_an_alert_has_its_figure_and_its_threshold(AlertRule rule, string message)
    {
        using MonitorRun run = Run(rule, out _);
        Record(run, 1, 2, 3, 4);
        run.Monitor.RecordMetric("m", 10, new Dictionary<string, object?> { ["model_name"] = "large", ["tenant"] = "acme" });

        Assert.Equal(message, Assert.Single(run.Monitor.CheckAlerts()).Message);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.004, "0.004")]
    [InlineData(-0.00123456, "-0.0012")]
    [InlineData(0.0000001, "0.0000001")]
    [InlineData(2e-300, "2E-300")]
    [InlineData(0.01, "0.01")]
    [InlineData(1234.567, "1,234.57")]
    public void No_figure_but_zero_reads_as_zero(double value, string text)
    {
        using MonitorRun run = Run(Above with { Threshold = -1 }, out _);
        Record(run, value);

        Assert.Equal($"Mean of m {text} is above -1", Assert.Single(run.Monitor.CheckAlerts()).Message);
    }

    [Fact]
    public void A_burn_rate_of_points_that_should_be_high_is_above_its_threshold()
    {
        using MonitorRun run = Run(
            Above with { Aggregate = AlertAggregate.BurnRate, Comparison = AlertComparison.Below, Objective = 0.5 },
            out _);
        Record(run, 0);

        Assert.Equal("Burn rate of m 2 is above 1", Assert.Single(run.Monitor.CheckAlerts()).Message);
    }

    public static TheoryData<AlertRule, double[], string> Over => new()
    {
        { Above, [], "Mean of m is over: nothing was recorded for 5 minutes" },
        { Above with { MinimumCount = 3 }, [2, 2], "Mean of m is over: too little was recorded, 2 points in 5 minutes" },
        { Above with { Label = "Load", Unit = "s" }, [0.25, 0.75], "Load 0.5 s is within 1 s again" },
        {
            Above with { Threshold = 0.4, Confidence = 0.95 },
            [0, 1],
            "Mean of m 0.5 is no longer above 0.4 with 95 % confidence"
        },
    };

    [Theory]
    [MemberData(nameof(Over), DisableDiscoveryEnumeration = true)]
    public void The_message_of_an_alert_that_is_over_says_why(AlertRule rule, double[] points, string message)
    {
        using MonitorRun run = Run(rule, out ConcurrentQueue<Alert> heard);
        Record(run, 3, 3, 3);
        run.Monitor.CheckAlerts();
        run.Clock.Advance(TimeSpan.FromMinutes(5) + TimeSpan.FromTicks(1));
        Record(run, points);
        run.Monitor.CheckAlerts();

        Assert.Equal([false, true], heard.Select(alert => alert.IsResolved));
        Assert.Equal(message, heard.Last().Message);
    }

    [Fact]
    public void The_data_of_an_alert_are_the_figures_behind_it_and_the_settings_of_its_rule()
    {
        using MonitorRun run = Run(
            Above with { Aggregate = AlertAggregate.Max, Level = AlertLevel.Info, ModelName = "large", Tag = new("tenant", "acme") },
            out _);
        foreach (double value in (double[])[1, 2, 9])
            run.Monitor.RecordMetric("m", value, new Dictionary<string, object?> { ["model_name"] = "large", ["tenant"] = "acme" });

        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["metric"] = "m",
                ["window_seconds"] = 300.0,
                ["threshold"] = 1.0,
                ["count"] = 3L,
                ["mean"] = 4.0,
                ["min"] = 1.0,
                ["max"] = 9.0,
                ["aggregate"] = "Max",
                ["value"] = 9.0,
                ["model_name"] = "large",
                ["tag:tenant"] = "acme",
            },
            Assert.Single(run.Monitor.CheckAlerts()).Data);
    }

    [Fact]
    public void An_alert_is_over_only_if_its_data_say_so()
    {
        Assert.True(Alert(true).IsResolved);
        Assert.False(Alert(false).IsResolved);
        Assert.False(Alert(null).IsResolved);

        static Alert Alert(object? resolved) => new()
        {
            Name = "r",
            Message = "m",
            Level = AlertLevel.Info,
            Timestamp = MonitorRun.Start,
            Data = new Dictionary<string, object?> { ["resolved"] = resolved },
        };
    }

    private static MonitorRun Run(AlertRule rule, out ConcurrentQueue<Alert> heard)
    {
        var alerts = heard = new ConcurrentQueue<Alert>();
        return MonitorRun.InMemory(o =>
        {
            o.MetricsInterval = TimeSpan.Zero;
            o.AlertRules.Add(rule);
            o.AlertHandlers.Add(alerts.Enqueue);
        });
    }

    private static void Record(MonitorRun run, params ReadOnlySpan<double> values)
    {
        foreach (double value in values)
            run.Monitor.RecordMetric("m", value);
    }
}
