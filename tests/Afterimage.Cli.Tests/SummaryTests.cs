using System.Text.Json;

namespace Afterimage.Cli.Tests;

public sealed class SummaryTests : IDisposable
{
    private const string Generation =
        """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.25,"success":true"""
        + ""","model_name":"m","prompt_token_count":4}""";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_run_of_a_monitor_that_goes_on_is_summarised()
    {
        using var monitor = new GenerationMonitor(PatientMonitor.Options(Path.Combine(_directory.Path, "log")));
        for (int i = 1; i <= 100; i++)
        {
            monitor.TrackGeneration(TimeSpan.FromTicks(1_234_567 * i), i % 10 != 0, new GenerationDetails
            {
                ModelName = i % 2 == 0 ? "even" : "odd \u001b[31m[red]",
                PromptTokenCount = i,
                Error = i % 10 == 0 ? "Timeout" : null,
            });
        }

        await monitor.FlushAsync(TestContext.Current.CancellationToken);
        JsonElement json = (await CommandLine.RunAsync(_directory.Path, "summary", "log", "--json")).Json;
        CommandResult text = await CommandLine.RunAsync(_directory.Path, "summary", "log");

        Assert.Equal(100, json.GetProperty("generations").GetInt64());
        Assert.Equal(0.1, json.GetProperty("metrics").GetProperty("error_rate").GetProperty("mean").GetDouble());
        Assert.Equal(
            monitor.GetMetrics("generation_time").Sum,
            json.GetProperty("metrics").GetProperty("generation_time").GetProperty("sum").GetDouble());
        Assert.Equal(5050, json.GetProperty("total_prompt_tokens").GetInt64());
        Assert.Contains("success 90.0 %", text.Output, StringComparison.Ordinal);
        Assert.Contains("odd \ufffd[31m[red]", text.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', text.Output);
    }

    [Fact]
    public async Task Torn_lines_are_said()
    {
        _directory.Write("log/metrics.jsonl", Generation, Generation[..50]);

        JsonElement json = (await CommandLine.RunAsync(_directory.Path, "summary", "log", "--json")).Json;
        CommandResult text = await CommandLine.RunAsync(_directory.Path, "summary", "log");

        Assert.Equal(1, json.GetProperty("generations").GetInt64());
        Assert.Equal(1, json.GetProperty("skipped_lines").GetInt64());
        Assert.Contains("skipped lines", text.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nowhere", "nowhere")]
    [InlineData("file", "is a file")]
    [InlineData("empty", "is not a log directory")]
    public async Task What_is_no_log_directory_is_named(string name, string cause)
    {
        _directory.Write("file");
        Directory.CreateDirectory(Path.Combine(_directory.Path, "empty"));

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "summary", name);

        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        string message = Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.Contains(Path.Combine(_directory.Path, name), message, StringComparison.Ordinal);
        Assert.Contains(cause, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("summary", "")]
    [InlineData("demo", "--log-dir", "")]
    [InlineData("summary")]
    [InlineData("summary", "a", "b")]
    [InlineData("bogus")]
    [InlineData("replay")]
    [InlineData("demo", "--generations", "0")]
    [InlineData("export", ".", "--out", "x")]
    [InlineData("export", ".", "--out", "x", "--format", "bogus")]
    [InlineData("export", ".", "--out", "x", "--format", "json", "--since", "bogus")]
    [InlineData("export", ".", "--out", "x", "--format", "json", "--shape", "records", "--metric", "m")]
    [InlineData("query", ".")]
    [InlineData("tail", ".", "--lines", "-1")]
    [InlineData("plot", ".", "m")]
    [InlineData("plot", ".", "m", "--out", "x.png", "--rolling", "0")]
    [InlineData("demo", "--generations", "many")]
    public async Task A_command_line_that_is_none_is_one_sentence(params string[] arguments)
    {
        CommandResult result = await CommandLine.RunAsync(_directory.Path, arguments);

        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Single(result.Error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("afterimage demo")]
    [InlineData("afterimage demo", "demo")]
    [InlineData("time to first token = 0.2 s + 0.0001 s", "replay")]
    [InlineData("afterimage summary .afterimage-monitoring", "summary")]
    [InlineData("--format parquet --out run.parquet", "export")]
    [InlineData("DESCRIBE points", "query")]
    [InlineData("afterimage alerts runs/today --json", "alerts")]
    [InlineData("--follow --lines 0", "tail")]
    [InlineData("generation_time --out latency.png", "plot")]
    public async Task Help_teaches_by_example(string example, params string[] command)
    {
        CommandResult result = await CommandLine.RunAsync(_directory.Path, [.. command, "--help"]);

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("Examples:", result.Output, StringComparison.Ordinal);
        Assert.Contains(example, result.Output, StringComparison.Ordinal);
    }
}
