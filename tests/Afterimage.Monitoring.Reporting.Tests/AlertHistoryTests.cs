using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Reporting.Tests;

public sealed class AlertHistoryTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private AlertHistory Read(int maxAlerts = 10_000) =>
        LogDirectory.Open(_directory.Path).ReadAlerts(maxAlerts, TestContext.Current.CancellationToken);

    private static string Fires(int minute, string name = "slow", string level = "warning", string message = "beyond") =>
        $$$"""
        {"timestamp":"{{{Start.AddMinutes(minute):yyyy-MM-ddTHH:mm:ss}}}Z","name":"{{{name}}}","level":"{{{level}}}",
        """ + $$$"""
        "message":"{{{message}}}","data":{"metric":"generation_time","value":{{{minute}}}}}
        """;

    private static string Over(int minute, string name = "slow") =>
        $$$"""
        {"timestamp":"{{{Start.AddMinutes(minute):yyyy-MM-ddTHH:mm:ss}}}Z","name":"{{{name}}}","level":"info",
        """ + """
        "message":"within again","data":{"resolved":true}}
        """;

    private static string Run(int start, int? end = null) =>
        $$"""
        {"format_version":1,"start":"{{Start.AddMinutes(start):yyyy-MM-ddTHH:mm:ss}}Z"
        """ + $$"""
        {{(end is { } minute ? $",\"end\":\"{Start.AddMinutes(minute):yyyy-MM-ddTHH:mm:ss}Z\"" : "")}}}
        """;

    private static (string Name, double Start, double? End, AlertEpisodeState State, int Announcements) Row(AlertEpisode episode) =>
        (episode.Name, (episode.Start - Start).TotalMinutes, (episode.End - Start)?.TotalMinutes, episode.State, episode.Announcements);

    [Fact]
    public void A_monitors_alerts_are_read_back_as_it_announced_them()
    {
        var clock = new FakeTimeProvider(Start);
        List<Alert> heard = [];
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path);
        options.AlertRepeatInterval = TimeSpan.FromMinutes(2);
        options.MetricsInterval = TimeSpan.Zero;
        options.AlertHandlers.Add(heard.Add);
        options.AlertRules.Add(
            new AlertRule
            {
                Name = "\"<script>\n\u202e=1+1",
                Metric = "depth",
                Aggregate = AlertAggregate.Max,
                Threshold = 1.5,
                ModelName = "m",
                Level = AlertLevel.Error,
            });
        using (var monitor = new GenerationMonitor(options, clock))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(31), success: true);
            monitor.RecordMetric("depth", 2.5, new Dictionary<string, object?> { ["model_name"] = "m" });
            for (int minute = 0; minute < 7; minute++)
            {
                monitor.CheckAlerts();
                clock.Advance(TimeSpan.FromMinutes(1));
            }

            monitor.TrackGeneration(TimeSpan.FromSeconds(31), success: true);
            monitor.CheckAlerts();
        }

        AlertHistory history = Read();

        Assert.Equal(9, heard.Count);
        Assert.Equal(heard.Select(Text), history.Alerts.Select(Text));
        Assert.Equal(
            [
                ("high_generation_time", 0, 6, AlertEpisodeState.Resolved, 3),
                ("\"<script>\n\u202e=1+1", 0, 6, AlertEpisodeState.Resolved, 3),
                ("high_generation_time", 7, 7, AlertEpisodeState.RunEnded, 1),
            ],
            history.Episodes.Select(Row));
        Assert.Equal((0, 0), (history.OmittedAlerts, history.SkippedLines));
        Assert.Equal((AlertLevel.Error, TimeSpan.FromMinutes(6)), (history.Episodes[1].Level, history.Episodes[1].Duration));

        static string Text(Alert alert) =>
            $"{alert.Name} {alert.Message} {alert.Level} {alert.Timestamp:O} "
            + string.Join(' ', alert.Data.Select(pair => FormattableString.Invariant($"{pair.Key}={pair.Value}")));
    }

    [Fact]
    public void Rotated_files_and_all_runs_below_are_read()
    {
        _directory.Write("a/alerts.jsonl", Fires(0), Fires(60));
        _directory.Write("a/alerts-000001.jsonl", Over(70));
        _directory.Write("b/c/alerts.jsonl", Fires(5, "other"), Over(6, "other"));
        _directory.Write("b/c/.locks/alerts.jsonl", Fires(7, "lock"));

        AlertHistory history = Read();

        Assert.Equal([0, 5, 6, 60, 70], history.Alerts.Select(alert => (alert.Timestamp - Start).TotalMinutes));
        Assert.Equal(
            [("slow", 0, 70, AlertEpisodeState.Resolved, 2), ("other", 5, 6, AlertEpisodeState.Resolved, 1)],
            history.Episodes.Select(Row));
        Assert.Equal(Path.Combine(_directory.Path, "b", "c"), history.Episodes[1].LogDirectory);
    }

    [Theory]
    [InlineData("torn", """{"timestamp":"2026-11-23T12:00:00Z","na""")]
    [InlineData("no object", "[]")]
    [InlineData("no name", """{"timestamp":"2026-11-23T12:00:00Z","level":"info","message":"m","data":{}}""")]
    [InlineData("no message", """{"timestamp":"2026-11-23T12:00:00Z","name":"n","level":"info","data":{}}""")]
    [InlineData("no time", """{"timestamp":"noon","name":"n","level":"info","message":"m","data":{}}""")]
    [InlineData("time a number", """{"timestamp":1,"name":"n","level":"info","message":"m","data":{}}""")]
    [InlineData("another level", """{"timestamp":"2026-11-23T12:00:00Z","name":"n","level":"fatal","message":"m","data":{}}""")]
    [InlineData("level a number", """{"timestamp":"2026-11-23T12:00:00Z","name":"n","level":1,"message":"m","data":{}}""")]
    [InlineData("data a list", """{"timestamp":"2026-11-23T12:00:00Z","name":"n","level":"info","message":"m","data":[]}""")]
    public void A_line_that_is_no_alert_is_skipped_and_counted(string what, string line)
    {
        _directory.Write("alerts.jsonl", Fires(0), line, Fires(1));

        AlertHistory history = Read();

        Assert.True(history.SkippedLines == 1, what);
        Assert.Equal(2, history.Alerts.Count);
    }

    [Fact]
    public void Data_keep_their_types()
    {
        _directory.Write(
            "alerts.jsonl",
            """{"timestamp":"2026-11-23T12:00:00Z","name":"n","level":"info","message":"m","data":{"a":1,"b":0.5"""
                + ""","c":"t","d":true,"e":null,"f":[1,{"g":2}],"h":"NaN"},"more":1}"""
        );

        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["a"] = 1L,
                ["b"] = 0.5,
                ["c"] = "t",
                ["d"] = true,
                ["e"] = null,
                ["f"] = "[1,{\"g\":2}]",
                ["h"] = "NaN",
            },
            Assert.Single(Read().Alerts).Data);
    }

    [Fact]
    public void The_newest_alerts_are_kept_and_the_others_counted()
    {
        _directory.Write("a/alerts.jsonl", Fires(0, "first"), Over(1, "first"), Fires(2), Over(8));
        _directory.Write("b/alerts.jsonl", Fires(9, "last"));

        AlertHistory history = Read(maxAlerts: 3);

        Assert.Equal(2, history.OmittedAlerts);
        Assert.Equal(["slow", "slow", "last"], history.Alerts.Select(alert => alert.Name));
        Assert.Equal(
            [("slow", 2, 8, AlertEpisodeState.Resolved, 1), ("last", 9, null, AlertEpisodeState.Firing, 1)],
            history.Episodes.Select(Row));
        Assert.Throws<ArgumentOutOfRangeException>(() => Read(maxAlerts: 0));
    }

    [Fact]
    public void An_end_without_its_beginning_makes_no_episode()
    {
        _directory.Write("alerts.jsonl", Over(1), Fires(2));

        Assert.Equal([("slow", 2, null, AlertEpisodeState.Firing, 1)], Read().Episodes.Select(Row));
    }

    [Fact]
    public void An_episode_tells_of_its_gravest_level()
    {
        _directory.Write(
            "alerts.jsonl",
            Fires(0, "budget:day", "warning", "half is gone"),
            Fires(1, "budget:day", "error", "spent"),
            Fires(2, "budget:day", "warning", "does not include every call"));

        AlertEpisode episode = Assert.Single(Read().Episodes);

        Assert.Equal((AlertLevel.Error, "spent", 1L), (episode.Level, episode.Message, episode.Data["value"]));
    }

    [Fact]
    public void A_run_that_ended_ends_its_episodes_and_one_that_goes_on_does_not()
    {
        _directory.Write("ended/alerts.jsonl", Fires(3));
        _directory.Write("ended/run.json", Run(0, 10));
        _directory.Write("live/alerts.jsonl", Fires(4));
        _directory.Write("live/run.json", Run(0));

        Assert.Equal(
            [("slow", 3, 10, AlertEpisodeState.RunEnded, 1), ("slow", 4, null, AlertEpisodeState.Firing, 1)],
            Read().Episodes.Select(Row));
    }

    [Fact]
    public void A_killed_run_of_this_machine_ends_its_episodes_at_an_unknown_time()
    {
        _directory.Write("alerts.jsonl", Fires(4));
        _directory.Write("run.json", Run(0).Replace("{", $"{{\"host\":\"{Environment.MachineName}\",", StringComparison.Ordinal));

        Assert.Equal([("slow", 4, null, AlertEpisodeState.RunEnded, 1)], Read().Episodes.Select(Row));
    }

    [Fact]
    public void An_alert_of_a_killed_run_is_not_that_of_the_next_in_its_directory()
    {
        _directory.Write("alerts.jsonl", Fires(3), Fires(63), Over(64));
        _directory.Write("run.json", Run(60));

        Assert.Equal(
            [("slow", 3, null, AlertEpisodeState.RunEnded, 1), ("slow", 63, 64, AlertEpisodeState.Resolved, 1)],
            Read().Episodes.Select(Row));
    }

    [Fact]
    public void Two_runs_in_one_directory_at_once_keep_their_episodes()
    {
        _directory.Write("alerts.jsonl", Fires(3), Fires(63), Over(64));
        _directory.Write("run.json", Run(0));
        _directory.Write("run-000001.json", Run(60));

        Assert.Equal([("slow", 3, 64, AlertEpisodeState.Resolved, 2)], Read().Episodes.Select(Row));
    }

    [Fact]
    public void A_clock_that_was_set_back_does_not_tear_an_episode()
    {
        _directory.Write("alerts.jsonl", Fires(70), Over(15));
        _directory.Write("run.json", Run(60));

        AlertEpisode episode = Assert.Single(Read().Episodes);

        Assert.Equal(("slow", 70, 15, AlertEpisodeState.Resolved, 1), Row(episode));
        Assert.Equal(TimeSpan.Zero, episode.Duration);
    }

    [Fact]
    public void A_directory_without_alerts_has_an_empty_history()
    {
        _directory.Write("alerts.jsonl");

        AlertHistory history = Read();

        Assert.Equal((0, 0, 0, 0), (history.Alerts.Count, history.Episodes.Count, history.OmittedAlerts, history.SkippedLines));
    }

    [Fact]
    public void The_view_has_the_keys_of_the_format()
    {
        _directory.Write("metrics.jsonl");
        _directory.Write("alerts.jsonl", Fires(0), "torn", Over(1));

        using LogQuery query = LogDirectory
            .Open(_directory.Path)
            .Query(
                "SELECT timestamp, name, level, message, resolved, data->>'metric' FROM alerts ORDER BY timestamp",
                TestContext.Current.CancellationToken);
        List<object?[]> rows = [];
        while (query.Reader.Read())
            rows.Add([
                .. Enumerable.Range(0, query.Reader.FieldCount).Select(i => query.Reader.IsDBNull(i) ? null : query.Reader.GetValue(i)),
            ]);

        Assert.Equal(
            [
                [Start.DateTime, "slow", "warning", "beyond", false, "generation_time"],
                [Start.DateTime.AddMinutes(1), "slow", "info", "within again", true, null],
            ],
            rows);
    }
}
