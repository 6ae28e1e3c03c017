using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>When files are finished, and when they go.</summary>
public sealed class RotationTests
{
    private const int MaxFileSize = 4096;

    private readonly WallClock _clock = new(DateTimeOffset.UtcNow);

    [Theory]
    [InlineData("openat", ".locks/metrics-000001.jsonl.lock")]
    [InlineData("flock", ".locks/metrics-000001.jsonl.lock")]
    [InlineData("openat", "metrics-000001.jsonl")]
    [InlineData("flock", "metrics-000001.jsonl")]
    [InlineData("pwrite64", "metrics-000001.jsonl")]
    [InlineData("flock", "metrics.jsonl")]
    public async Task A_process_killed_at_any_step_of_a_rotation_loses_nothing_that_was_acknowledged(string systemCall, string file)
    {
        Need.Linux();
        Need.Command("strace");
        using var directory = new TemporaryDirectory();
        Need.That(Need.Run("strace", "-o", Path.Combine(directory.Path, "try"), "true"), "This sandbox does not let strace trace.");
        string log = Path.Combine(directory.Path, "log");

        // The first lock of metrics.jsonl is taken when it is opened; the second call gives it up, behind the opening of the next file.
        int when = file == "metrics.jsonl" ? 2 : 1;
        using (
            Child child = Child.StartUnder(
                [
                    "strace",
                    "-f",
                    "-P",
                    Path.Combine(log, file),
                    "-e",
                    $"trace={systemCall}",
                    "-e",
                    $"inject={systemCall}:signal=SIGKILL:when={when}",
                    "-o",
                    Path.Combine(directory.Path, "trace"),
                ],
                workingDirectory: null,
                ["serve", log, "MaxFileSize=4096"]))
        {
            await child.ReadLineAsync();
            await child.AskAsync("record before 20");
            Assert.Equal("flushed", await child.AskAsync("flush"));
            await child.DieOfAsync("record during 20", "flush");
        }

        using (Child next = Child.Start("serve", log, "MaxFileSize=4096"))
        {
            await next.ReadLineAsync();
            await next.AskAsync("record after 20");
            Assert.Equal("flushed", await next.AskAsync("flush"));
            await next.FinishAsync();
        }

        Assert.Equal(LogFiles.OneTo(20), LogFiles.NumbersOf(log, "before"));

        // What the pump took along before the flush may be there, and then from the first on.
        long[] during = LogFiles.NumbersOf(log, "during");
        Assert.Equal(LogFiles.OneTo(during.Length), during);
        Assert.Equal(LogFiles.OneTo(20), LogFiles.NumbersOf(log, "after"));
    }

    [Fact]
    public async Task A_file_is_finished_before_it_would_grow_past_its_size_and_never_touched_again()
    {
        using var directory = new TemporaryDirectory();
        GenerationMonitorOptions options = MonitorUse.In(directory.Path);
        options.LogFiles.MaxFileSize = MaxFileSize;
        await using var monitor = new GenerationMonitor(options);
        var finished = new Dictionary<string, byte[]>();
        for (int i = 0; i < 30; i++)
        {
            monitor.Record("m", (i * 10) + 1, (i + 1) * 10);
            await monitor.Flush();
            foreach (string file in LogFiles.Metrics(directory.Path).SkipLast(1))
                finished.TryAdd(file, File.ReadAllBytes(file));
        }

        Assert.True(finished.Count >= 5);
        Assert.All(finished, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
        Assert.All(LogFiles.Metrics(directory.Path), file => Assert.InRange(new FileInfo(file).Length, 1, MaxFileSize));
        Assert.Equal(LogFiles.OneTo(300), LogFiles.NumbersOf(directory.Path, "m"));
        Assert.Equal(["metrics.jsonl", "metrics-000001.jsonl"], LogFiles.Metrics(directory.Path).Take(2).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_batch_that_is_larger_than_a_file_has_one_of_its_own()
    {
        using var directory = new TemporaryDirectory();
        GenerationMonitorOptions options = MonitorUse.In(directory.Path);
        options.LogFiles.MaxFileSize = MaxFileSize;
        options.BufferCapacity = 1 << 16;
        await using var monitor = new GenerationMonitor(options);
        monitor.Record("m", 1, 10_000);
        await monitor.Flush();
        Assert.All(LogFiles.Metrics(directory.Path), file => Assert.True(new FileInfo(file).Length > 0));
        Assert.Equal(LogFiles.OneTo(10_000), LogFiles.NumbersOf(directory.Path, "m"));
    }

    [Fact]
    public async Task A_file_is_finished_at_the_first_write_after_its_age()
    {
        using var directory = new TemporaryDirectory();
        GenerationMonitorOptions options = MonitorUse.In(directory.Path);
        options.LogFiles.MaxFileAge = TimeSpan.FromHours(1);
        await using var monitor = new GenerationMonitor(options, _clock);
        await RecordOneAsync(1);
        _clock.Advance(TimeSpan.FromMinutes(59));
        await RecordOneAsync(2);
        Assert.Single(LogFiles.Metrics(directory.Path));

        // The wall clock has no say in it.
        _clock.Offset = TimeSpan.FromHours(5);
        await RecordOneAsync(3);
        Assert.Single(LogFiles.Metrics(directory.Path));

        _clock.Advance(TimeSpan.FromMinutes(1));
        await RecordOneAsync(4);
        await RecordOneAsync(5);
        Assert.Equal([3, 2], LogFiles.Metrics(directory.Path).Select(file => LogFiles.Lines(file).Length));
        Assert.Equal(LogFiles.OneTo(5), LogFiles.NumbersOf(directory.Path, "m"));

        async Task RecordOneAsync(long number)
        {
            monitor.Record("m", number, number);
            await monitor.Flush();
        }
    }

    [Fact]
    public async Task The_oldest_files_go_when_they_are_old_enough_and_all_together_are_too_large()
    {
        using var directory = new TemporaryDirectory();
        await using var monitor = new GenerationMonitor(WithRetention(directory.Path), _clock);
        await RecordFilesAsync(monitor, "young", 20);
        string[] young = LogFiles.Metrics(directory.Path);
        Assert.True(young.Length >= 20, "A file younger than the retention has gone.");

        _clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        await RecordFilesAsync(monitor, "later", 2);
        Assert.All(young, file => Assert.True(File.Exists(file)));

        _clock.Advance(TimeSpan.FromTicks(1));
        await RecordFilesAsync(monitor, "last", 1);
        string[] left = LogFiles.Metrics(directory.Path);
        Assert.True(left.Sum(file => new FileInfo(file).Length) <= WithRetention(directory.Path).LogFiles.MaxTotalSize);
        Assert.Contains(left, file => LogFiles.Lines(file).Any(line => line.Contains("last", StringComparison.Ordinal)));
        Assert.Equal(left, LogFiles.Metrics(directory.Path).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(young[0], left);

        // Which keeps to it as it goes on.
        for (int i = 0; i < 20; i++)
        {
            _clock.Advance(TimeSpan.FromMinutes(11));
            await RecordFilesAsync(monitor, "on", 1);
            Assert.True(
                LogFiles.Metrics(directory.Path).Sum(file => new FileInfo(file).Length)
                    <= WithRetention(directory.Path).LogFiles.MaxTotalSize);
        }
    }

    [Fact]
    public async Task Nothing_goes_unless_a_total_size_is_set()
    {
        using var directory = new TemporaryDirectory();
        GenerationMonitorOptions options = WithRetention(directory.Path);
        options.LogFiles.MaxTotalSize = null;
        await using var monitor = new GenerationMonitor(options, _clock);
        await RecordFilesAsync(monitor, "old", 20);
        _clock.Advance(TimeSpan.FromDays(365));
        await RecordFilesAsync(monitor, "new", 5);
        Assert.Equal(20 * 25, LogFiles.NumbersOf(directory.Path, "old").Length);
    }

    [Fact]
    public async Task A_file_that_another_live_writer_has_claimed_stays_however_old()
    {
        using var directory = new TemporaryDirectory();
        var other = new GenerationMonitor(WithRetention(directory.Path), _clock);
        other.Record("other", 1, 1);
        await other.Flush();
        await using var monitor = new GenerationMonitor(WithRetention(directory.Path), _clock);
        for (int i = 0; i < 10; i++)
        {
            await RecordFilesAsync(monitor, "m", 2);
            _clock.Advance(TimeSpan.FromHours(1));
        }

        Assert.InRange(LogFiles.Metrics(directory.Path).Length, 2, 5);
        other.Record("other", 2, 2);
        await other.Flush();
        Assert.Equal([1, 2], LogFiles.NumbersOf(directory.Path, "other"));

        // Let go of, it is a finished file like any other.
        await other.DisposeAsync();
        _clock.Advance(TimeSpan.FromHours(1));

        // A process that another test is just starting has the lock for a moment, until it becomes a program of its own.
        await Limits.Until(
            () =>
            {
                RecordFilesAsync(monitor, "m", 1).GetAwaiter().GetResult();
                return LogFiles.NumbersOf(directory.Path, "other").Length == 0;
            },
            "the other's file goes");
    }

    private static GenerationMonitorOptions WithRetention(string directory)
    {
        GenerationMonitorOptions options = MonitorUse.In(directory);
        options.LogFiles.MaxFileSize = MaxFileSize;
        options.LogFiles.MaxTotalSize = 4 * MaxFileSize;
        options.LogFiles.MinRetention = TimeSpan.FromMinutes(10);
        return options;
    }

    // These fill a file to more than half, so that the next begin another.
    private static async Task RecordFilesAsync(GenerationMonitor monitor, string model, int files)
    {
        for (int i = 0; i < files; i++)
        {
            monitor.Record(model, 1, 25);
            await monitor.Flush();
        }
    }
}
