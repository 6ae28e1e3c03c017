using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Many threads, monitors and processes at once.</summary>
public sealed class ManyWritersTests
{
    [Fact]
    public async Task Sixty_four_threads_lose_nothing()
    {
        using var directory = new TemporaryDirectory();
        var monitor = new GenerationMonitor(MonitorUse.In(directory.Path));
        Thread[] threads = [.. Enumerable.Range(0, 64).Select(t => new Thread(() => monitor.Record($"m{t}", 1, 5_000)))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            Assert.True(thread.Join(Limits.Generous));
        await monitor.DisposeAsync();

        ILookup<string?, long> numbers = LogFiles
            .WholeRecords(directory.Path)
            .ToLookup(r => r.GetProperty("model_name").GetString(), r => r.GetProperty("prompt_token_count").GetInt64());
        for (int t = 0; t < 64; t++)
            Assert.Equal(LogFiles.OneTo(5_000), numbers[$"m{t}"]);
        Assert.Equal(64 * 5_000, monitor.GetStatistics().Written);
    }

    [Fact]
    public async Task Two_monitors_used_in_turn_by_the_same_threads_keep_apart()
    {
        using var directory = new TemporaryDirectory();
        GenerationMonitor[] monitors =
        [
            .. Enumerable.Range(0, 2).Select(i => new GenerationMonitor(MonitorUse.In(Path.Combine(directory.Path, $"run{i}")))),
        ];
        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(t =>
                    Task.Run(() =>
                    {
                        for (int number = 1; number <= 10_000; number++)
                        {
                            monitors[0].Record($"m{t}", number, number);
                            monitors[1].Record($"n{t}", number, number);
                        }
                    })));
        foreach (GenerationMonitor monitor in monitors)
            await monitor.DisposeAsync();

        for (int t = 0; t < 4; t++)
        {
            Assert.Equal(LogFiles.OneTo(10_000), LogFiles.NumbersOf(monitors[0].LogDirectory!, $"m{t}"));
            Assert.Equal(LogFiles.OneTo(10_000), LogFiles.NumbersOf(monitors[1].LogDirectory!, $"n{t}"));
        }

        Assert.All(monitors, monitor => Assert.Equal(40_000, monitor.GetMetrics("generation_time").Count));
        Assert.Equal(80_000, Summarize(directory.Path).Generations);
    }

    [Fact]
    public async Task A_second_live_monitor_on_a_directory_writes_files_of_its_own()
    {
        using var directory = new TemporaryDirectory();
        GenerationMonitor[] monitors = [.. Enumerable.Range(0, 2).Select(_ => new GenerationMonitor(MonitorUse.In(directory.Path)))];
        for (int i = 0; i < 2; i++)
        {
            monitors[i].Record($"m{i}", 1, 1_000);
            monitors[i].LogInfo($"m{i}");
            await monitors[i].Flush();
        }

        foreach (GenerationMonitor monitor in monitors)
            await monitor.DisposeAsync();

        string[] files = [.. Directory.GetFiles(directory.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
        Assert.Equal(
            ["afterimage-000001.log", "afterimage.log", "metrics-000001.jsonl", "metrics.jsonl", "run-000001.json", "run.json"],
            files);
        Assert.All(
            LogFiles.Lines(Path.Combine(directory.Path, "metrics.jsonl")),
            line => Assert.Contains("\"m0\"", line, StringComparison.Ordinal));
        Assert.All(
            LogFiles.Lines(Path.Combine(directory.Path, "metrics-000001.jsonl")),
            line => Assert.Contains("\"m1\"", line, StringComparison.Ordinal));
        Assert.NotEqual(
            LogFiles.Run(directory.Path).GetProperty("run_id").GetString(),
            LogFiles.Run(directory.Path, "run-000001.json").GetProperty("run_id").GetString());
        Assert.Equal(2_000, Summarize(directory.Path).Generations);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Processes_on_one_directory_rotate_past_each_other_and_nothing_is_lost(bool locksWork)
    {
        if (!locksWork)
            Need.Linux();
        using var directory = new TemporaryDirectory();

        // What .NET does on a file system without locks, it does everywhere when it is told so.
        string[] wrapper = locksWork ? [] : ["env", "DOTNET_SYSTEM_IO_DISABLEFILELOCKING=1"];
        Child[] children =
        [
            .. Enumerable.Range(0, 3).Select(_ => Child.StartUnder(wrapper, null, "serve", directory.Path, "MaxFileSize=8192")),
        ];
        await Task.WhenAll(children.Select((child, i) => Task.Run(async () =>
        {
            await child.ReadLineAsync();
            for (int round = 0; round < 40; round++)
            {
                await child.AskAsync($"record m{i} 40");
                Assert.Equal("flushed", await child.AskAsync("flush"));
            }

            await child.AskAsync("dispose");
            await child.FinishAsync();
            child.Dispose();
        })));

        // A writer that comes back behind another wrote while the other did.
        foreach (string file in LogFiles.Metrics(directory.Path))
        {
            string?[] writers = [.. LogFiles.Lines(file).Select(line => LogFiles.Parse(line)!.Value.GetProperty("model_name").GetString())];
            Assert.Equal(writers.Distinct().Count() - 1, writers.Zip(writers.Skip(1)).Count(pair => pair.First != pair.Second));
        }

        for (int i = 0; i < 3; i++)
            Assert.Equal(Enumerable.Repeat(LogFiles.OneTo(40), 40).SelectMany(n => n), LogFiles.NumbersOf(directory.Path, $"m{i}"));
        RunSummary summary = Summarize(directory.Path);
        Assert.Equal((3 * 1_600, 0), (summary.Generations, summary.SkippedLines));
        Assert.Equal(3 * 40 * 820, summary.Tokens.TotalPromptTokens);
        Assert.Equal(3, Directory.GetFiles(directory.Path, "run*.json").Length);
    }

    [Fact]
    public async Task A_directory_where_locks_do_nothing_is_not_compacted()
    {
        Need.Linux();
        using var directory = new TemporaryDirectory();
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(directory.Path)))
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), success: true);

        using Child child = Child.StartUnder(["env", "DOTNET_SYSTEM_IO_DISABLEFILELOCKING=1"], null, "compact", directory.Path);

        Assert.Contains("File locks have no effect in", await child.FailAsync(), StringComparison.Ordinal);
        Assert.Single(LogFiles.Metrics(directory.Path));
    }

    [Fact]
    public async Task Processes_with_default_directories_under_one_root_have_one_each()
    {
        using var root = new TemporaryDirectory();
        Child[] children = [.. Enumerable.Range(0, 4).Select(_ => Child.StartUnder([], root.Path, "serve", "-"))];
        string?[] directories = await Task.WhenAll(children.Select((child, i) => Task.Run(async () =>
        {
            string? directory = await child.ReadLineAsync();
            await child.AskAsync($"record m{i} {1_000 * (i + 1)}");
            return directory;
        })));

        // Two end in order, two are killed behind their flush: the sum is the same.
        for (int i = 0; i < children.Length; i++)
        {
            Assert.Equal("flushed", await children[i].AskAsync("flush"));
            await (i % 2 == 0 ? children[i].FinishAsync() : children[i].KillAsync());
            children[i].Dispose();
        }

        Assert.Equal(4, directories.Distinct().Count());
        Assert.Equal([true, false, true, false], directories.Select(directory => LogFiles.Run(directory!).TryGetProperty("end", out _)));
        Assert.Equal(
            [true, false, true, false],
            directories.Select(directory => LogFiles.Run(directory!).TryGetProperty("recorded", out _)));
        Assert.All(
            directories,
            directory => Assert.StartsWith(Path.Combine(root.Path, ".afterimage-monitoring"), directory, StringComparison.Ordinal));
        RunSummary summary = Summarize(root.Path);
        Assert.Equal((10_000, 0, 4), (summary.Generations, summary.SkippedLines, summary.Files.Count));
        Assert.Equal([1_000, 2_000, 3_000, 4_000], Enumerable.Range(0, 4).Select(i => (int)summary.Metrics[$"model_usage:m{i}"].Count));
    }

    [Fact]
    public async Task Ten_thousand_monitors_leave_no_thread_handle_or_memory_behind()
    {
        Need.Linux();
        using var directory = new TemporaryDirectory();
        using Child child = Child.Start("loop", directory.Path, "10000");
        string[] reports = (await child.FinishAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        long[][] held = [.. reports.Select(report => report.Split(' ').Select(long.Parse).ToArray())];

        // One thousandth of what a monitor would leave if it left one of anything.
        Assert.Equal(2, held.Length);
        Assert.InRange(held[1][0] - held[0][0], -100, 8);
        Assert.InRange(held[1][1] - held[0][1], -100, 8);
        Assert.InRange(held[1][2] - held[0][2], -10_000_000, 500_000);
        Assert.Equal(10_200, Summarize(directory.Path).Generations);
    }

    private static RunSummary Summarize(string directory) => LogDirectory.Open(directory).Summarize(Limits.Token);
}
