using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Pricing;

public sealed class TokenUsageCallbackTests : IDisposable
{
    private readonly BlockingCollection<long> _reported = [];

    public void Dispose() => _reported.Dispose();

    [Fact]
    public void The_callback_is_called_on_its_interval_and_at_disposal_if_there_is_news()
    {
        using MonitorRun run = Run(TimeSpan.FromSeconds(10));
        Track(run, 5);
        run.Clock.Advance(TimeSpan.FromSeconds(9.999));
        Assert.Empty(_reported);
        run.Clock.Advance(TimeSpan.FromSeconds(0.001));
        Assert.Equal(5, Next());
        run.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(5, Next());
        Track(run, 7);
        run.Monitor.Dispose();
        Assert.Equal([12], _reported);
    }

    [Fact]
    public void Without_news_disposal_says_nothing()
    {
        using MonitorRun run = Run(TimeSpan.FromSeconds(10));
        Track(run, 5);
        run.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(5, Next());
        run.Monitor.TrackGeneration(TimeSpan.Zero, true);
        run.Monitor.Dispose();
        run.Clock.Advance(TimeSpan.FromSeconds(100));

        Assert.Empty(_reported);
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
        using MonitorRun run = new(o => o.TokenUsageCallback = report => _reported.Add(report.TotalTokens));
        run.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(_reported);
        run.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, Next());
    }

    [Fact]
    public void A_callback_that_throws_is_called_again_and_is_logged()
    {
        using var run = new MonitorRun(o => o.TokenUsageCallback = report =>
        {
            _reported.Add(report.TotalTokens);
            throw new InvalidOperationException("no thanks");
        });
        run.Clock.Advance(TimeSpan.FromSeconds(60));
        Next();
        run.Clock.Advance(TimeSpan.FromSeconds(30));
        run.Clock.Advance(TimeSpan.FromSeconds(30));
        Next();

        Assert.Contains(run.LogEntries(), e => e.Text("message").Contains("no thanks", StringComparison.Ordinal));
    }

    [Fact]
    public void A_callback_may_ask_the_monitor()
    {
        MonitorRun? run = null;
        using (run = new MonitorRun(o => o.TokenUsageCallback = _ => _reported.Add(run!.Monitor.GetTotalTokenUsage().TotalTokens)))
        {
            Track(run, 3);
            run.Clock.Advance(TimeSpan.FromSeconds(60));
            Assert.Equal(3, Next());
        }
    }

    [Fact]
    public void A_callback_that_hangs_is_waited_for_by_no_timer_and_called_by_one_thread()
    {
        using var release = new ManualResetEventSlim();
        int atOnce = 0;
        int most = 0;
        using var run = new MonitorRun(o => o.TokenUsageCallback = report =>
        {
            most = Math.Max(most, Interlocked.Increment(ref atOnce));
            _reported.Add(report.TotalTokens);
            release.Wait(Limits.Generous);
            Interlocked.Decrement(ref atOnce);
        });
        run.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(0, Next());

        // The clock's ticks run here: they come back, or the test hangs.
        for (int i = 1; i <= 100; i++)
        {
            Track(run, 1);
            run.Clock.Advance(TimeSpan.FromSeconds(60));
        }

        release.Set();
        run.Monitor.Dispose();

        Assert.Equal([1, 100], _reported);
        Assert.Equal(1, most);
    }

    private long Next()
    {
        Assert.True(_reported.TryTake(out long tokens, (int)Limits.Generous.TotalMilliseconds, Limits.Token), "No report came.");
        return tokens;
    }

    private MonitorRun Run(TimeSpan interval) => new(o =>
    {
        o.TokenUsageCallback = report => _reported.Add(report.TotalTokens);
        o.TokenUsageCallbackInterval = interval;
    });

    private static void Track(MonitorRun run, long tokens) =>
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = "m", PromptTokenCount = tokens });
}
