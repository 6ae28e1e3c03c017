using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows a summary by a key, with one line per value.</summary>
internal static class KeySummaryView
{
    private const int MaxRows = 50;
    private const int MaxName = 28;

    public static IRenderable Render(SummaryKey key, IReadOnlyList<KeySummary> groups)
    {
        var table = new FittedTable(
            (Format.Name(key.Name, MaxName), 0),
            ("generations", 0),
            ("success", 6),
            ("p50 s", 2),
            ("p95 s", 5),
            ("prompt", 1),
            ("completion", 1),
            ("tokens", 4),
            ("cost", 7));
        foreach (KeySummary group in groups.Take(MaxRows))
            table.AddRow(Row(group.Value is null ? "(none)" : Format.Name(group.Value, MaxName), group));
        if (groups.Count > 1)
        {
            table.AddRow(
                Row(
                    "all",
                    new KeySummary
                    {
                        Generations = groups.Sum(group => group.Generations),
                        PromptTokenCount = Sum(groups, group => group.PromptTokenCount),
                        CompletionTokenCount = Sum(groups, group => group.CompletionTokenCount),
                        TotalTokenCount = Sum(groups, group => group.TotalTokenCount),
                        CostUsd = groups.Any(group => group.CostUsd is not null)
                            ? CostReport.Sum(groups.Select(group => group.CostUsd ?? 0))
                            : null,
                        UnpricedTokenCount = Sum(groups, group => group.UnpricedTokenCount),
                        UsageMissingCount = groups.Sum(group => group.UsageMissingCount),
                    }),
                new Style(decoration: Decoration.Bold));
        }

        if (groups.Count > MaxRows)
            table.Caption = $"and {Format.Count(groups.Count - MaxRows)} more: --json has all";
        return table;
    }

    private static string[] Row(string name, KeySummary group) =>
    [
        name,
        Format.Count(group.Generations),
        group.SuccessRate is { } success ? Format.Percent(success) : "",
        group.MedianSeconds is { } median ? Format.Value(median) : "",
        group.P95Seconds is { } p95 ? Format.Value(p95) : "",
        Format.Count(group.PromptTokenCount),
        Format.Count(group.CompletionTokenCount),
        Format.Count(group.TotalTokenCount),
        Cost(group.CostUsd, group.UnpricedTokenCount, group.UsageMissingCount),
    ];

    /// <summary>Formats a cost, and marks it as incomplete if anything has no price or no usage: that does not mean it is free.</summary>
    public static string Cost(decimal? dollars, long unpriced, long usageMissing = 0) => (dollars, unpriced, usageMissing) switch
    {
        (null, 0, 0) => "",
        (null, 0, _) => "no usage",
        (null, _, _) => "no price",
        ({ } known, 0, 0) => Format.Dollars((double)known),
        ({ } known, _, _) => Format.Dollars((double)known) + " +?",
    };

    private static long Sum(IReadOnlyList<KeySummary> groups, Func<KeySummary, long> count)
    {
        decimal sum = groups.Sum(group => (decimal)count(group));
        return (long)Math.Min(sum, long.MaxValue);
    }
}
