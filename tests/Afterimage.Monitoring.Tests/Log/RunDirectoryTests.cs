using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Tests.Log;

/// <summary>The files of a run beside its records: run.json, snapshots, and what an earlier run left.</summary>
public sealed class RunDirectoryTests
{
    [Fact]
    public void Run_json_tells_who_wrote_and_when()
    {
        using var run = new MonitorRun();
        string path = Path.Combine(run.Monitor.LogDirectory!, "run.json");
        JsonElement started = JsonFile.Object(path);
        Assert.Equal(["format_version", "run_id", "host", "process_id", "process_name", "library_version", "start"], started.Keys());
        Assert.Equal(1, started.GetProperty("format_version").GetInt32());
        Assert.True(Guid.TryParse(started.Text("run_id"), out _));
        Assert.Equal(Environment.MachineName, started.Text("host"));
        Assert.Equal(Environment.ProcessId, started.GetProperty("process_id").GetInt32());
        Assert.NotEmpty(started.Text("process_name"));
        Assert.StartsWith("0.1.0", started.Text("library_version"), StringComparison.Ordinal);
        Assert.Equal("2026-11-23T14:00:00Z", started.Text("start"));

        run.Clock.Advance(TimeSpan.FromSeconds(1.5));
        run.Monitor.Dispose();
        JsonElement ended = JsonFile.Object(path);
        Assert.Equal("2026-11-23T14:00:01.5Z", ended.Text("end"));
        Assert.Equal([.. started.Keys(), "end", "recorded", "dropped", "written", "failed", "cut"], ended.Keys());
        Assert.Equal(started.Text("run_id"), ended.Text("run_id"));
    }

    [Fact]
    public void A_later_run_in_the_same_directory_keeps_the_start_of_the_first()
    {
        using var directory = new TemporaryDirectory();
        var clock = new FakeTimeProvider(MonitorRun.Start);
        foreach (string? first in (string?[])[null, "2026-11-23T14:00:00Z", "2026-11-23T14:00:00Z"])
        {
            new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = directory.Path }, clock).Dispose();
            JsonElement run = JsonFile.Object(directory.File("run.json"));
            Assert.Equal(clock.GetUtcNow(), run.GetProperty("start").GetDateTimeOffset());
            Assert.Equal(first, run.TryGetProperty("first_start", out JsonElement start) ? start.GetString() : null);
            clock.Advance(TimeSpan.FromDays(1));
        }
    }

    [Fact]
    public void A_later_run_in_the_same_directory_goes_on_behind_a_torn_line()
    {
        using var directory = new TemporaryDirectory();
        const string Torn = """{"timestamp":"2026-11-23T14:00:00Z","event":"gen""";
        Record("first");
        string firstRun = JsonFile.Object(directory.File("run.json")).Text("run_id");
        File.AppendAllText(directory.File("metrics.jsonl"), Torn);
        File.AppendAllText(directory.File("afterimage.log"), Torn);
        Record("second");
        Record("third");

        string[] records = File.ReadAllLines(directory.File("metrics.jsonl"));
        Assert.Equal(4, records.Length);
        Assert.StartsWith(Torn, records[1], StringComparison.Ordinal);
        Assert.Equal(
            ["first", "second", "third"],
            records.Where(r => r != records[1]).Select(r => JsonDocument.Parse(r).RootElement.Text("model_name")));
        Assert.Equal(4, File.ReadAllLines(directory.File("afterimage.log")).Length);
        Assert.NotEqual(firstRun, JsonFile.Object(directory.File("run.json")).Text("run_id"));

        void Record(string model)
        {
            using var monitor = new GenerationMonitor(
                new GenerationMonitorOptions { LogDirectory = directory.Path, ShutdownTimeout = Limits.Generous });
            monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = model });
            monitor.LogInfo(model);
        }
    }

    [Fact]
    public void A_snapshot_has_the_figures_and_points_of_every_metric_and_the_tokens()
    {
        using var run = new MonitorRun();
        for (int i = 1; i <= 3; i++)
        {
            run.Monitor.TrackGeneration(TimeSpan.FromSeconds(i), true, new GenerationDetails { ModelName = "m", PromptTokenCount = i });
            run.Clock.Advance(TimeSpan.FromHours(1));
        }

        run.Monitor.RecordMetric("huge", double.MaxValue);
        run.Monitor.RecordMetric("huge", double.MaxValue);

        string path = run.Monitor.SaveMetrics();

        Assert.Equal(Path.Combine(run.Monitor.LogDirectory!, "metrics_20261123_170000.json"), path);
        JsonElement snapshot = JsonFile.Object(path);
        Assert.Equal("2026-11-23T17:00:00Z", snapshot.Text("timestamp"));
        Assert.Equal(
            run.Monitor.MetricNames.Order(StringComparer.Ordinal),
            snapshot.GetProperty("metrics").Keys().Order(StringComparer.Ordinal));
        JsonElement time = snapshot.GetProperty("metrics").GetProperty("generation_time");
        Assert.Equal(
            (3, 6.0, 2.0, 1.0, 3.0),
            (time.GetProperty("count").GetInt64(), Number("sum"), Number("mean"), Number("min"), Number("max")));
        Assert.Equal(Math.Sqrt(2 / 3.0), Number("standard_deviation"), 1e-12);
        Assert.InRange(Number("p50"), 1.98, 2.02);
        Assert.Equal(
            [
                """{"timestamp":"2026-11-23T14:00:00Z","value":1,"model_name":"m"}""",
                """{"timestamp":"2026-11-23T15:00:00Z","value":2,"model_name":"m"}""",
                """{"timestamp":"2026-11-23T16:00:00Z","value":3,"model_name":"m"}""",
            ],
            time.GetProperty("points").EnumerateArray().Select(p => p.GetRawText()));
        Assert.Equal(double.MaxValue, snapshot.GetProperty("metrics").GetProperty("huge").GetProperty("sum").GetDouble());
        Assert.Equal(
            """{"by_model":[{"model_name":"m","prompt_tokens":6,"completion_tokens":0,"total_tokens":6}]"""
                + ""","total_prompt_tokens":6,"total_completion_tokens":0,"total_tokens":6}""",
            snapshot.GetProperty("token_usage").GetRawText());

        double Number(string key) => time.GetProperty(key).GetDouble();
    }

    [Fact]
    public void Snapshots_of_the_same_second_do_not_overwrite_each_other()
    {
        using var run = new MonitorRun();
        string[] paths = [run.Monitor.SaveMetrics(), run.Monitor.SaveMetrics(), run.Monitor.SaveMetrics()];

        Assert.Equal(3, paths.Distinct().Count());
        Assert.All(paths, p => Assert.True(File.Exists(p)));
        Assert.EndsWith("metrics_20261123_140000.json", paths[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_metric_handler_writes_points_given_to_it_directly()
    {
        using var directory = new TemporaryDirectory();
        using (var handler = new FileMetricHandler(directory.File("made/on/demand")))
        {
            handler.HandleMetric(
                "m",
                1.5,
                new Dictionary<string, object?>
                {
                    ["timestamp"] = MonitorRun.Start.ToOffset(TimeSpan.FromHours(3)),
                    ["k"] = new Version(1, 2),
                });
            handler.Dispose();
            handler.HandleMetric("m", double.NaN, new Dictionary<string, object?>());
            Assert.Throws<ArgumentNullException>(() => handler.HandleMetric(null!, 1, new Dictionary<string, object?>()));
            Assert.Throws<ArgumentException>(() => handler.HandleMetric("", 1, new Dictionary<string, object?>()));
            Assert.Throws<ArgumentNullException>(() => handler.HandleMetric("m", 1, null!));
            Assert.Throws<ArgumentNullException>(() => handler.HandleBatch(null!));
            Assert.True(handler.IsLossless);
        }

        var lines = JsonFile.Lines(directory.File("made/on/demand/metrics.jsonl"));
        Assert.Equal(2, lines.Count);
        Assert.Equal(
            """{"timestamp":"2026-11-23T14:00:00Z","event":"metric","metric_name":"m","value":1.5,"metadata":{"k":"1.2"}}""",
            lines[0].GetRawText());
        Assert.Equal("NaN", lines[1].Text("value"));
        Assert.EndsWith("Z", lines[1].Text("timestamp"), StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => new FileMetricHandler(""));
        Assert.ThrowsAny<ArgumentException>(() => new FileMetricHandler(null!));
    }

    [Fact]
    public void A_log_handler_writes_entries_given_to_it_directly()
    {
        using var directory = new TemporaryDirectory();
        using (var handler = new FileLogHandler(directory.Path))
        {
            foreach (
                var level in Enum.GetValues<Microsoft.Extensions.Logging.LogLevel>()
                    .Where(l => l != Microsoft.Extensions.Logging.LogLevel.None))
                handler.HandleLog(new LogEntry
                {
                    Timestamp = MonitorRun.Start,
                    Level = level,
                    Message = "m",
                });
            Assert.Throws<ArgumentNullException>(() => handler.HandleLog(null!));
            Assert.True(handler.IsLossless);
        }

        Assert.Equal(
            ["trace", "debug", "info", "warning", "error", "critical"],
            JsonFile.Lines(directory.File("afterimage.log")).Select(e => e.Text("level")));
        Assert.ThrowsAny<ArgumentException>(() => new FileLogHandler(""));
        Assert.ThrowsAny<ArgumentException>(() => new FileLogHandler(null!));
    }
}
