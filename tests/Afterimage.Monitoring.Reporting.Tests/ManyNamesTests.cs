using System.Globalization;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>More names than have figures of their own.</summary>
public sealed class ManyNamesTests : IDisposable
{
    private const int Limit = 100_000;
    private const int Beyond = 7;

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Models_and_finish_reasons_beyond_the_limit_count_as_one_with_exact_totals()
    {
        RunSummary summary = WriteGenerations("a").Summarize(Cancellation);

        Assert.Equal(Limit + Beyond, summary.Generations);
        Assert.Equal(Limit + 1, summary.Tokens.ByModel.Count);
        Assert.Equal(2 * (Limit + Beyond), summary.Tokens.TotalPromptTokens);
        Assert.Equal(2 * Beyond, summary.Tokens.ByModel.Single(m => m.ModelName == GenerationMonitorOptions.OverflowName).PromptTokens);
        Assert.Equal(0.5m * (Limit + Beyond), summary.Cost!.TotalUsd);
        foreach (string prefix in (string[])["model_usage:", "finish_reason:"])
        {
            MetricSummary[] ones =
            [
                .. summary.Metrics.Where(m => m.Key.StartsWith(prefix, StringComparison.Ordinal)).Select(m => m.Value),
            ];
            Assert.Equal((Limit + 1, Limit + Beyond), (ones.Length, ones.Sum(m => m.Count)));
            Assert.Equal(Beyond, summary.Metrics[prefix + GenerationMonitorOptions.OverflowName].Count);
        }
    }

    [Theory]
    [InlineData("\"event\":\"metric\",\"metric_name\":\"{0}\",\"value\":3", "")]
    [InlineData(
        "\"event\":\"evaluation\",\"duration\":1,\"evaluator_type\":\"e\",\"success\":true,\"scores\":{\"{0}\":3}",
        "evaluation_score_")]
    public void Metrics_and_scores_beyond_the_limit_count_as_one_with_exact_totals(string fields, string prefix)
    {
        RunSummary summary = Write("a", i => fields.Replace("{0}", $"n{i}", StringComparison.Ordinal)).Summarize(Cancellation);

        MetricSummary[] own =
        [
            .. summary.Metrics.Where(m => m.Key.StartsWith(prefix + 'n', StringComparison.Ordinal)).Select(m => m.Value),
        ];
        MetricSummary others = summary.Metrics[prefix + GenerationMonitorOptions.OverflowName];
        Assert.Equal((Limit, 3.0 * Limit), (own.Length, own.Sum(m => m.Sum)));
        Assert.Equal((Beyond, 3.0 * Beyond, 3, 3), (others.Count, others.Sum, others.Min, others.P99));
    }

    [Fact]
    public async Task A_comparison_counts_names_beyond_the_limit_as_one_in_all_runs()
    {
        LogDirectory a = WriteGenerations("a");
        LogDirectory b = WriteGenerations("b");
        RunComparison comparison = await a.CompareAsync(b, null, Cancellation);

        Assert.Equal(2 * (Limit + 1), comparison.Metrics.Count(m => m.Kind == MetricKind.Share));
        Assert.Equal(Beyond, comparison.Metrics.Single(m => m.Name == "finish_reason:(other)").A!.Count);
        Assert.Equal(Limit + 1, comparison.Models.Count);
        Assert.All(comparison.Models, model => Assert.Equal(model.A, model.B));
        Assert.DoesNotContain(comparison.Metrics, m => m.Figures.Any(f => f.Verdict == ComparisonVerdict.BeyondChance));
    }

    [Fact]
    public async Task A_report_and_a_summary_by_model_have_a_row_for_names_beyond_the_limit()
    {
        LogDirectory log = WriteGenerations("a");
        string page = _directory.File("report.html");
        await log.WriteReportByAsync(page, SummaryKey.Model, Cancellation);
        IReadOnlyList<KeySummary> models = await log.SummarizeByAsync(SummaryKey.Model, Cancellation);

        Assert.Contains(
            "The 50 models with the most tokens of 100,001",
            await File.ReadAllTextAsync(page, Cancellation),
            StringComparison.Ordinal);
        Assert.Equal(Limit + 1, models.Count);
        KeySummary others = models.Single(m => m.Value == "(other)");
        Assert.Equal((Beyond, 2 * Beyond), (others.Generations, others.PromptTokenCount));
        Assert.Equal(Limit + Beyond, models.Sum(m => m.Generations));
    }

    [Fact]
    public void Metrics_of_few_large_values_have_exact_quantiles()
    {
        var random = new Random(1);
        List<double> values =
        [
            .. Enumerable.Range(0, 3_000).Select(_ => random.Next(4) == 0 ? random.NextDouble() * 9 : random.Next(70_000)),
        ];
        MetricSummary summary = Write(
            "a",
            i => string.Create(CultureInfo.InvariantCulture, $"\"event\":\"metric\",\"metric_name\":\"m\",\"value\":{values[i]:R}"),
            values.Count).Summarize(Cancellation).Metrics["m"];

        values.Sort();
        Assert.Equal(
            (values[1_499], values[2_849], values[2_969], values[0], values[^1]),
            (summary.P50, summary.P95, summary.P99, summary.Min, summary.Max));
    }

    private LogDirectory WriteGenerations(string run) => Write(
        run,
        i => $"\"event\":\"generation\",\"duration\":1,\"success\":true,\"model_name\":\"m{i}\",\"prompt_token_count\":2,"
            + $"\"cost_usd\":0.5,\"finish_reason\":\"r{i}\"");

    private LogDirectory Write(string run, Func<int, string> fields, int count = Limit + Beyond)
    {
        string directory = Directory.CreateDirectory(_directory.File(run)).FullName;
        File.WriteAllLines(
            Path.Combine(directory, "metrics.jsonl"),
            Enumerable.Range(0, count).Select(i => $"{{\"timestamp\":\"2026-11-23T14:25:38Z\",{fields(i)}}}"));
        return LogDirectory.Open(directory);
    }
}
