using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

public sealed class ReadYourWritesTests
{
    [Fact]
    public void A_thread_sees_each_of_its_records_at_once()
    {
        using var run = MonitorRun.InMemory(o => o.BufferCapacity = 16);
        for (int i = 1; i <= 500; i++)
        {
            run.Monitor.TrackGeneration(
                TimeSpan.FromSeconds(1),
                i % 2 == 0,
                new GenerationDetails { ModelName = "m", PromptTokenCount = 1 });
            Assert.Equal(i, run.Monitor.GetMetrics("generation_time").Count);
            Assert.Equal(i / 2, run.Monitor.GetMetrics("success_rate").Sum);
            Assert.Equal(i, run.Monitor.GetTotalTokenUsage().TotalPromptTokens);
            Assert.Equal(i, run.Monitor.GetStatistics().Recorded);
        }
    }

    [Fact]
    public void A_thread_that_used_several_monitors_in_turn_finds_in_each_its_own()
    {
        using var first = MonitorRun.InMemory();
        using var second = MonitorRun.InMemory();
        for (int i = 0; i < 100; i++)
        {
            first.Monitor.RecordMetric("m", 1);
            second.Monitor.RecordMetric("m", 2);
            second.Monitor.RecordMetric("n", 1);
        }

        Assert.Equal((100, 100.0), (first.Monitor.GetMetrics("m").Count, first.Monitor.GetMetrics("m").Sum));
        Assert.Equal((100, 200.0), (second.Monitor.GetMetrics("m").Count, second.Monitor.GetMetrics("m").Sum));
        Assert.Equal(["m"], first.Monitor.MetricNames);
    }

    [Fact]
    public void What_threads_recorded_that_are_gone_is_seen_and_counted()
    {
        using var run = new MonitorRun();
        for (int i = 0; i < 50; i++)
        {
            var thread = new Thread(() => run.Monitor.RecordMetric("m", 1));
            thread.Start();
            Limits.WaitFor(thread);
        }

        Assert.Equal(50, run.Monitor.GetMetrics("m").Count);
        Assert.Equal(50, run.Monitor.GetStatistics().Recorded);
        Assert.Equal(50, run.Records().Count);
    }

    [Fact]
    public void An_aggregate_is_a_snapshot()
    {
        using var run = MonitorRun.InMemory();
        for (int i = 1; i <= 100; i++)
            run.Monitor.RecordMetric("m", i);
        MetricAggregate before = run.Monitor.GetMetrics("m");
        for (int i = 0; i < 10_000; i++)
            run.Monitor.RecordMetric("m", 1e6);

        Assert.Equal(100, before.Count);
        Assert.Equal(100, before.Max);
        Assert.InRange(before.Quantile(0.5), 49, 51);
    }

    [Fact]
    public void Aggregates_are_equal_when_their_figures_are()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("a", 1);
        run.Monitor.RecordMetric("b", 1);
        run.Monitor.RecordMetric("c", 2);

        Assert.Equal(run.Monitor.GetMetrics("a"), run.Monitor.GetMetrics("b"));
        Assert.Equal(run.Monitor.GetMetrics("a").GetHashCode(), run.Monitor.GetMetrics("b").GetHashCode());
        Assert.NotEqual(run.Monitor.GetMetrics("a"), run.Monitor.GetMetrics("c"));
    }
}
