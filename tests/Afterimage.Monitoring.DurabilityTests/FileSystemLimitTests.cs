using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>File systems that give no more files, and mend.</summary>
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
