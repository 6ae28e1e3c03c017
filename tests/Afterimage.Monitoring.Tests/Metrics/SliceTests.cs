using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Metrics;

/// <summary>Figures of a model, of a tag, and over time.</summary>
public sealed class SliceTests
{
    private static readonly DateTimeOffset Start = MonitorRun.Start;

    [Fact]
    public void A_query_by_model_takes_the_points_of_that_model()
    {
        using MonitorRun run = Random(out Call[] calls);

        foreach (string model in (string[])["a", "b", "unknown"])
        {
            double[] expected = [.. calls.Where(c => (c.Model ?? "unknown") == model).Select(c => c.Seconds)];
            AssertIs(
                expected,
                run.Monitor.GetMetrics("generation_time", new MetricQuery { ModelName = model, Window = TimeSpan.MaxValue }));
        }

        Assert.Equal(0, run.Monitor.GetMetrics("generation_time", new MetricQuery { ModelName = "c" }).Count);
    }

    [Fact]
    public void From_is_inclusive_and_to_is_exclusive()
    {
        using MonitorRun run = MonitorRun.InMemory();
        for (int second = 0; second < 10; second++)
            run.Monitor.RecordMetric("m", second, null, Start.AddSeconds(second));

        MetricAggregate aggregate = run.Monitor.GetMetrics("m", new MetricQuery { From = Start.AddSeconds(2), To = Start.AddSeconds(5) });

        Assert.Equal((3, 2, 4), (aggregate.Count, aggregate.Min, aggregate.Max));
    }

    [Fact]
    public void Figures_by_a_dimension_add_up_to_those_of_all_points()
    {
        using MonitorRun run = Random(out Call[] calls);
        var everything = new MetricQuery { Window = TimeSpan.MaxValue };

        foreach ((string dimension, Func<Call, string?> valueOf) in ((string, Func<Call, string?>)[])
            [("model_name", c => c.Model ?? "unknown"), ("tenant", c => c.Tenant)])
        {
            var expected = calls
                .Where(c => valueOf(c) is not null)
                .GroupBy(valueOf)
                .ToDictionary(g => g.Key!, g => g.Select(c => c.Seconds));
            IReadOnlyDictionary<string, MetricAggregate> by = run.Monitor.GetMetricsBy("generation_time", dimension, everything);
            Assert.Equal(expected.Keys.Order(), by.Keys.Order());
            Assert.All(expected, value => AssertIs([.. value.Value], by[value.Key]));
        }
    }

    [Fact]
    public void A_query_by_model_and_tag_takes_the_points_with_both()
    {
        using MonitorRun run = Random(out Call[] calls);
        var query = new MetricQuery { Tag = new("tenant", "x"), ModelName = "a", Window = TimeSpan.MaxValue };
        double[] expected = [.. calls.Where(c => c is { Model: "a", Tenant: "x" }).Select(c => c.Seconds)];

        AssertIs(expected, run.Monitor.GetMetrics("generation_time", query));
        AssertIs(expected, run.Monitor.GetMetricsBy("generation_time", "model_name", query with { ModelName = null })["a"]);
        AssertIs(expected, run.Monitor.GetMetricsBy("generation_time", "tenant", query with { Tag = null })["x"]);
    }

    [Fact]
    public void A_time_series_holds_every_point_once_and_empty_buckets()
    {
        using MonitorRun run = Random(out Call[] calls);
        var query = new MetricQuery { From = Start, To = Start.AddHours(3), ModelName = "a" };

        IReadOnlyList<MetricBucket> buckets = run.Monitor.GetTimeSeries("generation_time", TimeSpan.FromMinutes(7), query);

        Assert.Equal(26, buckets.Count);
        for (int i = 0; i < buckets.Count; i++)
        {
            DateTimeOffset from = Start.AddMinutes(7 * i);
            Assert.Equal(from, buckets[i].Start);
            AssertIs(
                [.. calls.Where(c => c.Model == "a" && c.Time >= from && c.Time < from.AddMinutes(7)).Select(c => c.Seconds)],
                buckets[i].Aggregate);
        }

        Assert.Contains(buckets, bucket => bucket.Aggregate.Count == 0);
    }

    [Fact]
    public void The_last_hour_by_minute_has_sixty_buckets_and_ends_with_now()
    {
        using MonitorRun run = MonitorRun.InMemory();
        run.Clock.Advance(TimeSpan.FromSeconds(90));
        run.Monitor.RecordMetric("m", 1);

        IReadOnlyList<MetricBucket> buckets =
            run.Monitor.GetTimeSeries("m", TimeSpan.FromMinutes(1), new MetricQuery { Window = TimeSpan.FromHours(1) });

        Assert.Equal(60, buckets.Count);
        Assert.Equal(run.Clock.GetUtcNow().AddHours(-1), buckets[0].Start);
        Assert.Equal([59], buckets.Index().Where(b => b.Item.Aggregate.Count > 0).Select(b => b.Index));
    }

    [Fact]
    public void A_time_series_counts_every_point_once_when_only_summaries_are_left()
    {
        using MonitorRun run = MonitorRun.InMemory(o => o.MaxRetainedPoints = 16_384);
        for (int i = 0; i < 200_000; i++)
            run.Monitor.RecordMetric("m", i, null, Start.AddSeconds(i / 100.0));

        IReadOnlyList<MetricBucket> buckets =
            run.Monitor.GetTimeSeries("m", TimeSpan.FromSeconds(10), new MetricQuery { Window = TimeSpan.MaxValue });

        Assert.Equal(200_000, buckets.Sum(b => b.Aggregate.Count));
        Assert.Equal(run.Monitor.GetMetrics("m", TimeSpan.MaxValue).Sum, buckets.Sum(b => b.Aggregate.Sum));
    }

    [Fact]
    public void Values_beyond_the_cardinality_limit_count_as_other()
    {
        using MonitorRun run = MonitorRun.InMemory(o =>
        {
            o.Dimensions.Add("tenant");
            o.CardinalityLimit = 3;
        });
        for (int i = 0; i < 10; i++)
            Track(run, new Call(Start, 1, null, $"t{i}"));

        IReadOnlyDictionary<string, MetricAggregate> by = run.Monitor.GetMetricsBy("generation_time", "tenant");

        Assert.Equal(["(other)", "t0", "t1", "t2"], by.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(7, by[GenerationMonitorOptions.OverflowName].Count);
    }

    [Fact]
    public void Tokens_and_cost_of_a_tag_and_a_model_are_those_of_its_calls()
    {
        using MonitorRun run = MonitorRun.InMemory(o =>
        {
            o.Dimensions.Add("tenant");
            o.Pricing = new ModelPricing([new("a", new ModelPrice { Input = 1, Output = 2 })]);
        });
        foreach ((string model, string tenant, int tokens) in ((string, string, int)[])
            [("a", "x", 1000), ("a", "y", 2000), ("b", "x", 4000)])
        {
            run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails
            {
                ModelName = model,
                PromptTokenCount = tokens,
                Tags = [new("tenant", tenant)],
            });
        }

        var tagged = new MetricQuery { Tag = new("tenant", "x") };
        Assert.Equal(5000, run.Monitor.GetTotalTokenUsage(tagged).TotalTokens);
        Assert.Equal(1000, run.Monitor.GetTotalTokenUsage(tagged with { ModelName = "a" }).TotalTokens);
        Assert.Equal(3000, run.Monitor.GetTotalTokenUsage(new MetricQuery { ModelName = "a" }).TotalTokens);
        Assert.Equal(["a", "b"], run.Monitor.GetCost(tagged).ByModel.Select(m => m.ModelName));
        Assert.Equal(run.Monitor.GetCost().TotalUsd / 3, run.Monitor.GetCost(tagged).TotalUsd);
    }

    [Fact]
    public void A_query_that_contradicts_itself_throws()
    {
        using MonitorRun run = MonitorRun.InMemory();
        MetricQuery[] wrong =
        [
            new() { Window = TimeSpan.FromSeconds(-1) },
            new() { Window = TimeSpan.FromSeconds(1), From = Start },
            new() { From = Start, To = Start.AddTicks(-1) },
            new() { Tag = new("tenant", "x") },
        ];

        Assert.All(wrong, query => Assert.ThrowsAny<ArgumentException>(() => run.Monitor.GetMetrics("m", query)));
        Assert.Throws<ArgumentException>(() => run.Monitor.GetMetricsBy("m", "tenant"));
        Assert.Throws<ArgumentOutOfRangeException>(() => run.Monitor.GetTimeSeries("m", TimeSpan.Zero));
    }

    [Fact]
    public void The_median_of_small_windows_is_one_of_the_points()
    {
        using MonitorRun run = MonitorRun.InMemory();
        foreach (int turns in (int[])[1, 1, 1, 2, 9])
            run.Monitor.RecordMetric("turns", turns);

        MetricAggregate turnsSoFar = run.Monitor.GetMetrics("turns");

        Assert.Equal((1, 2, 9), (turnsSoFar.Quantile(0.5), turnsSoFar.Quantile(0.8), turnsSoFar.Quantile(0.81)));
    }

    // Out of order here and there, and more than some chunks hold.
    private static MonitorRun Random(out Call[] calls)
    {
        var random = new Random(4711);
        MonitorRun run = MonitorRun.InMemory(o => o.Dimensions.Add("tenant"));
        calls =
        [
            .. Enumerable.Range(0, 9000).Select(i => new Call(
                Start.AddSeconds(random.Next(20) == 0 ? random.Next(9000) : i),
                TimeSpan.FromMilliseconds(random.Next(1, 60_000)).TotalSeconds,
                new[] { "a", "b", null }[random.Next(3)],
                new[] { "x", "y", null }[random.Next(3)])),
        ];
        foreach (Call call in calls)
            Track(run, call);
        return run;
    }

    private static void Track(MonitorRun run, Call call) =>
        run.Monitor.TrackGeneration(
            TimeSpan.FromTicks((long)Math.Round(call.Seconds * TimeSpan.TicksPerSecond)),
            true,
            new GenerationDetails
            {
                ModelName = call.Model,
                Timestamp = call.Time,
                Tags = call.Tenant is null ? null : [new("tenant", call.Tenant)],
            });

    private static void AssertIs(double[] expected, in MetricAggregate aggregate)
    {
        Assert.Equal(expected.Length, aggregate.Count);
        if (expected.Length == 0)
            return;

        double[] sorted = [.. expected.Order()];
        Assert.Equal((sorted[0], sorted[^1]), (aggregate.Min, aggregate.Max));
        Assert.Equal(expected.Sum(), aggregate.Sum, expected.Sum() * 1e-12);
        foreach (double q in (double[])[0.01, 0.5, 0.95, 0.99])
            Assert.Equal(sorted[(int)Math.Ceiling((decimal)q * sorted.Length) - 1], aggregate.Quantile(q));
    }

    private sealed record Call(DateTimeOffset Time, double Seconds, string? Model, string? Tenant);
}
