using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Metrics;

/// <summary>Which points a query takes, at its edges, and what it refuses.</summary>
public sealed class QueryTests
{
    private static readonly DateTimeOffset Start = MonitorRun.Start;

    [Fact]
    public void A_query_without_a_time_is_of_the_last_five_minutes()
    {
        using MonitorRun run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("m", 1, Model("a"));
        run.Clock.Advance(TimeSpan.FromTicks(1));
        run.Monitor.RecordMetric("m", 2, Model("a"));
        run.Clock.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(2, run.Monitor.GetMetrics("m", new MetricQuery { ModelName = "a" }).Sum);
        Assert.Equal(2, run.Monitor.GetMetricsBy("m", "model_name")["a"].Sum);
        Assert.Equal(2, run.Monitor.GetTimeSeries("m", TimeSpan.FromMinutes(1)).Sum(bucket => bucket.Aggregate.Sum));
        Assert.Equal(3, run.Monitor.GetMetrics("m", new MetricQuery { To = Start.AddMinutes(1) }).Sum);
    }

    [Fact]
    public void A_window_with_an_end_looks_back_from_the_end()
    {
        using MonitorRun run = Seconds(10);

        MetricAggregate aggregate = run.Monitor.GetMetrics(
            "m",
            new MetricQuery { Window = TimeSpan.FromSeconds(2), To = Start.AddSeconds(5) });
        Assert.Equal((2, 3, 4), (aggregate.Count, aggregate.Min, aggregate.Max));

        var everything = new MetricQuery { Window = TimeSpan.MaxValue, To = Start.AddSeconds(5) };
        Assert.Equal(5, run.Monitor.GetMetrics("m", everything).Count);
    }

    [Fact]
    public void A_query_whose_start_is_its_end_takes_nothing()
    {
        using MonitorRun run = Seconds(3);
        var query = new MetricQuery { From = Start.AddSeconds(1), To = Start.AddSeconds(1) };

        Assert.Equal(0, run.Monitor.GetMetrics("m", query).Count);
        Assert.Empty(run.Monitor.GetTimeSeries("m", TimeSpan.FromSeconds(1), query));
    }

    [Fact]
    public void A_query_goes_by_a_clock_that_is_set()
    {
        using MonitorRun run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("m", 1);
        run.Clock.Offset = TimeSpan.FromHours(1);
        run.Clock.Advance(TimeSpan.FromSeconds(10));
        DateTimeOffset now = run.Clock.GetUtcNow();
        run.Monitor.RecordMetric("m", 2);

        Assert.Equal(2, run.Monitor.GetMetrics("m", new MetricQuery { From = now }).Sum);
        Assert.Equal(1, run.Monitor.GetMetrics("m", new MetricQuery { To = now }).Sum);
        IReadOnlyList<MetricBucket> buckets =
            run.Monitor.GetTimeSeries("m", TimeSpan.FromMinutes(1), new MetricQuery { Window = TimeSpan.MaxValue });
        Assert.Equal(Start.AddHours(1), Assert.Single(buckets).Start);
    }

    [Fact]
    public void Buckets_of_everything_start_at_multiples_of_the_step()
    {
        using MonitorRun run = MonitorRun.InMemory();
        run.Clock.Advance(TimeSpan.FromSeconds(100));
        run.Monitor.RecordMetric("m", 1);
        run.Clock.Advance(TimeSpan.FromSeconds(40));
        run.Monitor.RecordMetric("m", 2);
        var everything = new MetricQuery { Window = TimeSpan.MaxValue };

        Assert.Equal(
            [(Start.AddMinutes(1), 1L), (Start.AddMinutes(2), 1L)],
            run.Monitor.GetTimeSeries("m", TimeSpan.FromMinutes(1), everything).Select(b => (b.Start, b.Aggregate.Count)));
        Assert.Empty(run.Monitor.GetTimeSeries("unknown", TimeSpan.FromMinutes(1), everything));
    }

    [Fact]
    public void A_time_series_has_at_most_a_hundred_thousand_buckets()
    {
        using MonitorRun run = Seconds(1);
        var query = new MetricQuery { From = Start, To = Start.AddSeconds(100_000) };
        Assert.Equal(100_000, run.Monitor.GetTimeSeries("m", TimeSpan.FromSeconds(1), query).Count);

        var refused = Assert.Throws<ArgumentOutOfRangeException>(
            () => run.Monitor.GetTimeSeries("m", TimeSpan.FromSeconds(1), query with { To = query.To!.Value.AddTicks(1) }));
        Assert.StartsWith("The step must not make more than 100000 buckets.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Points_of_a_tag_are_grouped_by_model_or_by_the_tag_itself()
    {
        using MonitorRun run = MonitorRun.InMemory(o =>
        {
            o.Dimensions.Add("tenant");
            o.Dimensions.Add("shard");
        });
        run.Monitor.RecordMetric("m", 1, Tags("a", "x"));
        run.Clock.Advance(TimeSpan.FromSeconds(1));
        run.Monitor.RecordMetric("m", 2, Tags("a", "x"));
        run.Monitor.RecordMetric("m", 4, Tags("b", "x"));
        run.Monitor.RecordMetric("m", 8, Tags("a", "y"));
        var query = new MetricQuery { Tag = new("tenant", "x"), From = Start.AddSeconds(1) };

        Assert.Equal([("a", 2.0), ("b", 4.0)], By("model_name", query));
        Assert.Equal([("x", 6.0)], By("tenant", query));
        Assert.Equal([("b", 4.0)], By("model_name", query with { ModelName = "b" }));
        Assert.Equal([("x", 4.0)], By("tenant", query with { ModelName = "b" }));
        Assert.Equal([("a", 11.0)], By("model_name", new MetricQuery { ModelName = "a" }));
        Assert.Equal([("a", 11.0)], By("model_name", new MetricQuery { Tag = new("model_name", "a"), ModelName = "a" }));
        Assert.Empty(By("tenant", query with { ModelName = "c" }));
        Assert.StartsWith(
            "Points with the tag 'tenant' cannot be grouped by 'shard'.",
            Assert.Throws<ArgumentException>(() => By("shard", query)).Message,
            StringComparison.Ordinal);

        (string, double)[] By(string dimension, MetricQuery query) =>
        [
            .. run.Monitor.GetMetricsBy("m", dimension, query)
                .Select(v => (v.Key, v.Value.Sum))
                .OrderBy(v => v.Key, StringComparer.Ordinal),
        ];
    }

    public static TheoryData<MetricQuery, string> Wrong => new()
    {
        { new() { Window = TimeSpan.FromTicks(-1) }, "The window must not be negative." },
        { new() { Window = TimeSpan.FromTicks(-1), To = Start }, "The window must not be negative." },
        { new() { Window = TimeSpan.Zero, From = Start }, "A query must not have both a window and a start." },
        { new() { From = Start, To = Start.AddTicks(-1) }, "The start of a query must not be after its end." },
        { new() { Tag = new(null!, "x") }, "The key and the value of a tag must not be null." },
        { new() { Tag = new("tenant", null!) }, "The key and the value of a tag must not be null." },
        { new() { Tag = new("shard", "x") }, "'shard' must be one of GenerationMonitorOptions.Dimensions." },
        { new() { Tag = new("model_name", "a"), ModelName = "b" }, "A query must not name two models." },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_query_that_contradicts_itself_is_refused_with_the_rule(MetricQuery query, string rule)
    {
        using MonitorRun run = MonitorRun.InMemory(o => o.Dimensions.Add("tenant"));

        ArgumentException refused = Assert.ThrowsAny<ArgumentException>(() => run.Monitor.GetMetrics("m", query));
        Assert.StartsWith(rule, refused.Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => run.Monitor.GetTimeSeries("m", TimeSpan.FromSeconds(1), query));
        Assert.ThrowsAny<ArgumentException>(() => run.Monitor.GetTotalTokenUsage(query));
    }

    [Theory]
    [InlineData(-0.001)]
    [InlineData(1.001)]
    [InlineData(double.NaN)]
    public void A_quantile_must_be_from_0_to_1(double q)
    {
        using MonitorRun run = Seconds(3);
        MetricAggregate aggregate = run.Monitor.GetMetrics("m");

        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => aggregate.Quantile(q));
        Assert.StartsWith("A quantile must be from 0 to 1.", refused.Message, StringComparison.Ordinal);
    }

    private static MonitorRun Seconds(int count)
    {
        MonitorRun run = MonitorRun.InMemory();
        for (int second = 0; second < count; second++)
            run.Monitor.RecordMetric("m", second, null, Start.AddSeconds(second));
        return run;
    }

    private static Dictionary<string, object?> Model(string name) => new() { ["model_name"] = name };

    private static Dictionary<string, object?> Tags(string model, string tenant) =>
        new() { ["model_name"] = model, ["tenant"] = tenant };
}
