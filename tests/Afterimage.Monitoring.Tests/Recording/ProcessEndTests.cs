using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

/// <summary>Real processes that end without disposing their monitor.</summary>
public sealed class ProcessEndTests
{
    private const int Generations = 20_001;

    [Theory]
    [InlineData("return", 0)]
    [InlineData("exit", 3)]
    [InlineData("throw", null)]
    [InlineData("throw-on-thread", null)]
    public async Task A_process_that_ends_by_itself_has_written_everything(string way, int? exitCode)
    {
        using var directory = new TemporaryDirectory();
        using Process process = Start(directory, way);
        await Ended(process);

        if (exitCode is { } expected)
            Assert.Equal(expected, process.ExitCode);
        else
            Assert.NotEqual(0, process.ExitCode);
        AssertComplete(directory, Generations);
        Assert.True(JsonFile.Object(directory.File("run.json")).TryGetProperty("end", out _));
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    [InlineData("QUIT")]
    public async Task A_process_that_a_signal_ends_has_written_everything(string signal)
    {
        using var directory = new TemporaryDirectory();
        using Process process = Start(directory, "wait");
        await Ready(process);
        await Kill(process, signal);
        await Ended(process);

        Assert.NotEqual(0, process.ExitCode);
        AssertComplete(directory, Generations);
    }

    [Fact]
    public async Task A_process_that_is_killed_keeps_what_was_flushed()
    {
        using var directory = new TemporaryDirectory();
        using Process process = Start(directory, "flush-and-wait");
        await Ready(process);
        process.Kill();
        await Ended(process);

        AssertComplete(directory, Generations);
        Assert.False(JsonFile.Object(directory.File("run.json")).TryGetProperty("end", out _));
    }

    [Fact]
    public async Task A_program_that_cancels_the_signal_goes_on_recording()
    {
        using var directory = new TemporaryDirectory();
        using Process process = Start(directory, "cancel-signal");
        await Ready(process);
        await Kill(process, "INT");
        await Ended(process);

        Assert.Equal(0, process.ExitCode);
        AssertComplete(directory, 2 * Generations);
    }

    [Fact]
    public async Task The_default_directory_is_named_by_the_utc_time_and_is_each_monitors_own()
    {
        using var directory = new TemporaryDirectory();
        using Process process = Start(directory, "default-directory");
        string output = await process.StandardOutput.ReadToEndAsync(Limits.Token);
        await Ended(process);

        string[] directories = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, directories.Length);
        Assert.All(directories, d => Assert.True(File.Exists(Path.Combine(d, "run.json")), d));
        Assert.All(directories, d => Assert.Equal(".afterimage-monitoring", Path.GetFileName(Path.GetDirectoryName(d))));
        Assert.Equal("2026-11-23-14-05-09", Path.GetFileName(directories[0]));
        Assert.StartsWith("2026-11-23-14-05-09", Path.GetFileName(directories[1]), StringComparison.Ordinal);
        Assert.Equal(3, directories.Distinct().Count());
        Assert.True(DateTime.TryParseExact(
            Path.GetFileName(directories[2]), "yyyy-MM-dd-HH-mm-ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
    }

    private static void AssertComplete(TemporaryDirectory directory, int generations)
    {
        List<JsonElement> records = JsonFile.Lines(directory.File("metrics.jsonl"));
        Assert.Equal(generations, records.Count(r => r.Text("event") == "generation"));
        Assert.Equal(["recorded"], JsonFile.Lines(directory.File("afterimage.log")).Select(e => e.Text("message")));
    }

    private static Process Start(TemporaryDirectory directory, string way)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Afterimage.TestPrograms.dll");
        string[] arguments = ["exec", program, way, Generations.ToString(CultureInfo.InvariantCulture), directory.Path];
        ProcessStartInfo start = Signals.Default(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", arguments);
        start.WorkingDirectory = directory.Path;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        return Process.Start(start)!;
    }

    private static async Task Ready(Process process) =>
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync(Limits.Token).AsTask().WaitAsync(Limits.Generous, Limits.Token));

    private static async Task Ended(Process process)
    {
        // Read, so that the process never waits for its reader.
        Task<string> errors = process.StandardError.ReadToEndAsync(Limits.Token);
        await Limits.WaitFor(process.WaitForExitAsync(Limits.Token));
        await errors;
    }

    private static async Task Kill(Process process, string signal)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{signal} {process.Id}"]);
        await Limits.WaitFor(kill.WaitForExitAsync(Limits.Token));
        Assert.Equal(0, kill.ExitCode);
    }
}
