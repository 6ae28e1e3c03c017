using System.Text.Json;

namespace Afterimage.Cli.Tests;

public sealed class AlertsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Alerts_are_shown_with_start_end_and_message_by_alerts_and_summary()
    {
        _directory.Write("log/metrics.jsonl");
        _directory.Write(
            "log/alerts.jsonl",
            """{"timestamp":"2026-11-23T12:00:00Z","name":"slow \u001b[31m","level":"error","message":"p95 34 s is above 20 s","data":"""
                + """{"value":34}}""",
            "torn",
            """{"timestamp":"2026-11-23T12:04:05Z","name":"slow \u001b[31m","level":"info","message":"within","data":{"resolved":true}}""",
            """{"timestamp":"2026-11-23T13:00:00Z","name":"again","level":"warning","message":"m","data":{}}""");

        CommandResult text = await CommandLine.RunAsync(_directory.Path, "alerts", "log");
        CommandResult summary = await CommandLine.RunAsync(_directory.Path, "summary", "log");
        JsonElement json = (await CommandLine.RunAsync(_directory.Path, "alerts", "log", "--json")).Json;
        JsonElement summaryJson = (await CommandLine.RunAsync(_directory.Path, "summary", "log", "--json")).Json;

        foreach (string output in (string[])[text.Output, summary.Output])
        {
            Assert.Contains("2026-11-23 12:00:00Z  12:04:05Z  4 min 05 s  error    slow \ufffd[31m", output, StringComparison.Ordinal);
            Assert.Contains("    p95 34 s is above 20 s", output, StringComparison.Ordinal);
            Assert.Contains("2026-11-23 13:00:00Z  firing                 warning  again", output, StringComparison.Ordinal);
        }

        Assert.Equal("afterimage: 1 line was skipped: not valid alerts.", text.Error.TrimEnd());
        JsonElement[] episodes = [.. json.GetProperty("episodes").EnumerateArray()];
        Assert.Equal(
            """
            {"name":"slow \u001B[31m","level":"error","message":"p95 34 s is above 20 s","state":"resolved",
            """ + """
            "start":"2026-11-23T12:00:00Z","end":"2026-11-23T12:04:05Z","duration_seconds":245,"announcements":1,
            """ + $$$"""
            "data":{"value":34},"log_dir":"{{{Path.Combine(_directory.Path, "log")}}}"}
            """,
            episodes[0].GetRawText());
        Assert.Equal("firing", episodes[1].GetProperty("state").GetString());
        Assert.False(episodes[1].TryGetProperty("end", out _));
        Assert.Equal((1, 0), (json.GetProperty("skipped_lines").GetInt32(), json.GetProperty("omitted_alerts").GetInt32()));
        Assert.Equal(
            ["error", "info", "warning"],
            json.GetProperty("alerts").EnumerateArray().Select(alert => alert.GetProperty("level").GetString()));
        Assert.Equal(json.GetProperty("alerts").GetRawText(), summaryJson.GetProperty("alerts").GetRawText());
    }

    [Fact]
    public async Task Where_nothing_fired_it_says_so()
    {
        _directory.Write("log/metrics.jsonl");

        CommandResult text = await CommandLine.RunAsync(_directory.Path, "alerts", "log");

        Assert.Equal((0, "no alerts\n", ""), (text.ExitCode, text.Output, text.Error));
    }
}
