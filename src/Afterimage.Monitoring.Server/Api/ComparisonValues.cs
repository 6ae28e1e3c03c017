using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>A comparison of runs: every figure of every metric, with its change from the first run.</summary>
internal sealed record ComparisonValues(
    double Confidence,
    double FamilywiseErrorRate,
    IReadOnlyList<RunListItem> Runs,
    IReadOnlyList<ComparedRow> Rows)
{
    /// <param name="entries">The runs.</param>
    /// <param name="comparisons">The comparisons of the first run with each of the others.</param>
    public static ComparisonValues Of(IReadOnlyList<RunEntry> entries, IReadOnlyList<RunComparison> comparisons)
    {
        ILookup<string, MetricComparison>[] metrics = [.. comparisons.Select(c => c.Metrics.ToLookup(m => m.Name, StringComparer.Ordinal))];
        IEnumerable<string> names = comparisons
            .SelectMany(c => c.Metrics.Select(m => m.Name))
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return new ComparisonValues(
            RunComparison.Confidence,
            RunComparison.FamilywiseErrorRate,
            [.. entries.Select(entry => RunListItem.Of(entry, now))],
            [.. names.SelectMany(name => RowsOf(name, [.. metrics.Select(m => m[name].FirstOrDefault())]))]);
    }

    private static IEnumerable<ComparedRow> RowsOf(string name, MetricComparison?[] with)
    {
        MetricSample? first = with.Select(m => m?.A).FirstOrDefault(a => a is not null);
        ComparedFigure[] figures = [.. with.OfType<MetricComparison>().SelectMany(m => m.Figures.Select(f => f.Figure)).Distinct().Order()];
        foreach (ComparedFigure figure in figures)
        {
            yield return new ComparedRow(
                name,
                with.OfType<MetricComparison>().First().Kind,
                figure,
                [first?.Count, .. with.Select(m => m?.B?.Count)],
                [Value(first, figure), .. with.Select(m => Value(m?.B, figure))],
                [null, .. with.Select(m => ComparedChange.Of(m?.Figures.FirstOrDefault(f => f.Figure == figure), Value(first, figure)))]);
        }
    }

    private static double? Value(MetricSample? sample, ComparedFigure figure) =>
        sample?.Of(figure) is { } estimate ? ApiJson.Finite(estimate.Value) : null;
}

/// <summary>One figure of one metric, with one value per run.</summary>
internal sealed record ComparedRow(
    string Metric,
    MetricKind Kind,
    ComparedFigure Figure,
    IReadOnlyList<long?> Counts,
    IReadOnlyList<double?> Values,
    IReadOnlyList<ComparedChange?> Changes);

/// <summary>The change of a figure from the first run, with its confidence interval, and whether it is beyond chance.</summary>
internal sealed record ComparedChange(
    double? Change,
    double? Relative,
    double? Lower,
    double? Upper,
    double? AdjustedPValue,
    ComparisonVerdict Verdict)
{
    public static ComparedChange? Of(FigureComparison? figure, double? first) =>
        figure is null
            ? null
            : new ComparedChange(
                figure.Change is { } change ? ApiJson.Finite(change.Value) : null,
                figure.Change is { } c && first is { } of and not 0 ? ApiJson.Finite(c.Value / Math.Abs(of)) : null,
                figure.Change?.Lower is { } lower ? ApiJson.Finite(lower) : null,
                figure.Change?.Upper is { } upper ? ApiJson.Finite(upper) : null,
                figure.AdjustedPValue,
                figure.Verdict);
}
