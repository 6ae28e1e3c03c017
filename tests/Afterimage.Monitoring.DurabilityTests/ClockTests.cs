using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>A wall clock that somebody sets while a monitor records.</summary>
public sealed class ClockTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Windows_are_measured_by_the_monotonic_clock_and_stamps_are_wall_clock_time()
    {
        using var directory = new TemporaryDirectory();
        var clock = new WallClock(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        var stamps = new List<DateTimeOffset>();
        await using var monitor = new GenerationMonitor(MonitorUse.In(directory.Path), clock);
        TimeSpan[] jumps = [TimeSpan.Zero, Hour, -Hour, -Hour, Hour];
        for (int i = 0; i < jumps.Length; i++)
        {
            clock.Offset += jumps[i];
            stamps.Add(clock.GetUtcNow());
            monitor.Record("m", i + 1, i + 1);
            await monitor.Flush();
            Assert.Equal(i + 1, monitor.GetMetrics("generation_time").Count);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        // Five minutes have passed since the first, four since the second.
        Assert.Equal(5, monitor.GetMetrics("generation_time", TimeSpan.FromMinutes(5)).Count);
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(4, monitor.GetMetrics("generation_time", TimeSpan.FromMinutes(5)).Count);
        Assert.Equal(2, monitor.GetMetrics("generation_time", TimeSpan.FromMinutes(2.5)).Count);
        Assert.Equal(4 + 5, monitor.GetTotalTokenUsage(TimeSpan.FromMinutes(2.5)).TotalPromptTokens);

        Assert.Equal(stamps, LogFiles.WholeRecords(directory.Path).Select(r => r.GetProperty("timestamp").GetDateTimeOffset()));
        Assert.All(
            LogFiles.Metrics(directory.Path).SelectMany(LogFiles.Lines),
            line => Assert.Contains("Z\",\"event\"", line, StringComparison.Ordinal));
        Assert.Equal(
            [0.001, 0.002, 0.003, 0.004, 0.005],
            LogFiles.WholeRecords(directory.Path).Select(r => r.GetProperty("duration").GetDouble()));
    }

    [Fact]
    public async Task A_stamp_given_by_the_wall_clock_falls_into_the_window_it_belongs_to()
    {
        using var directory = new TemporaryDirectory();
        var clock = new WallClock(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        await using var monitor = new GenerationMonitor(MonitorUse.In(directory.Path), clock);
        clock.Offset = -Hour;
        monitor.RecordMetric("m", 1, timestamp: clock.GetUtcNow());
        monitor.RecordMetric("m", 1, timestamp: clock.GetUtcNow() - TimeSpan.FromMinutes(6));
        Assert.Equal(1, monitor.GetMetrics("m").Count);
    }

    [Fact]
    public async Task Threads_that_record_while_the_clock_jumps_lose_nothing_and_stamp_its_time()
    {
        using var directory = new TemporaryDirectory();
        var clock = new JumpingClock();
        DateTimeOffset start = DateTimeOffset.UtcNow;
        var monitor = new GenerationMonitor(MonitorUse.In(directory.Path), clock);
        Task[] producers = [.. Enumerable.Range(0, 3).Select(t => Task.Run(() => monitor.Record($"m{t}", 1, 30_000)))];
        for (int i = 0; !producers.All(p => p.IsCompleted); i++)
        {
            clock.Offset = (i % 3) switch { 0 => Hour, 1 => -Hour, _ => TimeSpan.Zero };
            await monitor.Flush();
        }

        await Task.WhenAll(producers);
        Assert.Equal(90_000, monitor.GetMetrics("generation_time").Count);
        await monitor.DisposeAsync();
        DateTimeOffset end = DateTimeOffset.UtcNow;

        // The clocks of this test and of the monitor's line may differ by what goes unnoticed as a jump.
        TimeSpan tolerance = TimeSpan.FromMilliseconds(100);
        TimeSpan[] offsets = [Hour, -Hour, TimeSpan.Zero];
        foreach (System.Text.Json.JsonElement record in LogFiles.WholeRecords(directory.Path))
        {
            DateTimeOffset stamp = record.GetProperty("timestamp").GetDateTimeOffset();
            Assert.Contains(offsets, offset => stamp - offset >= start - tolerance && stamp - offset <= end + tolerance);
            Assert.Equal((record.GetProperty("prompt_token_count").GetInt64() % 1000) / 1000.0, record.GetProperty("duration").GetDouble());
        }

        for (int t = 0; t < 3; t++)
            Assert.Equal(LogFiles.OneTo(30_000), LogFiles.NumbersOf(directory.Path, $"m{t}"));
    }

    [Fact]
    public void The_interval_at_which_an_alert_is_repeated_is_not_touched_by_a_jump()
    {
        using var directory = new TemporaryDirectory();
        var clock = new WallClock(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));
        int heard = 0;
        GenerationMonitorOptions options = MonitorUse.In(directory.Path);
        options.AlertRepeatInterval = TimeSpan.FromMinutes(2);
        options.AlertHandlers.Add(alert => heard += alert.Name == "low_success_rate" ? 1 : 0);
        using var monitor = new GenerationMonitor(options, clock);
        monitor.TrackGeneration(TimeSpan.FromSeconds(1), success: false);
        Assert.Equal(1, HeardAfter(() => { }));
        Assert.Equal(1, HeardAfter(() => clock.Offset = Hour));
        Assert.Equal(1, HeardAfter(() => clock.Advance(TimeSpan.FromMinutes(1))));
        Assert.Equal(2, HeardAfter(() => clock.Advance(TimeSpan.FromMinutes(1))));
        Assert.Equal(2, HeardAfter(() => clock.Offset = -Hour));
        Assert.Equal(3, HeardAfter(() => clock.Advance(TimeSpan.FromMinutes(2))));

        int HeardAfter(Action change)
        {
            change();
            monitor.CheckAlerts();
            return heard;
        }
    }

    /// <summary>The system's clocks, with a wall clock that can be set.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private long _offset;

        public TimeSpan Offset
        {
            get => TimeSpan.FromTicks(Interlocked.Read(ref _offset));
            set => Interlocked.Exchange(ref _offset, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }
}
