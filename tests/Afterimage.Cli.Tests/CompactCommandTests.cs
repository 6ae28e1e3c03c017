using System.Text.Json;
using System.Text.RegularExpressions;

namespace Afterimage.Cli.Tests;

public sealed partial class CompactCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public CompactCommandTests()
    {
        _directory.Write(
            "log/metrics.jsonl",
            [.. Enumerable.Range(0, 20).Select(i => Generation(i)), "torn", Generation(20)[..^1] + ",\"key\":\"nobody's\"}"]);
        _directory.Write("log/metrics-000001.jsonl", Generation(21), "{\"torn");
        _directory.Write("log/afterimage.log", """{"timestamp":"2026-11-23T14:25:59Z","level":"warning","message":"hm"}""");
    }

    public void Dispose() => _directory.Dispose();

    private static string Generation(int second) =>
        $$"""{"timestamp":"2026-11-23T14:25:{{second:00}}.5Z","event":"generation","duration":{{second}}.25,"success":true"""
        + $$""","model_name":"m\u002B","prompt_token_count":{{second}}}""";

    [GeneratedRegex(@"Made [-\d]+ [:\d]+Z from \d files? in")]
    private static partial Regex MadeFrom();

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    [Fact]
    public async Task Every_command_reads_and_says_the_same_before_and_behind()
    {
        _directory.Write(
            "log/alerts.jsonl",
            """{"timestamp":"2026-11-23T14:26:00Z","name":"slow","level":"error","message":"p95 34 s is above 20 s","data":{"value":34}}"""
        );
        _directory.Write("other/metrics.jsonl", [.. Enumerable.Range(10, 30).Select(Generation), "torn"]);
        string[][] commands =
        [
            ["summary", "log", "--json"],
            ["query", "log", "FROM generations ORDER BY ALL"],
            ["query", "log", "FROM logs", "--format", "csv"],
            ["tail", "log"],
            ["tail", "log", "-n", "100"],
            ["export", "log", "--format", "json", "--out", "out.json"],
            ["plot", "log", "generation_time", "--out", "out.svg"],
            ["report", "log", "--out", "out.html"],
            ["compare", "log", "other"],
            ["compare", "other", "log", "--json"],
            ["alerts", "log"],
            ["alerts", "log", "--json"],
        ];
        var before = new List<(CommandResult, string)>();
        foreach (string[] command in commands)
            before.Add((await RunAsync(command), Written()));

        JsonElement result = (await RunAsync("compact", "log", "--json")).Json;

        Assert.Equal(
            (2, 22, 2),
            (
                result.GetProperty("compacted_files").GetInt32(),
                result.GetProperty("records").GetInt32(),
                result.GetProperty("skipped_lines").GetInt32()));
        Assert.Equal(
            ["metrics-000000-000001.parquet"],
            result.GetProperty("files").EnumerateArray().Select(file => Path.GetFileName(file.GetString())));
        Assert.Empty(Directory.GetFiles(Path.Combine(_directory.Path, "log"), "metrics*.jsonl"));
        foreach ((string[] command, (CommandResult, string) expected) in commands.Zip(before))
            Assert.Equal(expected, (await RunAsync(command), Written()));

        string Written()
        {
            string[] files = Directory.GetFiles(_directory.Path, "out.*");
            string text = string.Concat(files.Select(File.ReadAllText));
            foreach (string file in files)
                File.Delete(file);

            // A report says when it was made, and from how many files.
            return MadeFrom().Replace(text, "");
        }
    }

    [Fact]
    public async Task It_says_what_it_did_and_what_it_left()
    {
        _directory.Write("log/metrics-old.jsonl", Generation(1));
        CommandResult first = await RunAsync("compact", "log");
        CommandResult second = await RunAsync("compact", "log");

        Assert.Equal(0, first.ExitCode);
        Assert.Matches("^2 files, .* KiB, became 1 file, .* KiB: 22 records\n.*metrics-000000-000001.parquet\n$", first.Output);
        Assert.Equal(
            "afterimage: 2 lines are not valid records; they are kept.\nafterimage: 1 file left unchanged: not written by this library.\n",
            first.Error);
        Assert.Equal((0, "nothing to compact\n"), (second.ExitCode, second.Output));
    }
}
