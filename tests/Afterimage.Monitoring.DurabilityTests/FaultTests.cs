using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Disks, directories and files that fail while a monitor records into them.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task A_full_disk_fails_the_flush_and_when_there_is_room_again_the_backlog_is_written()
    {
        using var disk = new SmallDisk(kilobytes: 4096);
        var other = new CountingHandler();
        using var monitor = new GenerationMonitor(WithFileAnd(disk.Directory, other));
        monitor.Record("m", 1, 100);
        await monitor.Flush();

        disk.Fill();
        monitor.Record("m", 101, 3_000);
        monitor.LogInfo("still here");
        await Assert.ThrowsAsync<IOException>(monitor.Flush);
        await Limits.Until(() => other.Records == 3_000, "the other handler has everything");
        Assert.Equal(3_000, monitor.GetMetrics("generation_time").Count);

        disk.MakeRoom();
        await FlushWhenItCan(monitor);
        Assert.Equal(LogFiles.OneTo(3_000), LogFiles.NumbersOf(disk.Directory, "m"));
        HandlerStatistics file = monitor.File();
        Assert.Equal((3_000, 0, 0), (file.Written, file.Failed + file.Dropped, file.Pending));
        Assert.Contains(LogFiles.LogEntries(disk.Directory), e => e.GetProperty("message").GetString() == "still here");
        Assert.Contains(
            LogFiles.LogEntries(disk.Directory),
            e => e.GetProperty("message").GetString()!.Contains("FileMetricHandler failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_disk_full_for_longer_than_memory_lasts_loses_exactly_what_is_counted()
    {
        const int Recorded = 200_000;
        using var disk = new SmallDisk(kilobytes: 64 * 1024);
        var other = new CountingHandler();
        GenerationMonitorOptions options = WithFileAnd(disk.Directory, other);
        options.HandlerTimeLimit = TimeSpan.FromMilliseconds(200);
        var monitor = new GenerationMonitor(options);
        await using (monitor)
        {
            monitor.Record("m", 1, 100);

            // The time limit is so short that a busy machine alone may exceed it.
            await FlushWhenItCan(monitor);
            disk.Fill();
            monitor.Record("m", 101, Recorded);
            await Assert.ThrowsAsync<IOException>(monitor.Flush);
            await Limits.Until(() => other.Records == Recorded, "the other handler has everything");
            Assert.InRange(monitor.File().Pending, 1, 32_768);

            disk.MakeRoom();
            await FlushWhenItCan(monitor);
            monitor.Record("after", 1, 100);
            await FlushWhenItCan(monitor);
        }

        HandlerStatistics file = monitor.File();
        Assert.True(file.Dropped > 0, "The queue held everything.");
        Assert.Equal(Recorded + 100, file.Written + file.Failed + file.Dropped);
        Assert.Equal(file.Written, LogFiles.WholeRecords(disk.Directory).Count());
        Assert.Equal(LogFiles.OneTo(100), LogFiles.NumbersOf(disk.Directory, "after"));
        long[] numbers = LogFiles.NumbersOf(disk.Directory, "m");
        Assert.Equal(numbers.Distinct().Order(), numbers);
        Assert.Equal(monitor.GetStatistics().Failed, LogFiles.Run(disk.Directory).GetProperty("failed").GetInt64());
        Assert.Equal(monitor.GetStatistics().Failed, LogDirectory.Open(disk.Directory).Summarize(Limits.Token).FailedRecords);
        Assert.Contains(
            LogFiles.LogEntries(disk.Directory),
            e => e.GetProperty("message").GetString()!.Contains($"{file.Dropped} records are lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_monitor_disposed_while_the_disk_is_full_leaves_whole_lines_and_counts_the_rest()
    {
        using var disk = new SmallDisk(kilobytes: 1024);
        GenerationMonitorOptions options = MonitorUse.In(disk.Directory);
        options.ShutdownTimeout = TimeSpan.FromMilliseconds(300);
        var monitor = new GenerationMonitor(options);
        monitor.Record("m", 1, 20_000);
        await Assert.ThrowsAsync<IOException>(monitor.Flush);
        await monitor.DisposeAsync();

        HandlerStatistics file = monitor.File();
        Assert.True(file.Failed > 0);
        Assert.Equal(20_000, file.Written + file.Failed + file.Dropped);

        // An attempt that was going on when the time was over puts its lines in part, and takes them back.
        await Limits.Until(
            () => LogFiles.Metrics(disk.Directory).SelectMany(LogFiles.Lines).Count() == file.Written,
            "the last attempt is over");
        Assert.Equal(file.Written, LogFiles.WholeRecords(disk.Directory).Count());
    }

    [Fact]
    public void A_monitor_that_cannot_be_made_says_where_and_can_be_made_when_there_is_room()
    {
        using var disk = new SmallDisk(kilobytes: 1024);
        Directory.CreateDirectory(disk.Directory);
        disk.Fill();
        IOException exception = Assert.Throws<IOException>(() => new GenerationMonitor(MonitorUse.In(disk.Directory)));
        Assert.Contains(disk.Directory, exception.Message, StringComparison.Ordinal);

        disk.MakeRoom();
        using var monitor = new GenerationMonitor(MonitorUse.In(disk.Directory));
        Assert.Equal("run.json", Path.GetFileName(Assert.Single(Directory.GetFiles(disk.Directory, "run*.json"))));
    }

    [Fact]
    public async Task A_torn_line_found_on_a_full_disk_is_ended_in_the_same_file_when_there_is_room()
    {
        using var disk = new SmallDisk(kilobytes: 1024);
        Directory.CreateDirectory(disk.Directory);

        // To the last byte of a page, so that ending the line takes another.
        const string Whole = """{"timestamp":"2026-11-23T14:25:38Z","event":"generation","duration":1.25,"success":true}""" + "\n";
        File.WriteAllText(Path.Combine(disk.Directory, "metrics.jsonl"), Whole + new string('x', 4096 - Whole.Length));
        using var monitor = new GenerationMonitor(MonitorUse.In(disk.Directory));
        disk.Fill();
        monitor.Record("m", 1, 100);
        await Assert.ThrowsAsync<IOException>(monitor.Flush);
        await Assert.ThrowsAsync<IOException>(monitor.Flush);

        disk.MakeRoom();
        await FlushWhenItCan(monitor);
        Assert.Single(LogFiles.Metrics(disk.Directory));
        RunSummary summary = LogDirectory.Open(disk.Directory).Summarize(Limits.Token);
        Assert.Equal((101, 1), (summary.Generations, summary.SkippedLines));
    }

    [Fact]
    public async Task A_removed_directory_is_made_again_for_what_comes_after()
    {
        using var root = new TemporaryDirectory();
        string directory = Path.Combine(root.Path, "log");
        var monitor = new GenerationMonitor(MonitorUse.In(directory));
        monitor.Record("before", 1, 100);
        await monitor.Flush();

        Directory.Delete(directory, recursive: true);
        monitor.Record("after", 1, 100);
        await monitor.Flush();
        await monitor.DisposeAsync();

        Assert.Equal(LogFiles.OneTo(100), LogFiles.NumbersOf(directory, "after"));
        Assert.Equal(200, monitor.File().Written);
        Assert.Equal(200, LogFiles.Run(directory).GetProperty("recorded").GetInt64());
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_again_keeps_the_backlog_in_memory_until_it_can()
    {
        using var root = new TemporaryDirectory();
        string directory = Path.Combine(root.Path, "log");
        var other = new CountingHandler();
        using var monitor = new GenerationMonitor(WithFileAnd(directory, other));
        monitor.Record("before", 1, 100);
        await monitor.Flush();

        Directory.Delete(directory, recursive: true);
        File.WriteAllText(directory, "in the way");
        monitor.Record("after", 1, 1_000);
        await Assert.ThrowsAsync<IOException>(monitor.Flush);
        await Limits.Until(() => other.Records == 1_100, "the other handler has everything");

        File.Delete(directory);
        await FlushWhenItCan(monitor);
        Assert.Equal(LogFiles.OneTo(1_000), LogFiles.NumbersOf(directory, "after"));
    }

    [Fact]
    public async Task A_directory_removed_again_and_again_while_threads_record_loses_only_what_it_held()
    {
        using var root = new TemporaryDirectory();
        string directory = Path.Combine(root.Path, "log");

        // A directory that goes away at each attempt to write for longer than the time limit is a fault that lasts: not what this is about.
        GenerationMonitorOptions options = MonitorUse.In(directory);
        options.HandlerTimeLimit = Limits.Generous;
        var monitor = new GenerationMonitor(options);
        Task[] producers = [.. Enumerable.Range(0, 4).Select(t => Task.Run(() => monitor.Record($"m{t}", 1, 50_000)))];
        for (int removals = 0; removals < 20 && !producers.All(p => p.IsCompleted);)
        {
            try
            {
                Directory.Delete(directory, recursive: true);
                removals++;
            }
            catch (IOException)
            {
                // It is not there yet, or the monitor has put a new file into it meanwhile.
            }
        }

        await Task.WhenAll(producers);
        monitor.Record("after", 1, 100);
        await FlushWhenItCan(monitor);
        await monitor.DisposeAsync();
        HandlerStatistics file = monitor.File();
        Assert.Equal((200_100, 0), (file.Written, file.Failed + file.Dropped));
        Assert.Equal(LogFiles.OneTo(100), LogFiles.NumbersOf(directory, "after"));
    }

    [Fact]
    public async Task A_removed_file_is_made_again()
    {
        using var directory = new TemporaryDirectory();
        using var monitor = new GenerationMonitor(MonitorUse.In(directory.Path));
        monitor.Record("before", 1, 100);
        await monitor.Flush();

        File.Delete(Path.Combine(directory.Path, "metrics.jsonl"));
        monitor.Record("after", 1, 100);
        await monitor.Flush();
        Assert.Equal(LogFiles.OneTo(100), LogFiles.NumbersOf(directory.Path, "after"));
        Assert.Empty(LogFiles.NumbersOf(directory.Path, "before"));
    }

    [Fact]
    public async Task A_file_put_in_place_of_the_monitors_own_does_not_swallow_records()
    {
        using var directory = new TemporaryDirectory();
        string path = Path.Combine(directory.Path, "metrics.jsonl");
        using var monitor = new GenerationMonitor(MonitorUse.In(directory.Path));
        monitor.Record("before", 1, 100);
        await monitor.Flush();

        // As a removed directory does that a second process has made again before this one has looked.
        string[] lines = LogFiles.Lines(path);
        File.Delete(path);
        File.WriteAllText(path, lines[0] + "\n");
        monitor.Record("after", 1, 100);
        await monitor.Flush();
        Assert.Equal(LogFiles.OneTo(100), LogFiles.NumbersOf(directory.Path, "after"));
        Assert.Equal([1], LogFiles.NumbersOf(directory.Path, "before"));
    }

    [Fact]
    public async Task A_file_emptied_under_the_monitor_gets_whole_lines_from_its_start()
    {
        using var directory = new TemporaryDirectory();
        using var monitor = new GenerationMonitor(MonitorUse.In(directory.Path));
        monitor.Record("before", 1, 100);
        await monitor.Flush();

        using (
            var stream = new FileStream(
                Path.Combine(directory.Path, "metrics.jsonl"),
                FileMode.Open,
                FileAccess.Write,
                FileShare.ReadWrite | FileShare.Delete))
            stream.SetLength(0);
        monitor.Record("after", 1, 100);
        await monitor.Flush();
        Assert.Equal(100, LogFiles.WholeRecords(directory.Path).Count());
        Assert.Equal(LogFiles.OneTo(100), LogFiles.NumbersOf(directory.Path, "after"));
    }

    [Fact]
    public async Task Permissions_taken_away_fail_the_flush_and_given_back_let_the_backlog_through()
    {
        Need.That(!OperatingSystem.IsWindows(), "This test needs Unix permissions.");
        using var root = new TemporaryDirectory();
        string directory = Directory.CreateDirectory(Path.Combine(root.Path, "log")).FullName;
        string[] asUser = [];
        if (Environment.IsPrivilegedProcess)
        {
            // Permissions do not bind root.
            Need.Command("setpriv");
            asUser = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
            SetMode(
                root.Path,
                UnixFileMode.UserRead
                    | UnixFileMode.UserWrite
                    | UnixFileMode.UserExecute
                    | UnixFileMode.OtherRead
                    | UnixFileMode.OtherExecute);
            SetMode(directory, Everybody);
        }

        using Child child = Child.StartUnder(asUser, root.Path, "serve", directory, "MaxFileSize=4096");
        Assert.Equal(directory, await child.ReadLineAsync());
        await child.AskAsync("record before 10");
        Assert.Equal("flushed", await child.AskAsync("flush"));

        string locks = Path.Combine(directory, ".locks");
        UnixFileMode locksMode = ModeOf(locks);
        SetMode(directory, ReadOnly);
        SetMode(locks, ReadOnly);

        // More than the open file takes: the next cannot be made. A first batch, of what was recorded when the pump came by, may still fit.
        await child.AskAsync("record during 1000");
        Assert.StartsWith("failed", await child.AskAsync("flush"), StringComparison.Ordinal);
        HandlerStatistics stuck = (await child.AskStatisticsAsync()).Handlers[0];
        Assert.Equal((1010, 0), (stuck.Written + stuck.Pending, stuck.Failed + stuck.Dropped));
        Assert.InRange(stuck.Written, 10, 40);

        SetMode(directory, Everybody);
        SetMode(locks, locksMode);
        await Limits.Until(() => child.AskAsync("flush").GetAwaiter().GetResult() == "flushed", "the flush succeeds");
        await child.AskAsync("dispose");
        Assert.Equal(LogFiles.OneTo(10), LogFiles.NumbersOf(directory, "before"));
        Assert.Equal(LogFiles.OneTo(1000), LogFiles.NumbersOf(directory, "during"));
        await child.FinishAsync();
    }

    private const UnixFileMode ReadOnly =
        UnixFileMode.UserRead
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    private const UnixFileMode Everybody = ReadOnly | UnixFileMode.UserWrite | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private static GenerationMonitorOptions WithFileAnd(string directory, IMetricHandler other)
    {
        GenerationMonitorOptions options = MonitorUse.In(directory);
        options.MetricHandlers.Add(new FileMetricHandler(directory));
        options.MetricHandlers.Add(other);
        return options;
    }

    // The handler tries again at intervals of its own.
    private static Task FlushWhenItCan(GenerationMonitor monitor) => Limits.Until(
        () =>
        {
            try
            {
                monitor.Flush().GetAwaiter().GetResult();
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        },
        "the flush succeeds");

#pragma warning disable CA1416 // Reached on Unix only.
    private static void SetMode(string path, UnixFileMode mode) => File.SetUnixFileMode(path, mode);

    private static UnixFileMode ModeOf(string path) => File.GetUnixFileMode(path);
#pragma warning restore CA1416
}
