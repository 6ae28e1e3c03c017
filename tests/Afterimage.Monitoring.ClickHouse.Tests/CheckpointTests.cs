using System.Diagnostics;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>Checkpoints that cannot be written.</summary>
public sealed class CheckpointTests
{
    private const int MaxLines = 50_000;

    [Fact]
    public async Task A_limit_on_the_size_of_files_fails_a_plan_and_costs_no_line()
    {
        Need.Linux();
        Need.Command("prlimit");
        using var directory = new TemporaryDirectory();
        Write(Path.Combine(directory.Path, "metrics.jsonl"), MaxLines + 10);
        using Process planner = Start(directory.Path);

        Assert.StartsWith("failed", await AskAsync(planner), StringComparison.Ordinal);
        Limit(planner, "unlimited");
        Assert.Equal("opened", await AskAsync(planner));
        string checkpoint = Assert.Single(Directory.GetFiles(Path.Combine(directory.Path, ".shipping"), "fleet*.checkpoint"));
        Limit(planner, $"{new FileInfo(checkpoint).Length + 10}");
        Assert.EndsWith(
            "would exceed the maximum file size of this process.",
            await AskAsync(planner),
            StringComparison.Ordinal);

        // The lines of the unit that failed are planned as if they had never been read.
        Limit(planner, "unlimited");
        Assert.Equal($"metrics.jsonl 1 {MaxLines}", await AskAsync(planner));
        Assert.Equal($"metrics.jsonl {MaxLines + 1} 10", await AskAsync(planner));
        Assert.Equal("none", await AskAsync(planner));
        planner.StandardInput.Close();
        await planner.WaitForExitAsync(Limits.Token);
        Assert.Equal(0, planner.ExitCode);
    }

    private static void Write(string path, int records) => File.WriteAllLines(
        path,
        Enumerable.Range(0, records).Select(i =>
            $$"""{"timestamp":"2026-11-23T14:25:38Z","event":"metric","metric_name":"m","value":{{i}}}"""));

    private static Process Start(string directory)
    {
        // Soft, so that it can be taken back. .NET itself maps memory by way of files larger than that, unless told not to.
        string command = "ulimit -S -f 0; export DOTNET_EnableWriteXorExecute=0; exec \"$0\" \"$@\"";
        string program = Path.Combine(AppContext.BaseDirectory, "Afterimage.ShipProgram.dll");
        return Process.Start(
            new ProcessStartInfo(
                Need.Command("bash"),
                ["-c", command, Environment.ProcessPath is { } host && host.EndsWith("dotnet", StringComparison.Ordinal) ? host : "dotnet",
                    program, "plan", directory])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            })!;
    }

    private static void Limit(Process process, string bytes) =>
        Assert.True(Need.Run("prlimit", "--pid", $"{process.Id}", $"--fsize={bytes}:"));

    private static async Task<string?> AskAsync(Process process)
    {
        await process.StandardInput.WriteAsync("\n".AsMemory(), Limits.Token);
        await process.StandardInput.FlushAsync(Limits.Token);
        return await Limits.WaitFor(process.StandardOutput.ReadLineAsync(Limits.Token).AsTask());
    }
}
