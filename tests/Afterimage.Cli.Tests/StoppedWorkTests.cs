using System.Diagnostics;
using System.Globalization;

namespace Afterimage.Cli.Tests;

/// <summary>Export and import that end before their work is done: killed, interrupted, on a disk that is full.</summary>
public sealed class StoppedWorkTests : IDisposable
{
    private const int Lines = 120_000;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string> Formats => new("json", "csv", "excel", "parquet");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Out => Path.Combine(_directory.Path, "out");

    private void WriteLog() =>
        _directory.Write(
            "log/metrics.jsonl",
            Enumerable
                .Range(0, Lines)
                .Select(i =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $$"""{"timestamp":"2026-11-23T14:25:38Z","event":"generation","duration":{{Math.Sqrt(i)}},"success":true"""
                        + $$""","model_name":"m","error":"error {{i * 7919L % 100003}}","prompt_token_count":{{i}}}"""
                    )));

    private void WritePython() => _directory.Write("python.jsonl", Enumerable.Range(0, 4 * Lines).Select(i => string.Create(
        CultureInfo.InvariantCulture, $$"""{"metric": "m", "value": {{i}}, "text": "{{i}}", "timestamp": "2026-11-23T14:25:38"}""")));

    private string[] Left() =>
        [.. Directory.GetFileSystemEntries(Out).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>Starts a command that stages its work in the directory out, and sends it a signal while it is at that.</summary>
    /// <param name="signal">The signal.</param>
    /// <param name="prefix">How the names of what it stages begin.</param>
    /// <param name="isThrough">Whether what it makes has its name already.</param>
    /// <param name="undo">Makes it as if it had not.</param>
    /// <param name="arguments">The command.</param>
    private async Task<CommandResult> SignalAsync(int signal, string prefix, Func<bool> isThrough, Action undo, params string[] arguments)
    {
        Directory.CreateDirectory(Out);
        while (true)
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var watcher = new FileSystemWatcher(Out, prefix + "*") { NotifyFilter = NotifyFilters.DirectoryName };
            watcher.Created += (_, _) => begun.TrySetResult();
            watcher.EnableRaisingEvents = true;
            using Process process = CommandLine.Start(_directory.Path, arguments);
            Task<CommandResult> running = CommandLine.FinishAsync(process);
            await Task.WhenAny(begun.Task, running);
            if (!running.IsCompleted)
                await StopAndSignalAsync(process, signal, isThrough);

            // One that was through before it had heard is none of those that this is about.
            CommandResult result = await running;
            if (result.ExitCode != 0)
                return result;
            Assert.True(isThrough());
            undo();
        }
    }

    // Standing still it cannot get through between the look and the signal.
    private static async Task StopAndSignalAsync(Process process, int signal, Func<bool> isThrough)
    {
        Signals.Send(process, Signals.Stop);
        while (!process.HasExited && !Signals.IsStopped(process))
            await Task.Delay(1, Cancel);
        if (!process.HasExited && !isThrough())
            Signals.Send(process, signal);
        Signals.Send(process, Signals.Continue);
    }

    private Task<CommandResult> SignalImportAsync(int signal) => SignalAsync(
        signal,
        ".importing-",
        isThrough: () => Directory.Exists(Path.Combine(Out, "run")),
        undo: () => DeleteOutput("run"),
        "import", "python.jsonl", "--log-dir", "out/run");

    private void DeleteOutput(string name)
    {
        string path = Path.Combine(Out, name);
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_killed_export_leaves_what_was_there_and_the_next_one_cleans_up(string format)
    {
        Need.Linux();
        WriteLog();
        _directory.Write("out/x", "before");

        CommandResult killed = await SignalAsync(
            Signals.Kill,
            ".afterimage-",
            isThrough: () => File.ReadAllText(Path.Combine(Out, "x")) != "before\n",
            undo: () => _directory.Write("out/x", "before"),
            "export", "log", "--format", format, "--single-file", "--out", "out/x", "--force");

        Assert.NotEqual(0, killed.ExitCode);
        Assert.Equal("before\n", await File.ReadAllTextAsync(Path.Combine(Out, "x"), Cancel));
        Assert.Equal("x", Assert.Single(Left(), name => name[0] != '.'));

        Assert.Equal(
            0,
            (
                await CommandLine.RunAsync(
                    _directory.Path,
                    "export",
                    "log",
                    "--format",
                    format,
                    "--single-file",
                    "--metric",
                    "success_rate",
                    "--out",
                    "out/x",
                    "--force")).ExitCode);
        Assert.Equal(["x"], Left());
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task An_interrupted_export_leaves_nothing(string format)
    {
        Need.Linux();
        WriteLog();

        CommandResult interrupted = await SignalAsync(
            Signals.Interrupt,
            ".afterimage-",
            isThrough: () => File.Exists(Path.Combine(Out, "x")),
            undo: () => DeleteOutput("x"),
            "export", "log", "--format", format, "--single-file", "--out", "out/x");

        Assert.Equal(130, interrupted.ExitCode);
        Assert.Empty(Left());
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task An_export_to_a_full_disk_says_so_and_leaves_what_was_there(string format)
    {
        WriteLog();
        using var disk = new SmallDisk(kilobytes: 256);
        Directory.CreateDirectory(disk.Directory);
        string output = Path.Combine(disk.Directory, "x");
        await File.WriteAllTextAsync(output, "before", Cancel);

        CommandResult full = await CommandLine.RunAsync(
            _directory.Path,
            "export",
            "log",
            "--format",
            format,
            "--single-file",
            "--out",
            output,
            "--force");

        Assert.Equal((2, ""), (full.ExitCode, full.Output));
        Assert.Contains(output, Assert.Single(full.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal([output], Directory.GetFileSystemEntries(disk.Directory));
        Assert.Equal("before", await File.ReadAllTextAsync(output, Cancel));
    }

    [Fact]
    public async Task A_killed_import_is_no_run_and_the_next_one_cleans_up()
    {
        Need.Linux();
        WritePython();

        CommandResult killed = await SignalImportAsync(Signals.Kill);

        Assert.NotEqual(0, killed.ExitCode);
        Assert.False(Directory.Exists(Path.Combine(Out, "run")));
        Assert.Equal(2, (await CommandLine.RunAsync(_directory.Path, "summary", "out")).ExitCode);
        Assert.StartsWith(
            "480,000 points",
            (await CommandLine.RunAsync(_directory.Path, "import", "python.jsonl", "--log-dir", "out/run")).Output,
            StringComparison.Ordinal);
        Assert.Equal(["run"], Left());
    }

    [Fact]
    public async Task An_interrupted_import_leaves_nothing()
    {
        Need.Linux();
        WritePython();

        CommandResult interrupted = await SignalImportAsync(Signals.Interrupt);

        Assert.Equal(130, interrupted.ExitCode);
        Assert.Empty(Left());
    }

    [Fact]
    public async Task An_import_to_a_full_disk_says_so_and_leaves_nothing()
    {
        WritePython();
        using var disk = new SmallDisk(kilobytes: 1024);

        CommandResult full = await CommandLine.RunAsync(
            _directory.Path,
            "import",
            "python.jsonl",
            "--log-dir",
            Path.Combine(disk.Directory, "run"));

        Assert.Equal((2, ""), (full.ExitCode, full.Output));
        Assert.Contains(disk.Directory, Assert.Single(full.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(disk.Directory));
    }
}
