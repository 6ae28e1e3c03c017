using System.Diagnostics;
using System.Text.Json;

namespace Afterimage.Cli.Tests;

public sealed class ReplayTests : IDisposable
{
    private const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    private string[] MetricLines(string logDirectory) => File.ReadAllLines(Path.Combine(_directory.Path, logDirectory, "metrics.jsonl"));

    [Fact]
    public async Task The_shared_trace_comes_to_what_its_text_says()
    {
        SharedTrace trace = SharedTrace.Load();

        JsonElement replay = (await RunAsync("replay", trace.Path, "--json", "--log-dir", "log")).Json;

        long prompt = trace.Rows.Sum(row => row.Prompt);
        long completion = trace.Rows.Sum(row => row.Completion);
        Assert.Equal(19_366, trace.Rows.Count);
        Assert.Equal(trace.Rows.Count, replay.GetProperty("generations").GetInt64());
        Assert.Equal(prompt, replay.GetProperty("total_prompt_tokens").GetInt64());
        Assert.Equal(completion, replay.GetProperty("total_completion_tokens").GetInt64());
        Assert.Equal(prompt + completion, replay.GetProperty("total_tokens").GetInt64());
        JsonElement model = Assert.Single(replay.GetProperty("by_model").EnumerateArray());
        Assert.Equal("trace-model", model.GetProperty("model_name").GetString());
        Assert.Equal(prompt, model.GetProperty("prompt_tokens").GetInt64());
        Assert.Equal(completion, model.GetProperty("completion_tokens").GetInt64());
        Assert.Equal(JsonValueKind.Array, replay.GetProperty("alerts").ValueKind);
        Assert.Equal(Path.Combine(_directory.Path, "log"), replay.GetProperty("log_dir").GetString());
        Assert.Equal(trace.Rows.Count, MetricLines("log").Length);

        decimal[] durations = [.. trace.Rows.Select(row => 0.2m + (0.0001m * row.Prompt) + (0.02m * row.Completion)).Order()];
        JsonElement time = replay.GetProperty("metrics").GetProperty("generation_time");
        Assert.Equal(trace.Rows.Count, time.GetProperty("count").GetInt64());
        Assert.Equal((double)durations.Sum(), time.GetProperty("sum").GetDouble());
        Assert.Equal((double)durations.Sum() / durations.Length, time.GetProperty("mean").GetDouble());
        Assert.Equal((double)durations[0], time.GetProperty("min").GetDouble());
        Assert.Equal((double)durations[^1], time.GetProperty("max").GetDouble());
        AssertQuantiles(time, durations);
        AssertQuantiles(
            replay.GetProperty("metrics").GetProperty("prompt_token_count"),
            [.. trace.Rows.Select(row => (decimal)row.Prompt).Order()]);
    }

    [Fact]
    public async Task Summary_of_its_log_directory_agrees()
    {
        SharedTrace trace = SharedTrace.Load();
        JsonElement replay = (await RunAsync("replay", trace.Path, "--json", "--log-dir", "log")).Json;

        JsonElement summary = (await RunAsync("summary", "log", "--json")).Json;

        Agreement.Assert(replay, summary);
        Assert.Equal(replay.GetProperty("alerts").GetRawText(), summary.GetProperty("alerts").GetRawText());
        Assert.Equal("2023-11-16T18:15:46.68059Z", summary.GetProperty("first_timestamp").GetString());
    }

    [Theory]
    [InlineData("2023-11-16 18:15:46.6805900", "2023-11-16T18:15:46.68059Z")]
    [InlineData("2023-11-16 18:15:46.6805901", "2023-11-16T18:15:46.6805901Z")]
    [InlineData("2024-05-10 00:00:00.009930+00:00", "2024-05-10T00:00:00.00993Z")]
    [InlineData("2024-05-10 02:00:00.009930+02:00", "2024-05-10T00:00:00.00993Z")]
    [InlineData("2024-05-10 00:00:00+00:00", "2024-05-10T00:00:00Z")]
    public async Task Times_are_read_as_utc_to_100_ns(string time, string expected)
    {
        string trace = _directory.Write("trace.csv", Header, time + ",1,2");

        await RunAsync("replay", trace, "--json", "--log-dir", "log");
        JsonElement summary = (await RunAsync("summary", "log", "--json")).Json;

        Assert.Equal(expected, summary.GetProperty("first_timestamp").GetString());
    }

    [Fact]
    public async Task Columns_are_found_by_name_and_others_ignored()
    {
        string trace = _directory.Write(
            "trace.csv",
            "\ufeffExtra,GeneratedTokens,TIMESTAMP,ContextTokens\r",
            "\"a,b\",7,2023-11-16 18:15:46,5\r",
            "\r");

        JsonElement replay = (await RunAsync("replay", trace, "--json", "--log-dir", "log", "--model", "m'\"<b>")).Json;

        Assert.Equal(1, replay.GetProperty("generations").GetInt64());
        Assert.Equal(5, replay.GetProperty("total_prompt_tokens").GetInt64());
        Assert.Equal(7, replay.GetProperty("total_completion_tokens").GetInt64());
        Assert.Equal("m'\"<b>", replay.GetProperty("by_model")[0].GetProperty("model_name").GetString());
    }

    [Fact]
    public async Task A_trace_without_rows_has_an_empty_summary()
    {
        JsonElement replay = (await RunAsync("replay", _directory.Write("trace.csv", Header), "--json", "--log-dir", "log")).Json;

        Assert.Equal(0, replay.GetProperty("generations").GetInt64());
        Assert.Empty(replay.GetProperty("by_model").EnumerateArray());
    }

    [Theory]
    [InlineData("nonsense,1,2", "TIMESTAMP must be a time such as 2023-11-16 18:15:46.6805900, not 'nonsense'")]
    [InlineData("2023-11-16 18:15:47,abc,2", "ContextTokens must be a whole number from 0 to 1,000,000,000, not 'abc'")]
    [InlineData("2023-11-16 18:15:47,1,-2", "GeneratedTokens must be a whole number from 0 to 1,000,000,000, not '-2'")]
    [InlineData("2023-11-16 18:15:47,1,2.5", "GeneratedTokens must be a whole number from 0 to 1,000,000,000, not '2.5'")]
    [InlineData(
        "2023-11-16 18:15:47,1,99999999999999999999",
        "GeneratedTokens must be a whole number from 0 to 1,000,000,000, not '99999999999999999999'")]
    [InlineData("2023-11-16 18:15:47,1,", "GeneratedTokens must be a whole number from 0 to 1,000,000,000, not ''")]
    [InlineData("2023-11-16 18:15:47,1", "2 fields")]
    [InlineData("2023-11-16 18:15:47,1,2,3", "4 fields")]
    [InlineData("2023-11-16 18:15:47,1,\"2", "quotes")]
    [InlineData("2023-11-16 18:15:47,1,\"2\"3", "quotes")]
    public async Task A_broken_row_stops_the_replay_and_rows_before_it_are_kept(string row, string cause)
    {
        string trace = _directory.Write(
            "trace.csv",
            Header,
            "2023-11-16 18:15:46,1,2",
            "2023-11-16 18:15:46,3,4",
            row,
            "2023-11-16 18:15:48,5,6");

        CommandResult stopped = await RunAsync("replay", trace, "--json", "--log-dir", "log");
        JsonElement skipped = (await RunAsync("replay", trace, "--json", "--log-dir", "all", "--skip-invalid")).Json;

        Assert.Equal(2, stopped.ExitCode);
        Assert.Empty(stopped.Output);
        string message = Assert.Single(stopped.Error.Split('\n'), line => line.StartsWith("afterimage: ", StringComparison.Ordinal));
        Assert.Contains($"{trace}, line 4: ", message, StringComparison.Ordinal);
        Assert.Contains(cause, message, StringComparison.Ordinal);
        Assert.Equal(2, MetricLines("log").Length);
        Assert.Equal(3, skipped.GetProperty("generations").GetInt64());
        Assert.Equal(1, skipped.GetProperty("skipped_rows").GetInt64());
        Assert.Equal(9, skipped.GetProperty("total_prompt_tokens").GetInt64());
    }

    [Fact]
    public async Task A_broken_first_row_names_its_line()
    {
        string trace = _directory.Write("trace.csv", Header, "", "x,1,2");

        CommandResult result = await RunAsync("replay", trace, "--log-dir", "log");

        AssertBadInput(result, trace, "line 3", "TIMESTAMP");
    }

    [Fact]
    public async Task A_missing_file_is_named() => AssertBadInput(await RunAsync("replay", "nowhere.csv"), "nowhere.csv");

    [Fact]
    public async Task A_directory_is_no_trace() => AssertBadInput(await RunAsync("replay", _directory.Path), _directory.Path, "directory");

    [Theory]
    [InlineData("TIMESTAMP,ContextTokens", "GeneratedTokens")]
    [InlineData("TIMESTAMP,GeneratedTokens", "ContextTokens")]
    [InlineData("a", "TIMESTAMP")]
    [InlineData("", "TIMESTAMP")]
    public async Task A_missing_column_is_named(string header, string column)
    {
        string trace = _directory.Write("trace.csv", header);

        AssertBadInput(await RunAsync("replay", trace, "--log-dir", "log"), trace, "line 1", column);
        Assert.False(Directory.Exists(Path.Combine(_directory.Path, "log")));
    }

    [Fact]
    public async Task A_log_directory_that_cannot_be_written_is_named()
    {
        string trace = _directory.Write("trace.csv", Header, "2023-11-16 18:15:46,1,2");
        string file = _directory.Write("file");

        AssertBadInput(await RunAsync("replay", trace, "--log-dir", Path.Combine(file, "log")), Path.Combine(file, "log"));
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("NaN")]
    [InlineData("1e300")]
    public async Task A_speed_that_is_none_is_named(string speed)
    {
        string trace = _directory.Write("trace.csv", Header);

        AssertBadInput(await RunAsync("replay", trace, "--speed=" + speed), "--speed", speed);
    }

    [Fact]
    public async Task At_a_factor_the_same_is_recorded()
    {
        string trace = _directory.Write("trace.csv", Header, "2023-11-16 18:15:46,1,2", "2023-11-16 18:16:46,3,4");

        JsonElement replay = (await RunAsync("replay", trace, "--json", "--speed", "1000", "--log-dir", "log")).Json;

        Assert.Equal(2, replay.GetProperty("generations").GetInt64());
        Assert.Equal(2, MetricLines("log").Length);
    }

    [Fact]
    public async Task Alerts_follow_the_clock_of_the_trace()
    {
        IEnumerable<string> rows = Enumerable
            .Range(0, 120)
            .Select(i => FormattableString.Invariant($"2023-11-16 18:{i / 6:00}:{i % 6 * 10:00},{(i < 30 ? 9000 : 10)},1"));
        string trace = _directory.Write("trace.csv", [Header, .. rows]);

        JsonElement[] alerts =
        [
            .. (await RunAsync("replay", trace, "--json", "--log-dir", "log")).Json.GetProperty("alerts").EnumerateArray(),
        ];

        JsonElement[] prompts = [.. alerts.Where(alert => alert.GetProperty("name").GetString() == "high_token_usage:prompt")];
        Assert.Equal(2, prompts.Length);
        Assert.Equal("2023-11-16T18:01:00Z", prompts[0].GetProperty("timestamp").GetString());
        Assert.Equal("warning", prompts[0].GetProperty("level").GetString());
        Assert.Equal(9000, prompts[0].GetProperty("data").GetProperty("mean").GetDouble());
        Assert.True(prompts[1].GetProperty("data").GetProperty("resolved").GetBoolean());
        Assert.NotEmpty(prompts[0].GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task Two_replays_keep_two_directories()
    {
        string trace = _directory.Write("trace.csv", Header, "2023-11-16 18:15:46,1,2");

        string? first = (await RunAsync("replay", trace, "--json")).Json.GetProperty("log_dir").GetString();
        string? second = (await RunAsync("replay", trace, "--json")).Json.GetProperty("log_dir").GetString();
        JsonElement both = (await RunAsync("summary", ".afterimage-monitoring", "--json")).Json;

        Assert.NotEqual(first, second);
        Assert.Equal(2, both.GetProperty("generations").GetInt64());
    }

    [Fact]
    public async Task The_text_names_what_is_modelled_and_fits_80_columns()
    {
        string trace = _directory.Write("trace.csv", Header, "2023-11-16 18:15:46,123456789,123456789");

        CommandResult result = await RunAsync("replay", trace, "--log-dir", "log", "--model", new string('x', 300));

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("modelled", result.Output, StringComparison.Ordinal);
        Assert.All(result.Output.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 80));
    }

    [Fact]
    public async Task Interrupted_it_keeps_and_reports_what_it_recorded()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no kill command");
        string trace = _directory.Write("trace.csv", Header, "2023-11-16 18:15:46,1,2", "2033-11-16 18:15:46,3,4");

        using Process process = CommandLine.Start(_directory.Path, ["replay", trace, "--json", "--speed", "1", "--log-dir", "log"]);
        // Its first progress line says that the first row is recorded and the second awaited.
        while (
            await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line
            && !line.Contains("1 generations", StringComparison.Ordinal)) { }

        using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        CommandResult result = await CommandLine.FinishAsync(process);

        Assert.Equal(130, result.ExitCode);
        JsonElement json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(1, json.GetProperty("generations").GetInt64());
        Assert.True(json.GetProperty("interrupted").GetBoolean());
        Assert.Single(MetricLines("log"));
    }

    private static void AssertBadInput(CommandResult result, params string[] parts)
    {
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        string message = Assert.Single(result.Error.TrimEnd().Split('\n'));
        Assert.StartsWith("afterimage: ", message, StringComparison.Ordinal);
        Assert.All(parts, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }

    private static void AssertQuantiles(JsonElement metric, decimal[] sorted)
    {
        foreach ((string name, double q) in ((string, double)[])[("p50", 0.5), ("p95", 0.95), ("p99", 0.99)])
        {
            double expected = (double)sorted[(int)Math.Floor(q * (sorted.Length - 1))];
            Assert.InRange(metric.GetProperty(name).GetDouble(), expected * 0.99, expected * 1.01);
        }
    }
}
