using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>File systems that give no more files, or take no more writes.</summary>
public sealed class FileSystemLimitTests
{
    [Fact]
    public async Task Without_free_inodes_records_wait_for_the_next_file()
    {
        using var disk = new SmallDisk(kilobytes: 16 * 1024);
        GenerationMonitorOptions options = MonitorUse.In(disk.Directory);
        options.LogFiles.MaxFileSize = 65_536;
        using var monitor = new GenerationMonitor(options);
        monitor.Record("m", 1, 100);
        await monitor.Flush();

        string[] taken = [.. TakeInodes(Path.GetDirectoryName(disk.Directory)!)];
        monitor.Record("m", 101, 3_000);
        await Assert.ThrowsAnyAsync<IOException>(monitor.Flush);
        Assert.Equal(3_000, monitor.GetMetrics("generation_time").Count);

        foreach (string path in taken)
            File.Delete(path);
        await FlushWhenItCan(monitor);
        Assert.Equal(LogFiles.OneTo(3_000), LogFiles.NumbersOf(disk.Directory, "m"));

        IEnumerable<string> TakeInodes(string directory)
        {
            disk.Remount("nr_inodes=100");
            for (int i = 0; ; i++)
            {
                string path = Path.Combine(directory, $"inode-{i}");
                try
                {
                    File.Create(path).Dispose();
                }
                catch (IOException)
                {
                    yield break;
                }

                yield return path;
            }
        }
    }

    [Fact]
    public async Task A_disk_that_turns_read_only_fails_the_flush_and_keeps_what_it_has()
    {
        using var disk = new LoopDisk();
        GenerationMonitorOptions options = MonitorUse.In(disk.Directory);
        options.ShutdownTimeout = TimeSpan.FromSeconds(1);
        var other = new CountingHandler();
        options.MetricHandlers.Add(other);
        var monitor = new GenerationMonitor(options);
        await using (monitor)
        {
            monitor.Record("m", 1, 100);
            await monitor.Flush();

            disk.TurnReadOnly();
            monitor.Record("m", 101, 300);
            IOException refused = await Assert.ThrowsAnyAsync<IOException>(monitor.Flush);
            Assert.Contains("ead-only file system", refused.Message, StringComparison.Ordinal);
            await Limits.Until(() => other.Records == 300, "the other handler has everything");
            Assert.Equal(300, monitor.GetMetrics("generation_time").Count);
        }

        HandlerStatistics file = monitor.Handler(nameof(FileMetricHandler));
        Assert.Equal((100, 200, 0), (file.Written, file.Failed, file.Pending));
        Assert.Equal(LogFiles.OneTo(100), LogFiles.NumbersOf(disk.Directory, "m"));
        Assert.Equal(100, LogDirectory.Open(disk.Directory).Summarize(TestContext.Current.CancellationToken).Generations);
    }

    private static async Task FlushWhenItCan(GenerationMonitor monitor)
    {
        while (true)
        {
            try
            {
                await monitor.Flush();
                return;
            }
            catch (IOException)
            {
                // Not yet.
            }
        }
    }
}
