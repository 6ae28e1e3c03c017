using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Metrics;

/// <summary>Alone in its time: what the tests beside it allocate would be measured, too.</summary>
[CollectionDefinition(nameof(RetentionTests), DisableParallelization = true)]
public sealed class RetentionTestsDefinition;

/// <summary>Memory is bounded: the oldest raw points go, their summaries stay.</summary>
[Collection(nameof(RetentionTests))]
public sealed class RetentionTests
{
    private const int Points = 1_000_000;
    private const int Retained = 16_384;

    [Fact]
    public void All_time_figures_stay_exact_and_windows_round_outwards_only()
    {
        using var run = MonitorRun.InMemory(o => o.MaxRetainedPoints = Retained);
        for (int i = 0; i < Points; i++)
            run.Monitor.RecordMetric("m", Value(i), null, MonitorRun.Start + TimeSpan.FromMilliseconds(i));
        run.Clock.SetUtcNow(MonitorRun.Start + TimeSpan.FromMilliseconds(Points - 1));

        MetricAggregate all = run.Monitor.GetMetrics("m", TimeSpan.MaxValue);
        Assert.Equal(Points, all.Count);
        Assert.Equal(Enumerable.Range(0, Points).Sum(Value), all.Sum);
        Assert.Equal((-500, 499), (all.Min, all.Max));
        Assert.InRange(all.Quantile(0.75), 249 * 0.99, 249 * 1.01);

        // One point a millisecond: a window of n milliseconds has n + 1 points. That of 2624 begins with the last point of a chunk.
        foreach (int n in new[] { 0, 1, 100, 2047, 2048, 2623, 2624, 2625, 5000, Retained - 2048, Retained - 1 })
        {
            MetricAggregate window = run.Monitor.GetMetrics("m", TimeSpan.FromMilliseconds(n));
            Assert.Equal(n + 1, window.Count);
            Assert.Equal(Enumerable.Range(Points - n - 1, n + 1).Sum(Value), window.Sum);
        }

        bool anyRounded = false;
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            int n = random.Next(Retained, Points);
            MetricAggregate window = run.Monitor.GetMetrics("m", TimeSpan.FromMilliseconds(n));
            Assert.InRange(window.Count, n + 1, Points);
            Assert.Equal(Enumerable.Range(Points - (int)window.Count, (int)window.Count).Sum(Value), window.Sum);
            anyRounded |= window.Count > n + 1;
        }

        Assert.True(anyRounded, "The raw points went: not every edge can be exact.");
    }

    [Fact]
    public void A_metric_of_few_points_outlives_a_busy_one_in_all_time_figures()
    {
        using var run = MonitorRun.InMemory(o => o.MaxRetainedPoints = Retained);
        for (int i = 0; i < 3000; i++)
            run.Monitor.RecordMetric("quiet", i);
        for (int i = 0; i < 200_000; i++)
            run.Monitor.RecordMetric("busy", 1);

        Assert.Equal((3000, 4_498_500.0, 0.0, 2999.0), Figures(run.Monitor.GetMetrics("quiet")));
        Assert.Equal((200_000, 200_000.0, 1.0, 1.0), Figures(run.Monitor.GetMetrics("busy")));
    }

    [Fact]
    public void Token_totals_stay_exact_and_windows_of_them_round_outwards_only()
    {
        const int Generations = 100_000;
        using var run = MonitorRun.InMemory(o => o.MaxRetainedPoints = Retained);
        for (int i = 0; i < Generations; i++)
        {
            run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails
            {
                ModelName = i % 2 == 0 ? "even" : "odd",
                PromptTokenCount = 1,
                Timestamp = MonitorRun.Start + TimeSpan.FromMilliseconds(i),
            });
        }

        run.Clock.SetUtcNow(MonitorRun.Start + TimeSpan.FromMilliseconds(Generations - 1));
        Assert.Equal(
            [
                new ModelTokenUsage
                {
                    ModelName = "even",
                    PromptTokens = Generations / 2,
                    CompletionTokens = 0,
                    TotalTokens = Generations / 2,
                },
                new ModelTokenUsage
                {
                    ModelName = "odd",
                    PromptTokens = Generations / 2,
                    CompletionTokens = 0,
                    TotalTokens = Generations / 2,
                },
            ],
            run.Monitor.GetTotalTokenUsage().ByModel);
        Assert.Equal(Generations, run.Monitor.GetTotalTokenUsage(TimeSpan.MaxValue).TotalPromptTokens);

        // That of 1696 begins with the last point of a chunk.
        foreach (int n in new[] { 0, 99, 1695, 1696, 1697 })
            Assert.Equal(n + 1, run.Monitor.GetTotalTokenUsage(TimeSpan.FromMilliseconds(n)).TotalPromptTokens);
        foreach (int n in new[] { 10_000, 33_333, 77_777 })
            Assert.InRange(run.Monitor.GetTotalTokenUsage(TimeSpan.FromMilliseconds(n)).TotalPromptTokens, n + 1, Generations);
    }

    [Fact]
    public void Memory_does_not_grow_with_the_points()
    {
        using var run = MonitorRun.InMemory(o => o.MaxRetainedPoints = Retained);
        Record(200_000);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Record(3_000_000);
        long after = GC.GetTotalMemory(forceFullCollection: true);

        // Raw, they would be 60 MB.
        Assert.Equal(3_200_000, run.Monitor.GetMetrics("m").Count);
        Assert.InRange(after - before, long.MinValue, 10_000_000);

        void Record(int count)
        {
            for (int i = 0; i < count; i++)
                run.Monitor.RecordMetric("m", i % 1000);
        }
    }

    private static int Value(int i) => (int)((i * 7919L) % 1000) - 500;

    private static (long Count, double Sum, double Min, double Max) Figures(MetricAggregate aggregate) =>
        (aggregate.Count, aggregate.Sum, aggregate.Min, aggregate.Max);
}
