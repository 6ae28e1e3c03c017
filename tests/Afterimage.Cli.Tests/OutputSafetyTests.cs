using System.Diagnostics;

namespace Afterimage.Cli.Tests;

/// <summary>No output destroys what it should not.</summary>
public sealed class OutputSafetyTests : IDisposable
{
    private const string Generation = """{"timestamp":"2026-11-23T14:25:38Z","event":"generation","duration":1,"success":true}""";

    private readonly TemporaryDirectory _directory = new();

    public OutputSafetyTests()
    {
        _directory.Write("log/metrics.jsonl", Generation);
        _directory.Write("log/run.json", """{"start":"2026-11-23T14:25:37Z"}""");
        _directory.Write("log/alerts.jsonl");
        _directory.Write("log/below/afterimage.log");
        _directory.Write("notes.txt", "precious");
    }

    public void Dispose() => _directory.Dispose();

    private string PathOf(string name) => Path.Combine(_directory.Path, name);

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    private Dictionary<string, string> Contents() => Directory
        .EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories)
        .ToDictionary(path => path, File.ReadAllText, StringComparer.Ordinal);

    [Theory]
    [InlineData("export log --format json --out log/metrics.jsonl")]
    [InlineData("export log --format json --out log/run.json")]
    [InlineData("export log --format json --out log/run-000002.json")]
    [InlineData("export log --format json --out log/alerts.jsonl")]
    [InlineData("export log --format json --out log/below/afterimage.log")]
    [InlineData("export log --format parquet --out log/metrics-000000-000001.parquet")]
    [InlineData("export log --format csv --single-file --out log/new/metrics-000004.jsonl")]
    [InlineData("report log --out log/metrics.jsonl")]
    [InlineData("export log --format json --out link/metrics.jsonl")]
    public async Task A_file_of_the_log_directory_is_refused_even_by_force(string command)
    {
        if (!OperatingSystem.IsWindows())
            Directory.CreateSymbolicLink(PathOf("link"), "log");
        Dictionary<string, string> before = Contents();

        CommandResult result = await RunAsync([.. command.Split(' '), "--force"]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("a file of the log directory", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }

    [Theory]
    [InlineData("export log --format json --out notes.txt")]
    [InlineData("export log --format csv --single-file --out notes.txt")]
    [InlineData("export log --format excel --out notes.txt")]
    [InlineData("export log --format parquet --out notes.txt")]
    [InlineData("report log --out notes.txt")]
    public async Task A_file_of_another_kind_is_replaced_by_force_only(string command)
    {
        CommandResult refused = await RunAsync(command.Split(' '));
        string kept = await File.ReadAllTextAsync(PathOf("notes.txt"), TestContext.Current.CancellationToken);
        CommandResult forced = await RunAsync([.. command.Split(' '), "--force"]);
        CommandResult again = await RunAsync(command.Split(' '));

        Assert.Equal((2, "precious\n"), (refused.ExitCode, kept));
        Assert.Contains("--force", refused.Error, StringComparison.Ordinal);
        Assert.Equal((0, 0), (forced.ExitCode, again.ExitCode));
    }

    [Fact]
    public async Task A_picture_of_another_kind_is_replaced_by_force_only()
    {
        _directory.Write("figures/generation_time.png", "precious");
        _directory.Write("x.svg", "precious");

        CommandResult all = await RunAsync("plot", "log", "--out", "figures");
        CommandResult one = await RunAsync("plot", "log", "generation_time", "--out", "x.svg");
        CommandResult forced = await RunAsync("plot", "log", "generation_time", "--out", "x.svg", "--force");
        CommandResult again = await RunAsync("plot", "log", "generation_time", "--out", "x.svg");

        Assert.Equal((2, 2, 0, 0), (all.ExitCode, one.ExitCode, forced.ExitCode, again.ExitCode));
        Assert.Contains("'generation_time.png': The existing file is not a PNG file", all.Error, StringComparison.Ordinal);
        Assert.Equal(["generation_time.png"], Directory.GetFiles(PathOf("figures")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_link_goes_on_leading_to_its_file()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "links need a right of their own");
        Directory.CreateDirectory(PathOf("elsewhere"));
        File.CreateSymbolicLink(PathOf("x.json"), "elsewhere/y.json");

        CommandResult result = await RunAsync("export", "log", "--format", "json", "--out", "x.json");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal("elsewhere/y.json", new FileInfo(PathOf("x.json")).LinkTarget);
        Assert.StartsWith(
            "[",
            await File.ReadAllTextAsync(PathOf("elsewhere/y.json"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipe_is_written_into_and_stays_a_pipe()
    {
        Need.Linux();
        Need.Run(Need.Command("mkfifo"), PathOf("pipe"));
        using Process reader = Process.Start(
            new ProcessStartInfo("sh", ["-c", "cat pipe; test -p pipe && echo still"])
            {
                WorkingDirectory = _directory.Path,
                RedirectStandardOutput = true,
            })!;
        Task<string> read = reader.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        CommandResult result = await RunAsync("export", "log", "--format", "csv", "--out", "pipe");

        string[] lines = (await read).Split('\n');
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("metric,timestamp,", lines[0], StringComparison.Ordinal);
        Assert.Equal("still", lines[^2]);
    }

    [Fact]
    public async Task A_device_is_written_into_and_stays_a_device()
    {
        Need.Linux();

        CommandResult nothing = await RunAsync("export", "log", "--format", "json", "--out", "/dev/null");
        CommandResult full = await RunAsync("export", "log", "--format", "json", "--out", "/dev/full");

        Assert.Equal((0, 2), (nothing.ExitCode, full.ExitCode));
        Assert.Contains("No space left", full.Error, StringComparison.Ordinal);
        using var device = new FileStream("/dev/null", FileMode.Open, FileAccess.Read);
        Assert.Equal(-1, device.ReadByte());
        Assert.True(new FileInfo("/dev/null") is { Exists: true, Length: 0 });
    }

    [Theory]
    [InlineData("-")]
    [InlineData("/dev/stdout")]
    public async Task Standard_output_gets_what_a_file_would(string output)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() && output != "-", "there is no such file");
        CommandResult json = await RunAsync("export", "log", "--format", "json", "--shape", "records", "--out", output);
        CommandResult csv = await RunAsync("export", "log", "--format", "csv", "--out", output);
        CommandResult report = await RunAsync("report", "log", "--out", output);
        CommandResult svg = await RunAsync("plot", "log", "generation_time", "--out", output);

        Assert.Equal(1, json.Json.GetArrayLength());
        Assert.StartsWith("metric,timestamp,", csv.Output, StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", report.Output, StringComparison.Ordinal);
        Assert.Equal("PNG", svg.Output[1..4]);
        Assert.Contains("3 rows to standard output", csv.Error, StringComparison.Ordinal);
        Assert.Equal(["log", "notes.txt"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("csv", "1,001 files")]
    [InlineData("excel", "1,001 sheets")]
    public async Task An_export_of_too_many_metrics_asks_for_a_single_file(string format, string said)
    {
        _directory.Write(
            "many/metrics.jsonl",
            Enumerable.Range(0, 1001).Select(i =>
                $$"""{"timestamp":"2026-11-23T14:25:38Z","event":"metric","metric_name":"m{{i}}","value":1}"""));

        CommandResult many = await RunAsync("export", "many", "--format", format, "--out", "out/x");
        bool isEmpty = Directory.GetFileSystemEntries(PathOf("out")).Length == 0;
        CommandResult single = await RunAsync("export", "many", "--format", format, "--out", "out/x", "--single-file");

        Assert.Equal((2, true, 0), (many.ExitCode, isEmpty, single.ExitCode));
        Assert.Contains(said, many.Error, StringComparison.Ordinal);
        Assert.Contains("--single-file", many.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_metric_that_there_is_not_is_no_empty_export()
    {
        CommandResult result = await RunAsync("export", "log", "--format", "json", "--metric", "nope", "--out", "x.json");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("There is no metric 'nope'", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(PathOf("x.json")));
    }
}
