using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows a summary as tables: facts, metrics, tokens by model.</summary>
internal static class SummaryView
{
    private const int MaxRows = 30;
    private const int MaxFinishReasons = 6;
    private const string FinishReason = "finish_reason:";
    private const string ModelUsage = "model_usage:";

    /// <param name="summary">The summary.</param>
    /// <param name="notes">Further facts, each with a name and a text.</param>
    /// <param name="place">What the place of the records is called.</param>
    public static IRenderable Render(
        RunSummary summary,
        IEnumerable<(string Name, string Text)> notes,
        string place = "log directory")
    {
        List<IRenderable> parts = [Facts(summary, notes, place)];
        KeyValuePair<string, MetricSummary>[] metrics = [.. summary.Metrics.Where(metric => !IsFact(metric.Key))];
        if (metrics.Length > 0)
            parts.Add(Metrics(metrics));
        Dictionary<string, long> calls = summary.Metrics.Where(metric => metric.Key.StartsWith(ModelUsage, StringComparison.Ordinal))
            .ToDictionary(metric => metric.Key[ModelUsage.Length..], metric => metric.Value.Count, StringComparer.Ordinal);
        if (summary.Tokens.ByModel.Count > 0 || calls.Count > 0)
            parts.Add(TokensView.Render(summary.Tokens, calls, MaxRows, summary.Cost, summary.Generations));

        return new Rows(parts);
    }

    // Metrics that the facts above the table express better than quantiles do.
    private static bool IsFact(string metric) =>
        metric is "success_rate" or "error_rate" or "evaluation_error_rate"
        || metric.StartsWith(FinishReason, StringComparison.Ordinal) || metric.StartsWith(ModelUsage, StringComparison.Ordinal);

    private static Grid Facts(RunSummary summary, IEnumerable<(string Name, string Text)> notes, string place)
    {
        var grid = new Grid { Expand = false };
        grid.AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) })
            .AddColumn(new GridColumn { Padding = new Padding(0) });

        Add("generations", Format.Count(summary.Generations) + Rates(summary));
        if (summary.Evaluations > 0)
        {
            double failed = summary.Metrics.GetValueOrDefault("evaluation_error_rate")?.Mean ?? 0;
            Add("evaluations", $"{Format.Count(summary.Evaluations)}, errors {Format.Percent(failed)}");
        }

        (string Reason, long Count)[] reasons =
        [
            .. summary.Metrics.Where(metric => metric.Key.StartsWith(FinishReason, StringComparison.Ordinal))
                .Select(metric => (metric.Key[FinishReason.Length..], metric.Value.Count))
                .OrderByDescending(reason => reason.Count),
        ];
        if (reasons.Length > 0)
        {
            string more = reasons.Length > MaxFinishReasons ? $", {reasons.Length - MaxFinishReasons} more" : "";
            Add(
                "finish reasons",
                string.Join(", ", reasons.Take(MaxFinishReasons).Select(r => $"{Format.Name(r.Reason, 24)} {Format.Count(r.Count)}")) + more
            );
        }

        if (summary.Cost is { } cost)
        {
            Add("cost", Cost(cost));
            if (cost.UnpricedTokenCount > 0)
                Add("without a price", $"{Format.Count(cost.UnpricedTokenCount)} tokens, not in the cost");
        }

        if (summary.Metrics.TryGetValue("usage_missing", out MetricSummary? missing))
            Add("without usage", $"{Format.Count(missing.Count)} calls, whose tokens and cost are estimates at best");

        if (summary.FirstTimestamp is { } first && summary.LastTimestamp is { } last)
            Add("time", $"{Format.Time(first)} to {Format.Time(last)}");
        if (summary.NonFinitePoints > 0)
            Add("not finite", $"{Format.Count(summary.NonFinitePoints)} points, in no figure");
        if (summary.SkippedLines > 0)
            Add("skipped lines", $"{Format.Count(summary.SkippedLines)}, not valid records");
        if (summary.DroppedRecords > 0)
            Add("dropped", $"{Format.Count(summary.DroppedRecords)} records, because buffers were full");
        if (summary.FailedRecords > 0)
            Add("failed", $"{Format.Count(summary.FailedRecords)} records did not reach a handler");
        foreach ((string name, string text) in notes)
            Add(name, text);
        Add(place, Format.Name(Format.ShortPath(summary.LogDirectory), 400));
        return grid;

        void Add(string name, string text) => grid.AddRow(new Text(name, new Style(Color.Grey)), new Text(text));
    }

    private static string Rates(RunSummary summary) =>
        summary.Metrics.TryGetValue("success_rate", out MetricSummary? success)
            ? $", success {Format.Percent(success.Mean)}, "
                + $"errors {Format.Percent(summary.Metrics.GetValueOrDefault("error_rate")?.Mean ?? 0)}"
            : "";

    private static string Cost(CostReport cost) =>
        Format.Dollars((double)cost.TotalUsd)
        + (cost.CostPerSuccessfulGeneration is { } generation ? $", {Format.Dollars((double)generation)} a successful generation" : "")
        + (cost.CostPerEvaluationPoint is { } point ? $", {Format.Dollars((double)point)} a score" : "");

    private static FittedTable Metrics(KeyValuePair<string, MetricSummary>[] metrics)
    {
        var table = new FittedTable(
            ("metric", 0), ("count", 4), ("mean", 6), ("min", 1), ("max", 2), ("p50", 5), ("p95", 0), ("p99", 3));
        foreach ((string name, MetricSummary metric) in metrics.Take(MaxRows))
        {
            table.AddRow(
            (string[])[
                Format.Name(name, 28),
                Format.Count(metric.Count),
                .. ((double[])[metric.Mean, metric.Min, metric.Max, metric.P50, metric.P95, metric.P99]).Select(Format.Value),
            ]);
        }

        if (metrics.Length > MaxRows)
            table.Caption = $"and {Format.Count(metrics.Length - MaxRows)} more metrics: --json has all";
        return table;
    }
}
