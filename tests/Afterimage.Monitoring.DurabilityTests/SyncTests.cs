using System.Text.RegularExpressions;
using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>What the operating system is asked for, as strace sees it.</summary>
public sealed partial class SyncTests
{
    // How the directories are called among the files of a trace.
    private const string LogDirectory = "the log directory";
    private const string Parent = "the directory above it";

    [Fact]
    public async Task A_synced_flush_ends_after_fsync_of_every_file_that_it_wrote()
    {
        List<SystemCall> calls = await TraceFlushesAsync(Durability.Synced);
        string[] written = [.. calls.Where(c => c.Name == "pwrite64").Select(c => c.File).Distinct()];
        Assert.Equal(["metrics.jsonl", "metrics-000001.jsonl", "metrics-000002.jsonl"], written);
        foreach (string file in written)
        {
            int lastWrite = calls.FindLastIndex(c => c.Name == "pwrite64" && c.File == file);
            int flushed = calls.FindIndex(lastWrite, c => c.IsAnswer);
            Assert.True(flushed > lastWrite);
            Assert.Contains(calls[lastWrite..flushed], c => c.Name is "fsync" or "fdatasync" && c.File == file);
        }
    }

    [Fact]
    public async Task A_synced_flush_ends_after_fsync_of_the_directories_that_its_files_are_in()
    {
        List<SystemCall> calls = await TraceFlushesAsync(Durability.Synced);
        int begin = 0;
        foreach (string file in (string[])["metrics.jsonl", "metrics-000001.jsonl", "metrics-000002.jsonl"])
        {
            // The file is open by its name from before its first write.
            int firstWrite = calls.FindIndex(begin, c => c.Name == "pwrite64" && c.File == file);
            int flushed = calls.FindIndex(firstWrite, c => c.IsAnswer);
            Assert.Contains(calls[firstWrite..flushed], c => c is { Name: "fsync", File: LogDirectory });
            Assert.Contains(calls[firstWrite..flushed], c => c is { Name: "fsync", File: Parent });
            begin = flushed;
        }
    }

    [Fact]
    public async Task A_buffered_flush_does_not_wait_for_the_disk()
    {
        List<SystemCall> calls = await TraceFlushesAsync(Durability.Buffered);
        Assert.Contains(calls, c => c.Name == "pwrite64" && c.File == "metrics.jsonl");
        Assert.DoesNotContain(calls, c => c.Name is "fsync" or "fdatasync");
    }

    /// <summary>A system reports such an error once, and takes what the disk did not for written: the second flush must not believe
    /// it.</summary>
    [Theory]
    [InlineData(1)] // the file's content
    [InlineData(2)] // its name in the directory
    public async Task A_failed_sync_fails_that_flush_and_all_later_ones_and_recording_goes_on(int failing)
    {
        using var directory = new TemporaryDirectory();
        using Child child = Serve(directory, Durability.Synced, Strace.FailSync(failing));
        await child.ReadLineAsync();

        await child.AskAsync("record m 20");
        Assert.StartsWith(
            "failed FileMetricHandler could not write: The disk may not have kept what was written to the file: ",
            await child.AskAsync("flush"),
            StringComparison.Ordinal);
        for (int i = 0; i < 3; i++)
        {
            // The log, which says so, is on the same disk, and may be the first to be named.
            await child.AskAsync("record m 20");
            Assert.Matches("^failed File(Metric|Log)Handler could not write: The disk may not have kept", await child.AskAsync("flush"));
        }

        MonitorStatistics statistics = await child.AskStatisticsAsync();
        Assert.Equal(80, statistics.Handlers[0].Written);
        Assert.Equal(0, statistics.Handlers[0].Failed);
        Assert.Equal(4, statistics.Handlers[0].Failures);
        await child.FinishAsync();
        Assert.Equal(
            80,
            new DirectoryInfo(LogOf(directory)).EnumerateFiles("metrics*.jsonl").Sum(file => File.ReadLines(file.FullName).Count()));
    }

    private static async Task<List<SystemCall>> TraceFlushesAsync(Durability durability)
    {
        using var directory = new TemporaryDirectory();
        using (Child child = Serve(directory, durability, "-y", "-e", "trace=fsync,fdatasync,pwrite64,write"))
        {
            await child.ReadLineAsync();

            // Until there are some that rotation has finished. How much goes into each depends on when the pump comes by.
            while (LogFiles.Metrics(LogOf(directory)).Length < 3)
            {
                await child.AskAsync("record m 20");
                Assert.Equal("flushed", await child.AskAsync("flush"));
            }

            await child.FinishAsync();
        }

        return Calls(File.ReadLines(TraceOf(directory)), LogOf(directory));
    }

    private static Child Serve(TemporaryDirectory directory, Durability durability, params IEnumerable<string> options) =>
        Strace.Start(TraceOf(directory), options, ["serve", LogOf(directory), $"Durability={durability}", "MaxFileSize=4096"]);

    private static string TraceOf(TemporaryDirectory directory) => Path.Combine(directory.Path, "trace");

    private static string LogOf(TemporaryDirectory directory) => Path.Combine(directory.Path, "log");

    // In the order of their completion: a call that others interrupt in the trace ends on a line of its own.
    private static List<SystemCall> Calls(IEnumerable<string> lines, string directory)
    {
        var calls = new List<SystemCall>();
        var unfinished = new Dictionary<string, SystemCall>();
        foreach (string line in lines)
        {
            string thread = line.Split(' ')[0];
            if (line.Contains(" resumed>", StringComparison.Ordinal))
            {
                if (unfinished.Remove(thread, out SystemCall? call))
                    calls.Add(call);
            }
            else if (CallPattern().Match(line) is { Success: true } match)
            {
                string path = match.Groups["path"].Value;
                string name = match.Groups["name"].Value;
                bool isAnswer = name == "write" && line.Contains("\"flushed\\n\"", StringComparison.Ordinal);
                string? file = path == directory ? LogDirectory
                    : path == Path.GetDirectoryName(directory) ? Parent
                    : Path.GetDirectoryName(path) == directory && Path.GetExtension(path) == ".jsonl" ? Path.GetFileName(path)
                    : null;
                if (!isAnswer && file is null)
                    continue;

                // The answer counts from where it begins.
                var call = new SystemCall(name, file ?? "", isAnswer);
                if (!isAnswer && line.EndsWith("<unfinished ...>", StringComparison.Ordinal))
                    unfinished[thread] = call;
                else
                    calls.Add(call);
            }
        }

        return calls;
    }

    [GeneratedRegex(@"(?<name>fsync|fdatasync|pwrite64|write)\(\d+<(?<path>[^>]*)>")]
    private static partial Regex CallPattern();

    private sealed record SystemCall(string Name, string File, bool IsAnswer);
}
