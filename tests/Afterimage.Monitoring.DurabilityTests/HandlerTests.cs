using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Handlers that misbehave beside the file handler, and loads that are too much.</summary>
public sealed class HandlerTests
{
    private const int Recorded = 300_000;

    // It holds for the file handler too, which is to lose nothing on a busy machine.
    private static readonly TimeSpan FileCanMeet = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_token_usage_callback_that_hangs_ends_no_process_at_disposal()
    {
        using var directory = new TemporaryDirectory();
        using var child = Child.Start("hang", directory.Path);
        await child.FinishAsync();
        Assert.True(LogFiles.Run(directory.Path).TryGetProperty("end", out _));
    }

    [Fact]
    public async Task A_handler_that_throws_loses_its_own_copy_only_and_that_is_counted()
    {
        using var directory = new TemporaryDirectory();
        var bad = new CountingHandler(() => throw new InvalidOperationException("bad on purpose"));
        var monitor = new GenerationMonitor(FileAnd(directory.Path, bad));
        monitor.Record("m", 1, Recorded);
        await monitor.Flush();
        await monitor.DisposeAsync();

        HandlerStatistics handler = monitor.Handler(nameof(CountingHandler));
        Assert.Equal((0, Recorded), (handler.Written, handler.Failed + handler.Dropped));
        Assert.Equal("bad on purpose", handler.LastError);
        AssertFileHasAll(monitor, directory.Path);
        Assert.Single(
            LogFiles.LogEntries(directory.Path),
            e => e.GetProperty("message").GetString()!.Contains("bad on purpose", StringComparison.Ordinal));
        Assert.Equal(handler.Failed + handler.Dropped, LogDirectory.Open(directory.Path).Summarize(Limits.Token).FailedRecords);
    }

    [Fact]
    public async Task A_handler_that_hangs_holds_up_neither_recording_nor_the_file_nor_the_flush()
    {
        using var directory = new TemporaryDirectory();
        using var released = new ManualResetEventSlim();
        var hung = new CountingHandler(released.Wait);
        GenerationMonitorOptions options = FileAnd(directory.Path, hung);
        options.HandlerTimeLimit = FileCanMeet;
        var monitor = new GenerationMonitor(options);
        monitor.Record("m", 1, Recorded);
        await monitor.Flush();
        AssertFileHasAll(monitor, directory.Path);
        HandlerStatistics handler = monitor.Handler(nameof(CountingHandler));
        Assert.Equal((0, Recorded), (handler.Written, handler.Pending + handler.Dropped));
        Assert.InRange(handler.Pending, 1, 262_144);
        Assert.True(handler.Dropped > 0);

        // When the fault ends, what its queue kept is handled.
        released.Set();
        await monitor.DisposeAsync();
        handler = monitor.Handler(nameof(CountingHandler));
        Assert.Equal((0, 0, Recorded), (handler.Pending, handler.Failed, handler.Written + handler.Dropped));
        Assert.Equal(handler.Written, hung.Records);
    }

    [Fact]
    public async Task A_hanging_lossless_handler_fails_the_flush_at_its_limit_and_recording_goes_on()
    {
        using var directory = new TemporaryDirectory();
        using var released = new ManualResetEventSlim();
        var hung = new CountingHandler(released.Wait, isLossless: true);
        GenerationMonitorOptions options = FileAnd(directory.Path, hung);
        options.HandlerTimeLimit = FileCanMeet;
        var monitor = new GenerationMonitor(options);
        monitor.Record("m", 1, Recorded);
        IOException exception = await Assert.ThrowsAsync<IOException>(monitor.Flush);
        Assert.Contains(nameof(CountingHandler), exception.Message, StringComparison.Ordinal);

        released.Set();
        await monitor.DisposeAsync();
        AssertFileHasAll(monitor, directory.Path);
        HandlerStatistics handler = monitor.Handler(nameof(CountingHandler));
        Assert.True(handler.Dropped > 0);
        Assert.Equal((Recorded, 0), (handler.Written + handler.Dropped, handler.Failed));
        Assert.Equal(handler.Written, hung.Records);
    }

    [Fact]
    public async Task A_handler_that_hangs_for_ever_is_left_behind_at_the_end_and_counted()
    {
        using var directory = new TemporaryDirectory();
        using var released = new ManualResetEventSlim();
        GenerationMonitorOptions options = FileAnd(directory.Path, new CountingHandler(released.Wait));
        options.ShutdownTimeout = TimeSpan.FromMilliseconds(500);
        var monitor = new GenerationMonitor(options);
        monitor.Record("m", 1, 1_000);
        await Limits.Until(
            () => (monitor.File().Written, monitor.Handler(nameof(CountingHandler)).Pending) == (1_000, 1_000),
            "the file has everything, and the handler could");
        await monitor.DisposeAsync();

        Assert.Equal(1_000, monitor.Handler(nameof(CountingHandler)).Failed);
        Assert.Equal((1_000, 0), (monitor.File().Written, monitor.File().Failed));
        Assert.Equal(1_000, LogFiles.Run(directory.Path).GetProperty("failed").GetInt64());
        released.Set();
    }

    [Fact]
    public async Task A_handler_slower_than_the_load_misses_what_its_queue_cannot_hold()
    {
        using var directory = new TemporaryDirectory();
        using var allRecorded = new ManualResetEventSlim();

        // As slow as can be: it does not get beyond its first batch before everything is recorded.
        var slow = new CountingHandler(() => Limits.WaitFor(allRecorded));
        var monitor = new GenerationMonitor(FileAnd(directory.Path, slow));
        monitor.Record("m", 1, Recorded);
        allRecorded.Set();
        await monitor.DisposeAsync();

        HandlerStatistics handler = monitor.Handler(nameof(CountingHandler));
        Assert.True(handler.Dropped > 0 && handler.Written > 0);
        Assert.Equal(Recorded, handler.Written + handler.Failed + handler.Dropped);
        Assert.Equal(handler.Written, slow.Records);
        AssertFileHasAll(monitor, directory.Path);
        Assert.Single(
            LogFiles.LogEntries(directory.Path),
            e => e.GetProperty("message").GetString()!.Contains("cannot keep up", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Full_buffers_that_wait_lose_nothing()
    {
        using var directory = new TemporaryDirectory();
        GenerationMonitorOptions options = MonitorUse.In(directory.Path);
        options.BufferCapacity = 16;
        var monitor = new GenerationMonitor(options);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(t => Task.Run(() => monitor.Record($"m{t}", 1, 20_000))));
        await monitor.DisposeAsync();

        MonitorStatistics statistics = monitor.GetStatistics();
        Assert.Equal((80_000, 0, 80_000, 0), (statistics.Recorded, statistics.Dropped, statistics.Written, statistics.Failed));
        for (int t = 0; t < 4; t++)
            Assert.Equal(LogFiles.OneTo(20_000), LogFiles.NumbersOf(directory.Path, $"m{t}"));
    }

    [Fact]
    public async Task Full_buffers_that_drop_say_how_much_in_statistics_log_run_file_and_summary()
    {
        using var directory = new TemporaryDirectory();
        GenerationMonitorOptions options = MonitorUse.In(directory.Path);
        options.BufferCapacity = 16;
        options.BufferFullMode = BufferFullMode.Drop;
        var monitor = new GenerationMonitor(options);
        monitor.Record("m", 1, 200_000);
        await monitor.DisposeAsync();

        MonitorStatistics statistics = monitor.GetStatistics();
        Assert.True(statistics.Dropped > 0);
        HandlerStatistics file = monitor.File();
        Assert.Equal((200_000, 0), (file.Written + statistics.Dropped, file.Failed + file.Dropped));
        Assert.Equal(file.Written, LogFiles.WholeRecords(directory.Path).Count());
        Assert.Equal(file.Written, monitor.GetMetrics("generation_time", TimeSpan.MaxValue).Count);
        Assert.Single(
            LogFiles.LogEntries(directory.Path),
            e => e.GetProperty("message").GetString()!.Contains("buffers are full", StringComparison.Ordinal));
        Assert.Equal(statistics.Dropped, LogFiles.Run(directory.Path).GetProperty("dropped").GetInt64());
        RunSummary summary = LogDirectory.Open(directory.Path).Summarize(Limits.Token);
        Assert.Equal((file.Written, statistics.Dropped, 0), (summary.Generations, summary.DroppedRecords, summary.FailedRecords));
        Assert.Equal(statistics.Dropped, RunSummary.FromMonitor(monitor).DroppedRecords);
    }

    private static GenerationMonitorOptions FileAnd(string directory, IMetricHandler other)
    {
        GenerationMonitorOptions options = MonitorUse.In(directory);
        options.MetricHandlers.Add(new FileMetricHandler(directory));
        options.MetricHandlers.Add(other);
        return options;
    }

    private static void AssertFileHasAll(GenerationMonitor monitor, string directory)
    {
        HandlerStatistics file = monitor.File();
        Assert.Equal((Recorded, 0), (file.Written, file.Failed + file.Dropped));
        Assert.Equal(LogFiles.OneTo(Recorded), LogFiles.NumbersOf(directory, "m"));
    }
}
