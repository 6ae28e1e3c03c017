using System.Diagnostics;
using System.Text.Json;

namespace Afterimage.Monitoring.ClickHouse.Tests;

/// <summary>Questions to a cluster, beside the same questions to the directories that were shipped.</summary>
[Collection(ClusterTests.Name)]
public sealed class QuestionTests(SharedCluster shared)
{
    private const double QuantileError = 0.01;

    private static readonly IReadOnlyDictionary<string, MetricSummary> Empty = new Dictionary<string, MetricSummary>();

    private static readonly TokenUsageReport NoTokens =
        new() { ByModel = [], TotalPromptTokens = 0, TotalCompletionTokens = 0, TotalTokens = 0 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_summary_of_a_fleet_is_that_of_its_directories()
    {
        using var root = new TemporaryDirectory();
        Recorded.Run(Path.Combine(root.Path, "a"), 600, Priced);
        Recorded.Run(Path.Combine(root.Path, "b"), 300, o => o.LogFiles.MaxFileSize = 4096);
        File.AppendAllText(Path.Combine(root.Path, "b", "metrics.jsonl"), "not JSON\n");
        (Fleet fleet, _) = await ShippedAsync(root.Path);
        using Fleet one = fleet;

        RunSummary there = await fleet.SummarizeAsync(null, Cancellation);

        Same(LogDirectory.Open(root.Path).Summarize(Cancellation), there);
    }

    [Fact]
    public async Task Any_double_counts_in_a_fleet_as_in_its_directory()
    {
        using var root = new TemporaryDirectory();
        var random = new Random(7);
        using (GenerationMonitor monitor = Recorded.Monitor(root.Path))
        {
            foreach (double value in new[]
            {
                0, -0.0, 1, -1, 127, 128, 129, double.Epsilon, -double.Epsilon, 1e-310, double.MaxValue, double.MinValue, double.NaN,
                double.PositiveInfinity, double.NegativeInfinity, Math.PI, 1e15, 1e300,
            })
                monitor.RecordMetric("edges", value);
            for (int i = 0; i < 5000; i++)
            {
                double value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
                monitor.RecordMetric("any", value);
                monitor.RecordMetric("near", 5 + random.NextDouble());
                monitor.RecordMetric("small", random.Next(256));
            }
        }

        (Fleet fleet, _) = await ShippedAsync(root.Path);
        using Fleet one = fleet;

        RunSummary there = await fleet.SummarizeAsync(null, Cancellation);

        RunSummary here = LogDirectory.Open(root.Path).Summarize(Cancellation);
        Same(here, there);
        Assert.Equal(here.Metrics["small"], there.Metrics["small"]);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("provider")]
    [InlineData("finish_reason")]
    [InlineData("tag:tenant")]
    [InlineData("tag:it's \\ odd")]
    public async Task Groups_of_a_fleet_are_those_of_its_directory(string key)
    {
        using var root = new TemporaryDirectory();
        Recorded.Run(root.Path, 400, Priced);
        using (GenerationMonitor monitor = Recorded.Monitor(root.Path))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { Tags = [new("tenant", ""), new("it's \\ odd", "'\\\t")] });
            monitor.TrackGeneration(TimeSpan.FromSeconds(2), true, new() { Tags = [new("tenant", 5), new("it's \\ odd", true)] });
        }

        (Fleet fleet, _) = await ShippedAsync(root.Path);
        using Fleet one = fleet;

        IReadOnlyList<KeySummary> there = await fleet.SummarizeByAsync(SummaryKey.Parse(key), null, Cancellation);

        IReadOnlyList<KeySummary> here = await LogDirectory.Open(root.Path).SummarizeByAsync(SummaryKey.Parse(key), Cancellation);
        Assert.Equal(
            here.Select(group => group with { MedianSeconds = null, P95Seconds = null }).OrderBy(group => group.Value),
            there.Select(group => group with { MedianSeconds = null, P95Seconds = null }).OrderBy(group => group.Value));
        foreach (KeySummary group in here)
        {
            KeySummary other = there.Single(other => other.Value == group.Value);
            Near(group.MedianSeconds, other.MedianSeconds);
            Near(group.P95Seconds, other.P95Seconds);
        }
    }

    [Fact]
    public async Task Filters_select_by_time_place_model_and_tag()
    {
        using var root = new TemporaryDirectory();
        DateTimeOffset noon = new(2026, 5, 31, 12, 0, 0, TimeSpan.Zero);
        using (GenerationMonitor monitor = Recorded.Monitor(Path.Combine(root.Path, "first")))
        {
            for (int i = 0; i < 48; i++)
                monitor.TrackGeneration(
                    TimeSpan.FromSeconds(1),
                    true,
                    new() { Timestamp = noon.AddHours(i), ModelName = i % 2 == 0 ? "a" : "b", Tags = [new("tenant", $"t{i % 3}")] });
        }

        (Fleet fleet, FleetOptions options) = await ShippedAsync(root.Path, SharedCluster.Once with { Service = "checkout" });
        using Fleet one = fleet;
        using var elsewhere = new TemporaryDirectory();
        Recorded.Run(Path.Combine(elsewhere.Path, "second"), 10);
        await fleet.ShipAsync(elsewhere.Path, SharedCluster.Once with { Service = "search" }, null, Cancellation);
        await (await shared.GetAsync()).SyncAsync(options.Database);

        Assert.Equal(58, await CountAsync(new()));
        Assert.Equal(48, await CountAsync(new() { Run = "first" }));
        Assert.Equal(10, await CountAsync(new() { Service = "search" }));
        Assert.Equal(58, await CountAsync(new() { Host = Environment.MachineName }));
        Assert.Equal(24, await CountAsync(new() { ModelName = "b" }));
        Assert.Equal(16, await CountAsync(new() { Tag = new("tenant", "t1"), Service = "checkout" }));
        Assert.Equal(12, await CountAsync(new() { Until = noon.AddHours(12) }));
        Assert.Equal(13, await CountAsync(new() { Since = noon.AddHours(11), Until = noon.AddHours(24) }));
        FleetException wrong = await Assert.ThrowsAsync<FleetException>(() => CountAsync(new() { Run = "third" }));
        Assert.Equal("The fleet has no run named 'third'.", wrong.Message);
        await Assert.ThrowsAsync<ArgumentException>(() => CountAsync(new() { Since = noon, Until = noon }));

        async Task<long> CountAsync(FleetFilter filter) => (await fleet.SummarizeAsync(filter, Cancellation)).Generations;
    }

    [Fact]
    public async Task Runs_of_a_fleet_have_state_place_and_figures()
    {
        using var root = new TemporaryDirectory();
        Recorded.Run(Path.Combine(root.Path, "ended"), 100);
        using GenerationMonitor running = Recorded.Monitor(Path.Combine(root.Path, "running"));
        Recorded.Generations(running, 50);
        await running.FlushAsync(Cancellation);
        (Fleet fleet, _) = await ShippedAsync(root.Path, SharedCluster.Once with { Service = "checkout" });
        using Fleet one = fleet;

        FleetRuns runs = await fleet.FindRunsAsync(null, 1, Cancellation);
        FleetRuns all = await fleet.FindRunsAsync(null, 20, Cancellation);

        Assert.Equal(2, runs.Count);
        Assert.Equal(["running"], runs.Latest.Select(run => run.Name));
        FleetRun ended = all.Latest[1];
        RunSummary summary = LogDirectory.Open(Path.Combine(root.Path, "ended")).Summarize(Cancellation);
        Assert.Equal((RunState.Running, RunState.Ended), (all.Latest[0].State, ended.State));
        Assert.Equal(("ended", Environment.MachineName, "checkout"), (ended.Name, ended.Host, ended.Service));
        Assert.Equal(summary.Generations, ended.Calls.Generations);
        Assert.Equal(summary.Evaluations, ended.Calls.Evaluations);
        Assert.Equal(summary.Tokens.TotalTokens, ended.Calls.TotalTokenCount);
        Assert.Equal(summary.LastTimestamp, ended.LastTimestamp);
        Near(summary.Metrics["generation_time"].P95, ended.Calls.P95Seconds);
        Assert.NotNull(ended.End);
    }

    [Fact]
    public async Task A_comparison_in_a_fleet_comes_to_the_verdicts_of_directories()
    {
        using var root = new TemporaryDirectory();
        string[] paths = [Path.Combine(root.Path, "a"), Path.Combine(root.Path, "b")];
        for (int run = 0; run < paths.Length; run++)
        {
            using GenerationMonitor monitor = Recorded.Monitor(paths[run]);
            var random = new Random(run);
            for (int i = 0; i < 1000; i++)
                monitor.TrackGeneration(
                    TimeSpan.FromSeconds(1 + random.NextDouble() + (run * 0.1)),
                    random.Next(20) != 0,
                    new() { ModelName = "m", PromptTokenCount = random.Next(1000), CompletionTokenCount = 10 });
        }

        (Fleet fleet, _) = await ShippedAsync(root.Path);
        using Fleet one = fleet;

        RunComparison there = Assert.Single(await fleet.CompareAsync(new() { Run = "a" }, [new() { Run = "b" }], Cancellation));

        RunComparison here = await LogDirectory.Open(paths[0]).CompareAsync(LogDirectory.Open(paths[1]), null, Cancellation);
        Assert.Equal(here.Tests, there.Tests);
        Assert.Equal(here.Models, there.Models);
        foreach ((MetricComparison local, MetricComparison fleeted) in here.Metrics.Zip(there.Metrics))
        {
            Assert.Equal((local.Name, local.Kind), (fleeted.Name, fleeted.Kind));
            Near(local.A?.Mean?.Value, fleeted.A?.Mean?.Value, 1e-12);
            Near(local.B?.P95?.Value, fleeted.B?.P95?.Value);
            Assert.Equal(local.Figures.Select(figure => figure.Verdict), fleeted.Figures.Select(figure => figure.Verdict));
        }
    }

    [Fact]
    public async Task Alerts_of_a_fleet_are_those_of_its_directory()
    {
        using var root = new TemporaryDirectory();
        Recorded.Run(root.Path, 10);
        File.WriteAllLines(
            Path.Combine(root.Path, "alerts.jsonl"),
            [
                """{"timestamp":"2026-11-23T14:00:00Z","name":"slow","level":"warning","message":"It is slow."}""",
                """{"timestamp":"2026-11-23T14:01:00Z","name":"torn","level":"error","message":"'a'\t\\ b","data":{"n":5}}""",
                """{"timestamp":"2026-11-23T14:05:00Z","name":"slow","level":"info","message":"Over.","data":{"resolved":true}}""",
                """{"timestamp":"2026-11-23T14:06:00Z","name":"","level":"info","message":"No name."}""",
            ]);
        (Fleet fleet, _) = await ShippedAsync(root.Path);
        using Fleet one = fleet;

        AlertHistory there = await fleet.ReadAlertsAsync(null, 10, Cancellation);
        AlertHistory newest = await fleet.ReadAlertsAsync(null, 1, Cancellation);

        AlertHistory here = LogDirectory.Open(root.Path).ReadAlerts(10, Cancellation);
        Assert.Equal((3, 2), (here.Alerts.Count, here.Episodes.Count));
        Assert.Equal((here.OmittedAlerts, here.SkippedLines), (there.OmittedAlerts, there.SkippedLines));
        Assert.Equal(here.Alerts.Select(Shown), there.Alerts.Select(Shown));
        Assert.Equal(
            here.Episodes.Select(episode => (episode.Name, episode.State, episode.Start, episode.End)),
            there.Episodes.Select(episode => (episode.Name, episode.State, episode.Start, episode.End)));
        Assert.Equal((1, 2), (newest.Alerts.Count, newest.OmittedAlerts));
        await Assert.ThrowsAsync<ArgumentException>(() => fleet.ReadAlertsAsync(new() { ModelName = "m" }, 10, Cancellation));

        static string Shown(Alert alert) =>
            $"{alert.Timestamp:O} {alert.Name} {alert.Level} {alert.Message} {string.Join(',', alert.Data)}";
    }

    [Fact]
    public async Task A_query_returns_typed_rows_and_can_only_read()
    {
        using var root = new TemporaryDirectory();
        Recorded.Run(root.Path, 20);
        (Fleet fleet, FleetOptions options) = await ShippedAsync(root.Path);
        using Fleet one = fleet;

        (string[] names, object?[][] rows) = await RowsAsync(
            "SELECT count() AS n, toInt8(-3) AS i, 0.5 AS f, 'a\\tb\\\\N' AS t, NULL AS nothing, toDateTime(86400, 'UTC') AS time, "
            + "toDecimal64(1.25, 2) AS d, toFloat64('nan') AS nan FROM generations; ");

        Assert.Equal(["n", "i", "f", "t", "nothing", "time", "d", "nan"], names);
        Assert.Equal(
            [20UL, -3L, 0.5, "a\tb\\N", null, new DateTime(1970, 1, 2, 0, 0, 0, DateTimeKind.Utc), 1.25m, double.NaN],
            Assert.Single(rows));
        string[] refused = ["DROP TABLE generations", "INSERT INTO runs VALUES (1)", "SELECT 1; SELECT 2", "SELECT * FROM nope"];
        foreach (string sql in refused)
            await Assert.ThrowsAsync<FleetException>(() => RowsAsync(sql));
        await using FleetQuery limited = await fleet.QueryAsync(
            "SELECT number FROM system.numbers LIMIT 100000",
            new FleetQueryOptions { MaxRows = 7 },
            Cancellation);
        Assert.Equal(7, await limited.ReadRowsAsync(Cancellation).CountAsync(Cancellation));
        Assert.True(limited.HasMore);
        using var reader = new Fleet(options with { User = "afterimage_reader", Password = SharedCluster.ReaderPassword });
        Assert.Equal(20, (await reader.SummarizeAsync(null, Cancellation)).Generations);
        await using FleetQuery asReader = await reader.QueryAsync("SELECT count() FROM generations", null, Cancellation);
        Assert.Equal([20UL], await asReader.ReadRowsAsync(Cancellation).SingleAsync(Cancellation));

        async Task<(string[] Names, object?[][] Rows)> RowsAsync(string sql)
        {
            await using FleetQuery query = await fleet.QueryAsync(sql, null, Cancellation);
            object?[][] rows = await query.ReadRowsAsync(Cancellation).Select(row => row.ToArray()).ToArrayAsync(Cancellation);
            return ([.. query.ColumnNames], rows);
        }
    }

    [Fact]
    public async Task Commands_answer_from_a_fleet_as_from_its_directory()
    {
        using var root = new TemporaryDirectory();
        Recorded.Run(Path.Combine(root.Path, "a"), 200);
        Recorded.Run(Path.Combine(root.Path, "b"), 200);
        (Fleet fleet, FleetOptions options) = await ShippedAsync(root.Path);
        using Fleet one = fleet;

        using JsonDocument there = await JsonAsync("fleet", "summary", "a", "--json");
        using JsonDocument here = await JsonAsync("summary", Path.Combine(root.Path, "a"), "--json");
        using JsonDocument runs = await JsonAsync("fleet", "runs", "--json");
        using JsonDocument groups = await JsonAsync("fleet", "summary", "--by", "model", "--json");
        using JsonDocument compared = await JsonAsync("fleet", "compare", "a", "b", "--json");
        using JsonDocument alerts = await JsonAsync("fleet", "alerts", "--json");
        using JsonDocument rows = await JsonAsync("fleet", "query", "SELECT count() AS n FROM generations", "--json");

        string[] same = ["generations", "evaluations", "by_model", "total_tokens", "skipped_lines", "first_timestamp"];
        foreach (string property in same)
            Assert.Equal(here.RootElement.GetProperty(property).ToString(), there.RootElement.GetProperty(property).ToString());
        Assert.Equal(2, runs.RootElement.GetProperty("runs").GetArrayLength());
        Assert.Equal(2, groups.RootElement.GetProperty("groups").GetArrayLength() - 1);
        Assert.Equal(
            200,
            compared.RootElement.GetProperty("metrics").GetProperty("generation_time").GetProperty("a").GetProperty("count").GetInt32());
        Assert.Equal(0, alerts.RootElement.GetProperty("episodes").GetArrayLength());
        Assert.Equal(400, rows.RootElement[0].GetProperty("n").GetInt32());

        async Task<JsonDocument> JsonAsync(params string[] arguments)
        {
            string[] place = arguments[0] == "fleet"
                ? [.. options.Urls.SelectMany(url => new[] { "--url", url.ToString() }), "--database", options.Database]
                : [];
            using Process process = Process.Start(
                new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "afterimage.dll"), .. arguments, .. place])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                })!;
            Task<string> error = process.StandardError.ReadToEndAsync(Cancellation);
            string output = await process.StandardOutput.ReadToEndAsync(Cancellation);
            await process.WaitForExitAsync(Cancellation);
            Assert.True(process.ExitCode == 0, await error);
            return JsonDocument.Parse(output);
        }
    }

    [Theory]
    [InlineData("KILL QUERY WHERE 1")]
    [InlineData("/* SELECT */ kill query where 1")]
    [InlineData("-- SELECT 1\nDROP TABLE generations")]
    [InlineData("SYSTEM STOP MERGES")]
    [InlineData("SET readonly = 0")]
    [InlineData("SELECTED")]
    public async Task A_statement_that_does_more_than_read_is_refused(string sql)
    {
        (Fleet fleet, _) = await shared.NewFleetAsync();
        using Fleet one = fleet;

        FleetException refused = await Assert.ThrowsAsync<FleetException>(() => fleet.QueryAsync(sql, null, Cancellation));

        Assert.StartsWith("The statement must begin with SELECT", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("select 1")]
    [InlineData(" -- ; DROP\n /* ( */ SELECT 1;")]
    [InlineData("WITH 1 AS one SELECT one")]
    [InlineData("DESCRIBE TABLE generations")]
    [InlineData("SHOW TABLES")]
    public async Task A_statement_that_reads_is_run(string sql)
    {
        (Fleet fleet, _) = await shared.NewFleetAsync();
        using Fleet one = fleet;

        await using FleetQuery query = await fleet.QueryAsync(sql, null, Cancellation);

        Assert.NotEmpty(await query.ReadRowsAsync(Cancellation).ToArrayAsync(Cancellation));
    }

    private static void Priced(GenerationMonitorOptions options) =>
        options.Pricing = new ModelPricing([KeyValuePair.Create("gpt-4o", new ModelPrice { Input = 2.5m, Output = 10 })]);

    private static void Same(RunSummary here, RunSummary there)
    {
        Assert.Equal(
            here with { LogDirectory = "", Files = [], Metrics = Empty, Tokens = NoTokens, Cost = null },
            there with { LogDirectory = "", Files = [], Metrics = Empty, Tokens = NoTokens, Cost = null });
        Assert.Equal(here.Tokens.ByModel, there.Tokens.ByModel);
        Assert.Equal(here.Tokens.TotalTokens, there.Tokens.TotalTokens);
        Assert.Equal(here.Cost?.ByModel, there.Cost?.ByModel);
        Assert.Equal(WithoutModels(here.Cost), WithoutModels(there.Cost));
        Assert.Equal(here.Metrics.Keys, there.Metrics.Keys);
        foreach ((string name, MetricSummary metric) in here.Metrics)
        {
            MetricSummary other = there.Metrics[name];
            Assert.Equal((name, metric.Count, metric.Min, metric.Max), (name, other.Count, other.Min, other.Max));
            Near(metric.Sum, other.Sum, 1e-15);
            Near(metric.Mean, other.Mean, 1e-15);
            Near(metric.P50, other.P50);
            Near(metric.P95, other.P95);
            Near(metric.P99, other.P99);
        }
    }

    private static CostReport? WithoutModels(CostReport? cost) => cost is null ? null : cost with { ByModel = [] };

    private static void Near(double? here, double? there, double error = QuantileError)
    {
        Assert.Equal(here is null, there is null);
        if (here is { } value)
            Assert.InRange(there!.Value, value - (Math.Abs(value) * error), value + (Math.Abs(value) * error));
    }

    private async Task<(Fleet Fleet, FleetOptions Options)> ShippedAsync(string root, ShippingOptions? shipping = null)
    {
        (Fleet fleet, FleetOptions options) = await shared.NewFleetAsync();
        await fleet.ShipAsync(root, shipping ?? SharedCluster.Once, null, Cancellation);
        await (await shared.GetAsync()).SyncAsync(options.Database);
        return (fleet, options);
    }
}
