using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Limits that the system sets a process.</summary>
public sealed class ProcessLimitTests
{
    [Fact]
    public async Task A_limit_on_the_size_of_files_is_a_full_disk_and_not_the_end()
    {
        using var directory = new TemporaryDirectory();
        using Child child = Start("-f 64", "serve", directory.Path);
        Assert.Equal(directory.Path, await child.ReadLineAsync());
        await child.AskAsync("record m 10");
        Assert.Equal("flushed", await child.AskAsync("flush"));
        await child.AskAsync("record m 2000");
        Assert.Contains("limit", await child.AskAsync("flush"), StringComparison.Ordinal);

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

    private static Child Start(string limit, params IEnumerable<string> arguments)
    {
        Need.Linux();
        Need.Command("prlimit");

        // Soft, so that it can be taken back. .NET itself maps memory by way of files larger than that, unless told not to.
        string command = $"ulimit -S {limit}; export DOTNET_EnableWriteXorExecute=0; exec \"$0\" \"$@\"";
        return Child.StartUnder([Need.Command("bash"), "-c", command], workingDirectory: null, arguments);
    }
}
