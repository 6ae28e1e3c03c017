using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Alerts;

/// <summary>Each figure that a rule can compare, at its edges.</summary>
public sealed class AlertKindTests
{
    // The points are 1, 2, 3, 4, 10 within the window of ten seconds.
    public static TheoryData<AlertAggregate, double> Figures => new()
    {
        { AlertAggregate.Mean, 4 },
        { AlertAggregate.Min, 1 },
        { AlertAggregate.Max, 10 },
        { AlertAggregate.Sum, 20 },
        { AlertAggregate.Count, 5 },
        { AlertAggregate.Rate, 0.5 },
        { AlertAggregate.StandardDeviation, Math.Sqrt(10) },
    };

    [Theory]
    [MemberData(nameof(Figures))]
    public void A_rule_fires_strictly_beyond_its_threshold_on_either_side(AlertAggregate aggregate, double figure)
    {
        Assert.False(Fires(AlertComparison.Above, figure));
        Assert.True(Fires(AlertComparison.Above, Math.BitDecrement(figure)));
        Assert.False(Fires(AlertComparison.Below, figure));
        Assert.True(Fires(AlertComparison.Below, Math.BitIncrement(figure)));

        bool Fires(AlertComparison comparison, double threshold)
        {
            using MonitorRun run = Run(Rule(aggregate, comparison, threshold));
            Record(run, 100);
            run.Clock.Advance(TimeSpan.FromSeconds(20));
            Record(run, 1, 2, 3, 4, 10);
            bool fires = run.Monitor.CheckAlerts().Count == 1;
            Assert.Equal(figure, Status(run).Value!.Value, 12);
            return fires;
        }
    }

    [Fact]
    public void A_quantile_is_that_of_GetMetrics()
    {
        using MonitorRun run = Run(Rule(AlertAggregate.Quantile, AlertComparison.Above, 95) with { Quantile = 0.99 });
        Record(run, [.. Enumerable.Range(0, 100).Select(i => (double)i)]);
        Alert alert = Assert.Single(run.Monitor.CheckAlerts());
        Assert.Equal(run.Monitor.GetMetrics("m").Quantile(0.99), alert.Data["value"]);
        Assert.Equal("p99", alert.Data["aggregate"]);
        Assert.StartsWith("p99 of m 9", alert.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AlertAggregate.Mean, false)]
    [InlineData(AlertAggregate.Min, false)]
    [InlineData(AlertAggregate.Max, false)]
    [InlineData(AlertAggregate.Quantile, false)]
    [InlineData(AlertAggregate.StandardDeviation, false)]
    [InlineData(AlertAggregate.BurnRate, false)]
    [InlineData(AlertAggregate.Drift, false)]
    [InlineData(AlertAggregate.Sum, true)]
    [InlineData(AlertAggregate.Count, true)]
    [InlineData(AlertAggregate.Rate, true)]
    public void An_empty_window_has_a_count_a_sum_and_a_rate_where_the_rule_asks_for_no_points(AlertAggregate aggregate, bool fires)
    {
        AlertRule rule = Rule(aggregate, AlertComparison.Below, 5);
        using MonitorRun asking = Run(rule with { MinimumCount = 0 });
        Assert.Equal(fires, asking.Monitor.CheckAlerts().Count == 1);
        using MonitorRun usual = Run(rule);
        Assert.Empty(usual.Monitor.CheckAlerts());
    }

    [Fact]
    public void One_point_is_a_window_and_a_minimum_count_asks_for_more()
    {
        using MonitorRun run = Run(Rule(AlertAggregate.Mean, AlertComparison.Above, 1) with { MinimumCount = 3 });
        Record(run, 5, 5);
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Null(Status(run).Value);
        Record(run, 5);
        Assert.Single(run.Monitor.CheckAlerts());
        run.Clock.Advance(TimeSpan.FromSeconds(11));
        Record(run, 5);
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Equal(AlertState.Resolved, Status(run).State);
    }

    [Fact]
    public void A_point_that_comes_late_counts_in_the_window_of_its_time()
    {
        using MonitorRun run = Run(Rule(AlertAggregate.Max, AlertComparison.Above, 1));
        run.Monitor.RecordMetric("m", 5, timestamp: MonitorRun.Start - TimeSpan.FromSeconds(11));
        Assert.Empty(run.Monitor.CheckAlerts());
        run.Monitor.RecordMetric("m", 5, timestamp: MonitorRun.Start - TimeSpan.FromSeconds(10));
        Assert.Single(run.Monitor.CheckAlerts());
    }

    [Fact]
    public void A_rule_may_look_at_one_model()
    {
        AlertRule rule = new()
        {
            Name = "r",
            Metric = "generation_time",
            Aggregate = AlertAggregate.Max,
            Threshold = 10,
            ModelName = "slow",
        };
        using MonitorRun run = Run(
            rule,
            rule with
            {
                Name = "none",
                ModelName = "unknown",
            },
            rule with
            {
                Name = "p",
                Aggregate = AlertAggregate.Quantile,
                Threshold = 1,
            });
        Track("fast", 100);
        Track("slow", 9);
        Assert.Equal(["p"], run.Monitor.CheckAlerts().Select(a => a.Name));
        Track("slow", 11);
        Track(null, 11);
        IReadOnlyList<Alert> alerts = run.Monitor.CheckAlerts();
        Assert.Equal(["r", "none", "p"], alerts.Select(a => a.Name));
        Assert.Equal(("slow", 2L), (alerts[0].Data["model_name"], alerts[0].Data["count"]));

        void Track(string? model, double seconds) =>
            run.Monitor.TrackGeneration(TimeSpan.FromSeconds(seconds), true, new GenerationDetails { ModelName = model });
    }

    [Fact]
    public void A_rule_may_look_at_one_tag()
    {
        AlertRule rule = new()
        {
            Name = "r",
            Metric = "success_rate",
            Comparison = AlertComparison.Below,
            Threshold = 0.5,
            Tag = new("tenant", "acme"),
        };
        using MonitorRun run = Run(
            rule,
            rule with
            {
                Name = "number",
                Tag = new("shard", "3"),
            },
            rule with
            {
                Name = "both",
                ModelName = "small",
            });
        Track("large", false, KeyValuePair.Create<string, object?>("tenant", "other"));
        Track("large", true, KeyValuePair.Create<string, object?>("tenant", "acme"), KeyValuePair.Create<string, object?>("shard", 3));
        Track("small", false);
        Assert.Empty(run.Monitor.CheckAlerts());

        Track("large", false, KeyValuePair.Create<string, object?>("tenant", "acme"));
        Track("large", false, KeyValuePair.Create<string, object?>("tenant", "acme"));
        Alert alert = Assert.Single(run.Monitor.CheckAlerts());
        Assert.Equal(("r", "acme", 3L), (alert.Name, alert.Data["tag:tenant"], alert.Data["count"]));
        Assert.Equal("Mean of success_rate with tenant acme 0.33 is below 0.5", alert.Message);

        Track("small", false, KeyValuePair.Create<string, object?>("shard", 3L), KeyValuePair.Create<string, object?>("tenant", "acme"));
        Track("small", false, KeyValuePair.Create<string, object?>("shard", 3.0));
        Assert.Equal(["r", "number", "both"], run.Monitor.CheckAlerts().Select(a => a.Name));

        void Track(string model, bool success, params KeyValuePair<string, object?>[] tags) =>
            run.Monitor.TrackGeneration(TimeSpan.Zero, success, new GenerationDetails { ModelName = model, Tags = tags });
    }

    [Fact]
    public void A_rule_for_a_tag_looks_at_the_metadata_of_points()
    {
        using MonitorRun run = Run(
            new AlertRule
            {
                Name = "r",
                Metric = "m",
                Aggregate = AlertAggregate.Sum,
                Threshold = 2,
                Tag = new("is_batch", "true"),
            });
        run.Monitor.RecordMetric("m", 100);
        run.Monitor.RecordMetric("m", 100, new Dictionary<string, object?> { ["is_batch"] = false });
        run.Monitor.RecordMetric("m", 2, new Dictionary<string, object?> { ["is_batch"] = true });
        Assert.Empty(run.Monitor.CheckAlerts());
        run.Monitor.RecordMetric("m", 1, new Dictionary<string, object?> { ["is_batch"] = true });
        Assert.Equal(3.0, Assert.Single(run.Monitor.CheckAlerts()).Data["value"]);
    }

    [Fact]
    public void A_rule_for_a_model_sees_more_points_than_memory_holds_and_models_past_the_limit()
    {
        using MonitorRun run = MonitorRun.InMemory(options =>
        {
            options.MaxRetainedPoints = 16_384;
            options.CardinalityLimit = 1;
            options.AlertRules.Add(
                new AlertRule
                {
                    Name = "r",
                    Metric = "m",
                    Aggregate = AlertAggregate.Count,
                    Threshold = 0,
                    ModelName = "late",
                });
        });
        run.Monitor.RecordMetric("m", 1, new Dictionary<string, object?> { ["model_name"] = "early" });
        for (int i = 0; i < 50_000; i++)
            run.Monitor.RecordMetric("m", i, new Dictionary<string, object?> { ["model_name"] = "late" });
        Assert.Equal(50_000.0, Assert.Single(run.Monitor.CheckAlerts()).Data["value"]);
    }

    [Fact]
    public void Three_failures_in_four_calls_are_no_finding_where_a_bound_judges()
    {
        using MonitorRun run = MonitorRun.InMemory(o => o.AlertConfidence = 0.999);
        Calls(run, failures: 3, successes: 1);
        Assert.DoesNotContain("low_success_rate", run.Monitor.CheckAlerts().Select(a => a.Name));
        Calls(run, failures: 27, successes: 9);
        Alert alert = Assert.Single(run.Monitor.CheckAlerts(), a => a.Name == "low_success_rate");
        Assert.Equal((0.999, 0.25), (alert.Data["confidence"], alert.Data["mean"]));
        Assert.Equal("Success rate 25 % is below 80 % with 99.9 % confidence", alert.Message);
        Assert.Contains(run.Monitor.CheckAlerts(), a => a.Name == "high_error_rate");
    }

    /// <summary>Bounds from the score interval's defining equation, (p - π)² = z² π(1 - π)/n, which the test solves on its own.</summary>
    [Theory]
    [InlineData(4, 100, 0.95, 1.6448536269514722)]
    [InlineData(0, 10, 0.99, 2.3263478740408408)]
    [InlineData(10, 10, 0.99, 2.3263478740408408)]
    [InlineData(1, 1, 0.95, 1.6448536269514722)]
    [InlineData(450, 1000, 0.999, 3.090232306167813)]
    public void The_bound_is_Wilsons(int ones, int count, double confidence, double z)
    {
        double p = (double)ones / count;
        double a = 1 + (z * z / count);
        double b = (2 * p) + (z * z / count);
        double root = Math.Sqrt((b * b) - (4 * a * p * p));
        (double lower, double upper) = ((b - root) / (2 * a), (b + root) / (2 * a));

        Assert.Equal((false, true), (Fires(AlertComparison.Below, upper - 1e-9), Fires(AlertComparison.Below, upper + 1e-9)));
        Assert.Equal((true, false), (Fires(AlertComparison.Above, lower - 1e-9), Fires(AlertComparison.Above, lower + 1e-9)));

        bool Fires(AlertComparison comparison, double threshold)
        {
            using MonitorRun run = Run(Rule(AlertAggregate.Mean, comparison, threshold) with { Confidence = confidence });
            Record(run, [.. Enumerable.Range(0, count).Select(i => i < ones ? 1.0 : 0)]);
            return run.Monitor.CheckAlerts().Count == 1;
        }
    }

    [Theory]
    [InlineData(AlertComparison.Above, 0.9, 1, 1.5)]
    [InlineData(AlertComparison.Below, 0.5, 0, -0.5)]
    public void Where_a_point_is_no_rate_the_mean_itself_is_judged(
        AlertComparison comparison,
        double threshold,
        double rate,
        double other)
    {
        using MonitorRun run = Run(Rule(AlertAggregate.Mean, comparison, threshold) with { Confidence = 0.99 });
        Record(run, rate);
        Assert.Empty(run.Monitor.CheckAlerts());
        Record(run, other);
        Assert.Single(run.Monitor.CheckAlerts());
    }

    [Fact]
    public void A_budget_burns_where_it_burns_in_both_windows()
    {
        AlertRule rule = new()
        {
            Name = "r",
            Metric = "success_rate",
            Aggregate = AlertAggregate.BurnRate,
            Comparison = AlertComparison.Below,
            Window = TimeSpan.FromHours(1),
            Objective = 0.99,
            Threshold = 14.4,
        };
        using MonitorRun run = Run(rule, rule with { Name = "errors", Metric = "error_rate", Comparison = AlertComparison.Above });
        void Minutes(int minutes, int badOfHundred)
        {
            for (int minute = 0; minute < minutes; minute++)
            {
                for (int i = 0; i < 100; i++)
                    run.Monitor.TrackGeneration(
                        TimeSpan.Zero,
                        i >= badOfHundred,
                        i < badOfHundred ? new GenerationDetails { Error = "e" } : default);
                run.Clock.Advance(TimeSpan.FromMinutes(1));
            }
        }

        // Over five minutes it burns at 100, over the hour at 5 · 100/60, then 9 · 100/60 = 15.
        Minutes(60, 0);
        Minutes(5, 100);
        Assert.DoesNotContain(run.Monitor.CheckAlerts(), a => a.Name is "r" or "errors");
        Minutes(4, 100);
        Alert[] alerts = [.. run.Monitor.CheckAlerts().Where(a => a.Name is "r" or "errors")];
        Assert.Equal(["r", "errors"], alerts.Select(a => a.Name));
        Assert.All(alerts, a => Assert.InRange((double)a.Data["value"]!, 14.4, 16));

        // The hour still remembers, the five minutes are well again.
        Minutes(6, 0);
        Assert.DoesNotContain(run.Monitor.CheckAlerts(), a => a.Name is "r" or "errors");
        Assert.Equal(0, run.Monitor.GetAlerts().Single(s => s.Rule.Name == "r").Value);

        // Nor does it burn while nothing happens.
        run.Clock.Advance(TimeSpan.FromMinutes(20));
        Assert.DoesNotContain(run.Monitor.CheckAlerts(), a => a.Name is "r" or "errors");
    }

    [Fact]
    public void The_second_window_of_a_burn_rate_is_that_of_its_rule()
    {
        AlertRule rule = Rule(AlertAggregate.BurnRate, AlertComparison.Above, 1) with
        {
            Window = TimeSpan.FromHours(1),
            ShortWindow = TimeSpan.FromMinutes(30),
        };
        using MonitorRun run = Run(rule, rule with { Name = "twelfth", ShortWindow = null });
        Record(run, 1);
        run.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(["r"], run.Monitor.CheckAlerts().Select(alert => alert.Name));

        run.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Empty(run.Monitor.CheckAlerts());
    }

    [Fact]
    public void A_burn_rate_at_its_threshold_is_not_beyond_it()
    {
        AlertRule rule = new()
        {
            Name = "r",
            Metric = "m",
            Aggregate = AlertAggregate.BurnRate,
            Objective = 0.5,
            Threshold = 2,
            ShortWindow = TimeSpan.FromMinutes(5),
        };
        using MonitorRun run = Run(rule, rule with { Name = "s", Threshold = Math.BitDecrement(2) });
        Record(run, 1);
        Assert.Equal(["s"], run.Monitor.CheckAlerts().Select(a => a.Name));
    }

    [Theory]
    [InlineData(AlertComparison.Above, 1)]
    [InlineData(AlertComparison.Below, -1)]
    public void A_drift_from_the_baseline_is_noticed_and_is_over_when_the_metric_has_come_back(AlertComparison comparison, double sign)
    {
        var random = new Random(7);
        AlertRule rule = new()
        {
            Name = "r",
            Metric = "m",
            Aggregate = AlertAggregate.Drift,
            Comparison = comparison,
            Threshold = AlertRule.DriftThreshold(1e6),
            BaselineCount = 500,
        };
        using MonitorRun run = Run(
            rule,
            rule with
            {
                Name = "other way",
                Comparison = comparison == AlertComparison.Above ? AlertComparison.Below : AlertComparison.Above,
            });
        Points(499, 0);
        run.Monitor.CheckAlerts();
        Assert.Null(Status(run).Value);
        Points(1, 0);
        run.Monitor.CheckAlerts();
        Assert.Equal(0, Status(run).Value);
        Points(2000, 0);
        Assert.Empty(run.Monitor.CheckAlerts());

        Points(60, 1.5 * sign);
        Alert alert = Assert.Single(run.Monitor.CheckAlerts());
        Assert.Equal(("r", "Drift"), (alert.Name, alert.Data["aggregate"]));
        Points(1000, 1.5 * sign);
        Assert.Single(run.Monitor.CheckAlerts());
        Points(100, 0);
        Assert.Empty(run.Monitor.CheckAlerts());

        // Lognormal: only its ranks matter.
        void Points(int count, double shift)
        {
            for (int i = 0; i < count; i++)
                run.Monitor.RecordMetric("m", Math.Exp(5 + (2 * (Gaussian(random) + shift))));
        }
    }

    [Theory]
    [InlineData(AlertComparison.Above, 3.1)]
    [InlineData(AlertComparison.Below, 2.9)]
    public void A_metric_that_does_not_vary_does_not_drift_until_it_moves(AlertComparison comparison, double moved)
    {
        using MonitorRun run = Run(Rule(AlertAggregate.Drift, comparison, 10) with { BaselineCount = 50 });
        Record(run, [.. Enumerable.Repeat(3.0, 5000)]);
        Assert.Empty(run.Monitor.CheckAlerts());
        Record(run, [.. Enumerable.Repeat(moved, 10)]);
        Assert.Single(run.Monitor.CheckAlerts());
    }

    /// <summary>The quantiles of the normal distribution are Python's: those of 50.5/51, and of 40.5/51 and 41.5/51.</summary>
    [Fact]
    public void A_drift_adds_up_the_normal_scores_of_ranks_less_the_reference()
    {
        using MonitorRun run = Run(Rule(AlertAggregate.Drift, AlertComparison.Above, 1000) with { BaselineCount = 50 });
        Record(run, [.. Enumerable.Range(0, 50).Select(i => (double)i)]);
        Record(run, 60);
        run.Monitor.CheckAlerts();
        Assert.Equal(1.8337685748, Status(run).Value!.Value, 9);

        Record(run, 40);
        run.Monitor.CheckAlerts();
        Assert.Equal(2.1900190338, Status(run).Value!.Value, 9);
    }

    /// <summary>Siegmund's formula by hand, and the usual tables: h = 5 has a one-sided run length of about 930 (Montgomery, table 9.3:
    /// two-sided 465).</summary>
    [Fact]
    public void The_threshold_of_a_drift_comes_from_its_average_run_length()
    {
        Assert.InRange(AlertRule.DriftThreshold(930), 4.95, 5.05);
        double h = AlertRule.DriftThreshold(1e9);
        Assert.Equal(1e9, 2 * (Math.Exp(h + 1.166) - (h + 1.166) - 1), 1e9 * 1e-9);
        Assert.InRange(AlertRule.DriftThreshold(100), 2, 4);
        Assert.StartsWith(
            "The average run length must be at least 100 points.",
            Assert.Throws<ArgumentOutOfRangeException>(() => AlertRule.DriftThreshold(99)).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => AlertRule.DriftThreshold(double.NaN));
    }

    internal static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    private static AlertRule Rule(AlertAggregate aggregate, AlertComparison comparison, double threshold) =>
        new()
        {
            Name = "r",
            Metric = "m",
            Aggregate = aggregate,
            Comparison = comparison,
            Threshold = threshold,
            Window = TimeSpan.FromSeconds(10),
        };

    private static MonitorRun Run(params AlertRule[] rules) => MonitorRun.InMemory(o =>
    {
        o.MetricsInterval = TimeSpan.Zero;
        o.AlertMinSuccessRate = 0;
        o.AlertMaxErrorRate = 1;
        o.AlertMaxGenerationTime = TimeSpan.MaxValue;
        foreach (AlertRule rule in rules)
            o.AlertRules.Add(rule);
    });

    private static AlertStatus Status(MonitorRun run) => run.Monitor.GetAlerts().Single(s => s.Rule.Name == "r");

    private static void Record(MonitorRun run, params ReadOnlySpan<double> values)
    {
        foreach (double value in values)
            run.Monitor.RecordMetric("m", value);
    }

    private static void Calls(MonitorRun run, int failures, int successes)
    {
        for (int i = 0; i < failures + successes; i++)
            run.Monitor.TrackGeneration(TimeSpan.Zero, i >= failures, i < failures ? new GenerationDetails { Error = "e" } : default);
    }
}
