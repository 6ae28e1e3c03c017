using System.Text.Json;

namespace Afterimage.Cli.Tests;

public sealed class ImportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    private void WritePython() => _directory.Write(
        "metrics.jsonl",
        """{"metric": "generation_time", "value": 1.5, "model_name": "gpt-4o", "timestamp": "2026-10-25T02:30:00"}""",
        """{"metric": "generation_time", "value": NaN, "timestamp": "2026-10-25T02:31:00.5"}""",
        """{"metric": "prompt_token_count", "value": 40, "model_name": "gpt-4o", "timestamp": "2026-03-29T02:30:00"}""",
        """{"metric": "prompt_tok""");

    [Fact]
    public async Task What_was_imported_is_said_and_every_command_works_on_it()
    {
        WritePython();

        CommandResult result = await RunAsync("import", "metrics.jsonl", "--log-dir", "runs/p", "--time-zone", "Europe/Berlin");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            [
                "3 points in runs/p",
                "times read as Europe/Berlin",
                "2 times occur twice, because the clock was put back; line order decided",
                "1 times do not exist, because the clock was put forward; check the time zone",
            ],
            result.Output.TrimEnd().Split('\n'));
        Assert.Equal("afterimage: 1 line was skipped: not metric points (first: line 4: the line is not JSON).", result.Error.TrimEnd());
        JsonElement summary = (await RunAsync("summary", "runs/p", "--json")).Json;
        Assert.Equal((1, 40), (summary.GetProperty("non_finite_points").GetInt64(), summary.GetProperty("total_prompt_tokens").GetInt64()));
        Assert.Equal(
            """[{"metric":"generation_time","timestamp":"2026-10-25T00:30:00Z"}]""",
            (
                await RunAsync("query", "runs/p", "SELECT metric, timestamp FROM points WHERE value = 1.5", "--format", "json")
            ).Output.TrimEnd());
        Assert.StartsWith(
            "3 rows",
            (await RunAsync("export", "runs/p", "--format", "parquet", "--out", "x.parquet")).Output,
            StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("plot", "runs/p", "generation_time", "--out", "x.png")).ExitCode);
        Assert.Equal(0, (await RunAsync("compare", "runs/p", "runs/p")).ExitCode);
        Assert.Contains("metric  prompt_token_count  40", (await RunAsync("tail", "runs/p")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_zone_of_this_machine_is_named()
    {
        WritePython();

        CommandResult text = await RunAsync("import", "metrics.jsonl", "--log-dir", "a");
        JsonElement json = (await RunAsync("import", "metrics.jsonl", "--log-dir", "b", "--json")).Json;

        Assert.Contains($"times read as {TimeZoneInfo.Local.Id}, this machine's zone", text.Output, StringComparison.Ordinal);
        Assert.Equal(
            (TimeZoneInfo.Local.Id, 3, 1),
            (json.GetProperty("time_zone").GetString(), json.GetProperty("points").GetInt64(), json.GetProperty("skipped_lines").GetInt64())
        );
        Assert.Equal(Path.Combine(_directory.Path, "b"), json.GetProperty("log_dir").GetString());
    }

    [Fact]
    public async Task Bad_input_is_one_sentence()
    {
        WritePython();
        foreach ((string cause, string[] arguments) in ((string, string[])[])
        [
            ("--time-zone must be a time zone", ["import", "metrics.jsonl", "--log-dir", "a", "--time-zone", "Nowhere"]),
            ("must be empty", ["import", "metrics.jsonl", "--log-dir", "."]),
            ("nothing.jsonl", ["import", "nothing.jsonl", "--log-dir", "a"]),
            ("--log-dir", ["import", "metrics.jsonl"]),
        ])
        {
            CommandResult result = await RunAsync(arguments);
            Assert.Equal((2, ""), (result.ExitCode, result.Output));
            Assert.Contains(cause, Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }

        Assert.Equal([Path.Combine(_directory.Path, "metrics.jsonl")], Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Theory]
    [InlineData("{\"a\":1}\n{\"b\":2}\n")]
    [InlineData("[{\"metric\":\"m\"}]\n")]
    [InlineData("not JSON at all")]
    public async Task A_file_without_a_metric_point_is_refused_and_leaves_nothing(string content)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory.Path, "foreign.jsonl"), content, TestContext.Current.CancellationToken);

        CommandResult result = await CommandLine.RunAsync(_directory.Path, "import", "foreign.jsonl", "--log-dir", "run");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains("No line is a metric point (first: line 1", result.Error, StringComparison.Ordinal);
        Assert.Equal(["foreign.jsonl"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName));
    }
}
