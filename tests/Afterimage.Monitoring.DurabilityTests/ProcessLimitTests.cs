using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Limits that the system sets a process.</summary>
public sealed class ProcessLimitTests
{
    private const int Workers = 6;

    [Fact]
    public async Task A_limit_on_the_size_of_files_is_a_full_disk_and_not_the_end()
    {
        using var directory = new TemporaryDirectory();
        using Child child = Start("-f 64", "serve", directory.Path);
        Assert.Equal(directory.Path, await child.ReadLineAsync());
        await child.AskAsync("record m 10");
        Assert.Equal("flushed", await child.AskAsync("flush"));
        await child.AskAsync("record m 2000");
        Assert.Contains("would exceed the maximum file size", await child.AskAsync("flush"), StringComparison.Ordinal);

        HandlerStatistics file = Assert.Single((await child.AskStatisticsAsync()).Handlers, h => h.Name == nameof(FileMetricHandler));
        Assert.Equal((10, 2000), (file.Written, file.Pending));
        Assert.Equal(10, LogFiles.WholeRecords(directory.Path).Count());

        // As when there is room again.
        Assert.True(Need.Run("prlimit", "--pid", $"{child.Id}", "--fsize=unlimited"));
        while (await child.AskAsync("flush") != "flushed")
        {
        }

        await child.FinishAsync();
        Assert.Equal(2010, LogFiles.WholeRecords(directory.Path).Count());
    }

    [Fact]
    public async Task A_host_that_handles_the_signal_of_that_limit_keeps_its_way()
    {
        using var directory = new TemporaryDirectory();
        using Child child = Start("-f 64", "serve-with-own-signal", directory.Path);
        Assert.Equal(directory.Path, await child.ReadLineAsync());
        await child.AskAsync("record m 2000");
        await child.WriteLineAsync("flush");

        // It comes on a thread of its own, before or behind the answer.
        string? line;
        do
            Assert.NotNull(line = await child.ReadLineAsync());
        while (line != "the host's own");
    }

    [Fact]
    public async Task Without_a_free_descriptor_records_wait_for_the_next_file()
    {
        using var directory = new TemporaryDirectory();
        using Child child = Start("-n 1024", "serve", directory.Path, "MaxFileSize=65536");
        Assert.Equal(directory.Path, await child.ReadLineAsync());
        await child.AskAsync("record m 10");
        Assert.Equal("flushed", await child.AskAsync("flush"));

        // .NET itself has no descriptors for what it loads, and none for threads: it has loaded what a failure takes, and has its threads.
        Assert.Equal("occupied", await child.AskAsync($"occupy {Workers}"));
        Assert.True(Need.Run("prlimit", "--pid", $"{child.Id}", "--fsize=1024:"));
        await child.AskAsync("record m 3000");
        Assert.Contains("would exceed the maximum file size", await child.AskAsync("flush"), StringComparison.Ordinal);
        Assert.True(Need.Run("prlimit", "--pid", $"{child.Id}", "--fsize=unlimited:"));
        while (await child.AskAsync("flush") != "flushed")
        {
        }

        // What is open stays open.
        Assert.True(Need.Run("prlimit", "--pid", $"{child.Id}", "--nofile=3:"));
        await child.AskAsync("record m 3000");
        Assert.Contains("Too many open files", await child.AskAsync("flush"), StringComparison.Ordinal);

        Assert.True(Need.Run("prlimit", "--pid", $"{child.Id}", "--nofile=1024:"));
        while (await child.AskAsync("flush") != "flushed")
        {
        }

        await child.FinishAsync();
        Assert.Equal(6010, LogFiles.WholeRecords(directory.Path).Count());
        Assert.True(LogFiles.Metrics(directory.Path).Length > 1);
    }

    [Fact]
    public async Task A_run_of_more_files_than_descriptors_is_summarised_and_compacted()
    {
        const int Files = 600;
        using var directory = new TemporaryDirectory();
        for (int i = 0; i < Files; i++)
            File.WriteAllText(
                directory.File(i == 0 ? "metrics.jsonl" : $"metrics-{i:D6}.jsonl"),
                "{\"timestamp\":\"2026-11-23T14:25:38Z\",\"event\":\"metric\",\"metric_name\":\"m\",\"value\":1}\n");

        using Child summary = Start("-n 256", "summarize", directory.Path);
        Assert.Equal($"{Files} points{Environment.NewLine}", await summary.FinishAsync());
        using Child compaction = Start("-n 256", "compact", directory.Path);
        await compaction.FinishAsync();
        Assert.Empty(LogFiles.Metrics(directory.Path));
        Assert.Equal(
            Files,
            LogDirectory.Open(directory.Path).Summarize(TestContext.Current.CancellationToken).Metrics["m"].Count);
    }

    private static Child Start(string limit, params IEnumerable<string> arguments)
    {
        Need.Linux();
        Need.Command("prlimit");

        // Soft, so that it can be taken back. .NET itself maps memory by way of files larger than that, unless told not to.
        string command = $"ulimit -S {limit}; export DOTNET_EnableWriteXorExecute=0 DOTNET_ThreadPool_ForceMinWorkerThreads={Workers} "
            + $"DOTNET_ThreadPool_ForceMaxWorkerThreads={Workers} DOTNET_ThreadPool_ThreadTimeoutMs=-1; exec \"$0\" \"$@\"";
        return Child.StartUnder([Need.Command("bash"), "-c", command], workingDirectory: null, arguments);
    }
}
