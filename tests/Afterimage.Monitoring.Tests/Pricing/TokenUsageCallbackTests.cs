using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Pricing;

public sealed class TokenUsageCallbackTests
{
    private readonly ConcurrentQueue<long> _reported = new();

    [Fact]
    public void The_callback_is_called_on_its_interval_and_at_disposal_if_there_is_news()
    {
        using MonitorRun run = Run(TimeSpan.FromSeconds(10));
        Track(run, 5);
        run.Clock.Advance(TimeSpan.FromSeconds(9.999));
        Assert.Empty(_reported);
        run.Clock.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal([5], _reported);
        run.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal([5, 5], _reported);
        Track(run, 7);
        run.Monitor.Dispose();
        Assert.Equal([5, 5, 12], _reported);
    }

    [Fact]
    public void Without_news_disposal_says_nothing()
    {
        using MonitorRun run = Run(TimeSpan.FromSeconds(10));
        Track(run, 5);
        run.Clock.Advance(TimeSpan.FromSeconds(10));
        run.Monitor.TrackGeneration(TimeSpan.Zero, true);
        run.Monitor.Dispose();
        run.Clock.Advance(TimeSpan.FromSeconds(100));

        Assert.Equal([5], _reported);
    }

    [Fact]
    public void A_short_run_is_reported_at_disposal()
    {
        using MonitorRun run = Run(TimeSpan.FromSeconds(10));
        Track(run, 5);
        run.Monitor.Dispose();

        Assert.Equal([5], _reported);
    }

    [Fact]
    public void The_default_interval_is_a_minute()
    {
        using MonitorRun run = new(o => o.TokenUsageCallback = report => _reported.Enqueue(report.TotalTokens));
        run.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(_reported);
        run.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([0], _reported);
    }

    [Fact]
    public void A_callback_that_throws_is_called_again_and_is_logged()
    {
        int calls = 0;
        using var run = new MonitorRun(o => o.TokenUsageCallback = _ =>
        {
            calls++;
            throw new InvalidOperationException("no thanks");
        });
        run.Clock.Advance(TimeSpan.FromSeconds(60));
        run.Clock.Advance(TimeSpan.FromSeconds(30));
        run.Clock.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(2, calls);
        Assert.Contains(run.LogEntries(), e => e.Text("message").Contains("no thanks", StringComparison.Ordinal));
    }

    [Fact]
    public void A_callback_may_ask_the_monitor()
    {
        MonitorRun? run = null;
        using (run = new MonitorRun(o => o.TokenUsageCallback = _ => _reported.Enqueue(run!.Monitor.GetTotalTokenUsage().TotalTokens)))
        {
            Track(run, 3);
            run.Clock.Advance(TimeSpan.FromSeconds(60));
        }

        Assert.Equal([3], _reported);
    }

    private MonitorRun Run(TimeSpan interval) => new(o =>
    {
        o.TokenUsageCallback = report => _reported.Enqueue(report.TotalTokens);
        o.TokenUsageCallbackInterval = interval;
    });

    private static void Track(MonitorRun run, long tokens) =>
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = "m", PromptTokenCount = tokens });
}
