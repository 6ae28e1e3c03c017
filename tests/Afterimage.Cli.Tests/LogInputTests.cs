using System.Text.Json;
using Afterimage.Cli.CommandLine;

namespace Afterimage.Cli.Tests;

/// <summary>What a command reads: no directory, several, a run's name, a span of time.</summary>
public sealed class LogInputTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 27, 7, 30, 15, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();

    public LogInputTests()
    {
        WriteRun(".afterimage-monitoring/2026-11-23-10", "2026-11-23T10:00:00Z", 1);
        WriteRun(".afterimage-monitoring/2026-11-23-12", "2026-11-23T12:00:00Z", 2);
        WriteRun(".afterimage-monitoring/2026-11-22-18", "2026-11-22T18:00:00Z", 4);
        WriteRun("log", "2026-11-20T18:00:00Z", 8);
    }

    public void Dispose() => _directory.Dispose();

    private void WriteRun(string name, string start, int generations)
    {
        string end = start.Replace(":00:00", ":30:00", StringComparison.Ordinal);
        _directory.Write(name + "/run.json", $$"""{"start":"{{start}}","end":"{{end}}"}""");
        _directory.Write(
            name + "/metrics.jsonl",
            Enumerable.Range(0, generations).Select(i =>
                $$"""{"timestamp":"{{start[..14]}}{{i:00}}:00Z","event":"generation","duration":1,"success":true,"""
                + $"\"model_name\":\"m{i % 2}\"}}"));
    }

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    [Theory]
    [InlineData(2)]
    [InlineData(1, "2026-11-23-10")]
    [InlineData(4, "2026-11-22")]
    [InlineData(3, "2026-11-23-10", "2026-11-23-12")]
    [InlineData(12, "log", "2026-11-22", "log")]
    [InlineData(7, ".afterimage-monitoring")]
    [InlineData(5, "log", "--since", "2026-11-20T18:03:00Z")]
    [InlineData(3, "log", "--since", "2026-11-20T18:03:00Z", "--until", "1795197960")]
    [InlineData(0, "log", "--since", "1s")]
    public async Task Directories_names_and_spans_are_summarised(int expected, params string[] arguments)
    {
        CommandResult result = await RunAsync(["summary", "--json", .. arguments]);

        Assert.Equal(expected, result.Json.GetProperty("generations").GetInt32());
        Assert.Equal(arguments.Length == 0, result.Error.Contains("the newest run", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("'2026-11-23' matches 2 runs: 2026-11-23-10, 2026-11-23-12", "summary", "2026-11-23")]
    [InlineData("nor does a run of that name below ./.afterimage-monitoring", "summary", "2025")]
    [InlineData("does not exist", "summary", "2025/x")]
    [InlineData("--since must be before --until", "summary", "log", "--since", "1h", "--until", "2h")]
    [InlineData("--since must be a time such as", "summary", "log", "--since", "soon")]
    [InlineData("must be model, provider, finish_reason or tag:KEY", "summary", "log", "--by", "duration")]
    [InlineData("At least two runs must be given", "compare", "log")]
    [InlineData("--fail-on must be a limit such as", "compare", "log", "log", "--fail-on", "fast")]
    [InlineData("cannot be judged", "compare", "log", "log", "--fail-on", "nothing > 1")]
    public async Task What_cannot_be_read_is_said_in_one_line(string expected, params string[] arguments)
    {
        CommandResult result = await RunAsync(arguments);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains(expected, Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_any_run_a_directory_is_asked_for()
    {
        Directory.Delete(Path.Combine(_directory.Path, ".afterimage-monitoring"), recursive: true);

        CommandResult result = await RunAsync("summary");

        Assert.Equal(
            (2, "afterimage: No log directory was given, and there is no run below ./.afterimage-monitoring.\n"),
            (result.ExitCode, result.Error));
    }

    [Fact]
    public async Task Query_and_plot_tell_directories_from_their_last_argument()
    {
        JsonElement newest = (await RunAsync("query", "SELECT count(*) AS n FROM generations", "--json")).Json;
        JsonElement several = (await RunAsync("query", "log", "2026-11-22", "SELECT count(*) AS n FROM generations", "--json")).Json;
        CommandResult metric = await RunAsync("plot", "generation_time", "--out", "a.png");
        CommandResult both = await RunAsync("plot", "log", "2026-11-22", "generation_time", "--out", "b.png");
        CommandResult all = await RunAsync("plot", "log", "2026-11-22", "--out", "figures");

        Assert.Equal((2, 12), (newest[0].GetProperty("n").GetInt32(), several[0].GetProperty("n").GetInt32()));
        Assert.Equal((0, 0, 0), (metric.ExitCode, both.ExitCode, all.ExitCode));
        Assert.True(File.Exists(Path.Combine(_directory.Path, "figures", "generation_time.png")));
    }

    [Fact]
    public async Task Runs_are_listed_the_newest_first()
    {
        CommandResult text = await RunAsync("runs");
        JsonElement json = (await RunAsync("runs", "--json", "--limit", "2")).Json;
        CommandResult none = await RunAsync("runs", "nowhere");

        Assert.Equal(
            ["2026-11-23-12", "2026-11-23-10", "2026-11-22-18"],
            text.Output.Split('\n').Where(line => line.StartsWith(" 2026", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]));
        Assert.Equal(3, json.GetProperty("run_count").GetInt32());
        JsonElement first = json.GetProperty("runs")[0];
        Assert.Equal(("2026-11-23-12", "ended", 1800, 2), (
            first.GetProperty("name").GetString(),
            first.GetProperty("state").GetString(),
            first.GetProperty("duration_seconds").GetInt32(),
            first.GetProperty("generations").GetInt32()));
        Assert.False(first.TryGetProperty("cost_usd", out _));
        Assert.Equal(2, none.ExitCode);
    }

    [Fact]
    public async Task Compare_ends_with_code_4_where_a_run_is_beyond_a_limit()
    {
        CommandResult kept = await RunAsync("compare", "log", "2026-11-22", "--fail-on", "p95 generation_time > +10%");
        CommandResult broken = await RunAsync(
            "compare", "log", "2026-11-22", "2026-11-23-10", "--fail-on", "generation_time >= 1", "--fail-on", "success_rate < 95%");
        CommandResult json = await RunAsync(
            "compare", "log", "2026-11-22", "2026-11-23-10", "--fail-on", "generation_time >= 1", "--json");

        Assert.Equal((0, 4, 4), (kept.ExitCode, broken.ExitCode, json.ExitCode));
        Assert.Equal(
            "afterimage: B exceeds the limit 'generation_time >= 1'.\nafterimage: C exceeds the limit 'generation_time >= 1'.\n",
            broken.Error);
        JsonElement root = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal(2, root.GetProperty("comparisons").GetArrayLength());
        Assert.Equal(
            """{"limit":"generation_time >= 1","run":"C","exceeded":true}""",
            root.GetProperty("limits")[1].GetRawText());
    }

    [Fact]
    public async Task Summary_by_a_key_has_a_line_for_each_value()
    {
        CommandResult text = await RunAsync("summary", "log", "--by", "model");
        CommandResult report = await RunAsync("report", "log", "--by", "model", "--out", "-");
        Assert.Equal(2, report.Output.Split("Tokens and cost by model</h2>").Length);
        JsonElement json = (await RunAsync("summary", "log", "--by", "tag:x", "--json")).Json;

        Assert.Matches(@"m0 +4 +100\.0 %", text.Output);
        Assert.Matches(@"all +8 ", text.Output);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("groups")[0].GetProperty("value").ValueKind);
    }

    [Theory]
    [InlineData("2026-11-23T14:25:38Z", "2026-11-23T14:25:38Z")]
    [InlineData("2026-11-23T14:25:38+02:00", "2026-11-23T12:25:38Z")]
    [InlineData("2026-11-23", "2026-11-23T00:00:00Z")]
    [InlineData("90m", "2026-11-27T06:00:15Z")]
    [InlineData("1.5h", "2026-11-27T06:00:15Z")]
    [InlineData("15 s", "2026-11-27T07:30:00Z")]
    [InlineData("7d", "2026-11-20T07:30:15Z")]
    [InlineData("1w", "2026-11-20T07:30:15Z")]
    [InlineData("now", "2026-11-27T07:30:15Z")]
    [InlineData("Today", "2026-11-27T00:00:00Z")]
    [InlineData("yesterday", "2026-11-26T00:00:00Z")]
    [InlineData("1795764615", "2026-11-27T07:30:15Z")]
    [InlineData("1795764615.5", "2026-11-27T07:30:15.5Z")]
    [InlineData("1795764615500", "2026-11-27T07:30:15.5Z")]
    [InlineData("soon", null)]
    [InlineData("99999999d", null)]
    [InlineData("-1h", null)]
    [InlineData("12", null)]
    public void Times_are_read_as_people_write_them(string text, string? expected) => Assert.Equal(
        expected is null ? null : DateTimeOffset.Parse(expected, System.Globalization.CultureInfo.InvariantCulture),
        TimeText.Parse(text, Now));
}
