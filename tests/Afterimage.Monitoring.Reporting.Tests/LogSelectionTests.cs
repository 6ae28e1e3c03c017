namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Several directories as one, spans of time, runs, and summaries by a key.</summary>
public sealed class LogSelectionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string PathOf(string name) => Path.Combine(_directory.Path, name);

    private static string Generation(int minute, string more = "") =>
        $$"""{"timestamp":"2026-11-23T14:{{minute:00}}:00Z","event":"generation","duration":{{minute + 1}},"success":true{{more}}}""";

    [Fact]
    public void Several_directories_are_read_as_one()
    {
        _directory.Write("a/metrics.jsonl", Generation(1));
        _directory.Write("b/metrics.jsonl", Generation(2), Generation(3));
        _directory.Write("c/metrics.jsonl", Generation(4));

        LogDirectory log = LogDirectory.Open([PathOf("a"), PathOf("b")]);
        RunSummary summary = log.Summarize(Cancel);

        Assert.Equal([PathOf("a"), PathOf("b")], log.Paths);
        Assert.Equal(3, summary.Generations);
        Assert.Equal(9, summary.Metrics["generation_time"].Sum);
        Assert.Throws<ArgumentException>(() => LogDirectory.Open([]));
        Assert.Throws<DirectoryNotFoundException>(() => LogDirectory.Open([PathOf("a"), PathOf("d")]));
    }

    [Fact]
    public void A_directory_given_twice_or_below_another_counts_once()
    {
        _directory.Write("runs/a/metrics.jsonl", Generation(1));
        _directory.Write("runs/b/metrics.jsonl", Generation(2));
        string link = PathOf("link");
        if (!OperatingSystem.IsWindows())
            Directory.CreateSymbolicLink(link, "runs");

        foreach (string[] paths in (string[][])
            [
                [PathOf("runs"), PathOf("runs/a")],
                [PathOf("runs/a"), PathOf("runs"), PathOf("runs/b"), PathOf("runs")],
                OperatingSystem.IsWindows() ? [PathOf("runs")] : [link, PathOf("runs")],
                OperatingSystem.IsWindows() ? [PathOf("runs")] : [PathOf("runs"), Path.Combine(link, "a")],
            ])
            Assert.Equal(2, LogDirectory.Open(paths).Summarize(Cancel).Generations);
    }

    [Fact]
    public async Task A_span_of_time_holds_for_every_reader()
    {
        _directory.Write("log/metrics.jsonl", Enumerable.Range(0, 10).Select(i => Generation(i)));
        _directory.Write(
            "log/afterimage.log",
            Enumerable.Range(0, 10).Select(i => $$"""{"timestamp":"2026-11-23T14:0{{i}}:00Z","level":"info","message":"{{i}}"}"""));
        _directory.Write(
            "log/alerts.jsonl",
            Enumerable.Range(0, 10).Select(i =>
                $$"""{"timestamp":"2026-11-23T14:0{{i}}:00Z","name":"n{{i}}","level":"warning","message":"m"}"""));
        DateTimeOffset since = new(2026, 11, 23, 14, 3, 0, TimeSpan.Zero);
        LogDirectory log = LogDirectory.Open(PathOf("log")).Between(since, since.AddMinutes(4));

        RunSummary summary = log.Summarize(Cancel);
        await log.ExportMetricsAsync(
            PathOf("x.json"),
            options: new ExportOptions { MetricName = "generation_time" },
            cancellationToken: Cancel);
        IReadOnlyList<KeySummary> groups = await log.SummarizeByAsync(SummaryKey.Model, Cancel);
        using LogQuery query = log.Query(
            """
            SELECT (SELECT count(*) FROM generations), (SELECT string_agg(message, '' ORDER BY message) FROM logs),
                (SELECT count(*) FROM alerts)
            """,
            Cancel);
        Assert.True(query.Reader.Read());
        RunComparison comparison = await LogDirectory.Open(PathOf("log")).CompareAsync(log, cancellationToken: Cancel);

        Assert.Equal((4, since, since.AddMinutes(3)), (summary.Generations, summary.FirstTimestamp, summary.LastTimestamp));
        Assert.Equal(4, File.ReadAllText(PathOf("x.json")).Split("generation_time").Length - 1);
        Assert.Equal(4, Assert.Single(groups).Generations);
        Assert.Equal((4L, "3456", 4L), (query.Reader.GetInt64(0), query.Reader.GetString(1), query.Reader.GetInt64(2)));
        Assert.Equal((10, 4), (comparison.A.Generations, comparison.B.Generations));
        Assert.Equal(["n3", "n4", "n5", "n6"], log.ReadAlerts(cancellationToken: Cancel).Alerts.Select(alert => alert.Name));
        Assert.Equal(2, log.Between(since.AddMinutes(-9), since.AddMinutes(2)).Summarize(Cancel).Generations);
        Assert.Equal(3, log.Between(since.AddMinutes(1)).Summarize(Cancel).Generations);
    }

    [Fact]
    public async Task Runs_are_found_with_their_states_the_latest_first()
    {
        _directory.Write(
            "runs/old/run.json",
            """{"start":"2026-11-23T14:04:00Z","first_start":"2026-11-23T14:00:00Z","end":"2026-11-23T14:05:00Z","host":"elsewhere"}""");
        _directory.Write("runs/old/metrics.jsonl", Generation(1));
        _directory.Write("runs/old/below/metrics.jsonl", Generation(2));
        _directory.Write("runs/far/run.json", """{"start":"2026-11-24T14:00:00Z","host":"elsewhere"}""");
        _directory.Write("runs/dead/run.json", $$"""{"start":"2026-11-25T14:00:00Z","host":"{{Environment.MachineName}}"}""");
        using var monitor = new GenerationMonitor(PatientMonitor.Options(PathOf("runs/live")));

        IReadOnlyList<RecordedRun> runs = await LogDirectory.FindRunsAsync(PathOf("runs"), Cancel);

        Assert.Equal(
            [
                ("live", RunState.Running),
                ("dead", RunState.Killed),
                ("far", RunState.Unknown),
                ("old", RunState.Ended),
                (Path.Combine("old", "below"), RunState.Unknown),
            ],
            runs.OrderBy(run => run.Name is "live" ? 0 : 1).Select(run => (run.Name, run.State)));
        RecordedRun old = runs.Single(run => run.Name == "old");
        Assert.Equal(1, old.Directory.Summarize(Cancel).Generations);
        Assert.Equal(TimeSpan.FromMinutes(5), old.End - old.Start);
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => LogDirectory.FindRunsAsync(PathOf("nowhere"), Cancel));
    }

    [Fact]
    public async Task Calls_are_summed_by_tag_with_their_cost()
    {
        _directory.Write(
            "metrics.jsonl",
            Generation(0, ""","model_name":"m","prompt_token_count":10,"completion_token_count":5,"cost_usd":0.5,"tags":{"a/b~":"x"}"""),
            Generation(1, ""","model_name":"m","prompt_token_count":20,"unpriced_token_count":20,"tags":{"a/b~":"x"}"""),
            Generation(2, ""","model_name":"n","tags":{"a/b~":7}"""),
            Generation(3, ""","total_token_count":100,"cost_usd":0.25,"tags":{"other":"x"}"""),
            Generation(25, ""","prompt_token_count":3,"cost_usd":0.125,"tags":{"a/b~":"x"}""")
                .Replace("generation", "evaluation", StringComparison.Ordinal));
        LogDirectory log = LogDirectory.Open(_directory.Path);

        IReadOnlyList<KeySummary> groups = await log.SummarizeByAsync(SummaryKey.Parse("tag:a/b~"), Cancel);
        IReadOnlyList<KeySummary> models = await log.SummarizeByAsync(SummaryKey.Parse("model"), Cancel);

        Assert.Equal([null, "x", "7"], groups.Select(group => group.Value));
        KeySummary x = groups[1];
        Assert.Equal((2L, 1L, 1.0), (x.Generations, x.Evaluations, x.SuccessRate));
        Assert.Equal((33L, 5L, 38L), (x.PromptTokenCount, x.CompletionTokenCount, x.TotalTokenCount));
        Assert.Equal((0.625m, 20L, 0L), (x.CostUsd, x.UnpricedTokenCount, x.CallsWithoutTokens));
        Assert.Equal((1.0, 2.0), (x.MedianSeconds, x.P95Seconds));
        Assert.Equal(((decimal?)null, 0L, 1L), (groups[2].CostUsd, groups[2].TotalTokenCount, groups[2].CallsWithoutTokens));
        Assert.Equal((0.25m, 100L), (groups[0].CostUsd, groups[0].TotalTokenCount));
        Assert.Equal(log.Summarize(Cancel).Cost!.TotalUsd, groups.Sum(group => group.CostUsd));
        Assert.Equal(log.Summarize(Cancel).Tokens.TotalTokens, models.Sum(group => group.TotalTokenCount));
    }

    [Theory]
    [InlineData("")]
    [InlineData("tag:")]
    [InlineData("Model")]
    [InlineData("duration")]
    public void A_text_that_is_no_key_is_refused(string text)
    {
        Assert.False(SummaryKey.TryParse(text, out _));
        Assert.Throws<FormatException>(() => SummaryKey.Parse(text));
    }

    [Theory]
    [InlineData("p95 generation_time > +10%", true)]
    [InlineData("p95 generation_time > +200%", false)]
    [InlineData("p50 generation_time >= +100%", true)]
    [InlineData("P50 generation_time > +100%", false)]
    [InlineData("generation_time > +1.4", true)]
    [InlineData("mean generation_time > 3.1", false)]
    [InlineData("median generation_time<=4", true)]
    [InlineData("success_rate < 100%", true)]
    [InlineData("success_rate < -49pp", true)]
    [InlineData("success_rate < -50pp", false)]
    [InlineData("success_rate < -50%", false)]
    [InlineData("p99 success_rate < 1", null)]
    [InlineData("nothing > 1", null)]
    public async Task A_limit_is_judged_by_the_second_run(string text, bool? expected)
    {
        _directory.Write("a/metrics.jsonl", Generation(0), Generation(1));
        _directory.Write("b/metrics.jsonl", Generation(1), Generation(3).Replace("true", "false", StringComparison.Ordinal));
        RunComparison comparison = await LogDirectory.Open(PathOf("a"))
            .CompareAsync(LogDirectory.Open(PathOf("b")), cancellationToken: Cancel);

        Assert.Equal(expected, ComparisonThreshold.Parse(text).IsExceeded(comparison));
    }

    [Theory]
    [InlineData("")]
    [InlineData("generation_time")]
    [InlineData("generation_time > fast")]
    [InlineData("> 3")]
    [InlineData("generation_time = 3")]
    public void A_text_that_is_no_limit_is_refused(string text) =>
        Assert.Throws<FormatException>(() => ComparisonThreshold.Parse(text));

    [Fact]
    public async Task P_values_of_several_runs_are_adjusted_together()
    {
        _directory.Write("a/metrics.jsonl", Enumerable.Range(0, 20).Select(i => Generation(i)));
        _directory.Write("b/metrics.jsonl", Enumerable.Range(8, 20).Select(i => Generation(i)));
        _directory.Write("c/metrics.jsonl", Enumerable.Range(9, 20).Select(i => Generation(i)));
        LogDirectory a = LogDirectory.Open(PathOf("a"));
        LogDirectory[] others = [LogDirectory.Open(PathOf("b")), LogDirectory.Open(PathOf("c"))];

        IReadOnlyList<RunComparison> together = await a.CompareAllAsync(others, cancellationToken: Cancel);
        RunComparison alone = await a.CompareAsync(others[0], cancellationToken: Cancel);

        FigureComparison one = Mean(alone);
        FigureComparison among = Mean(together[0]);
        Assert.Equal(one.PValue, among.PValue);
        Assert.True(among.AdjustedPValue > one.AdjustedPValue);
        Assert.Equal([PathOf("b"), PathOf("c")], together.Select(comparison => comparison.B.LogDirectory));

        static FigureComparison Mean(RunComparison comparison) =>
            comparison.Metrics.Single(metric => metric.Name == "generation_time").Figures[0];
    }
}
