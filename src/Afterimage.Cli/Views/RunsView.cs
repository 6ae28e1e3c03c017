using Afterimage.Cli.Commands;
using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows runs, one per line.</summary>
internal static class RunsView
{
    private const int MaxName = 40;

    /// <param name="runs">The runs and their summaries.</param>
    /// <param name="count">The number of runs, including those that are not shown.</param>
    public static IRenderable Render(IReadOnlyList<(RecordedRun Run, RunSummary Summary)> runs, int count)
    {
        var table = new FittedTable(
            ("run", 0),
            ("state", 0),
            ("start", 1),
            ("duration", 3),
            ("generations", 7),
            ("success", 6),
            ("p95 s", 4),
            ("tokens", 2),
            ("cost", 5))
        {
            TextColumns = [1, 2],
        };
        foreach ((RecordedRun run, RunSummary summary) in runs)
        {
            table.AddRow(
                new FittedCell(Format.Name(run.Name, MaxName)),
                new FittedCell(
                    run.State.ToString().ToLowerInvariant(),
                    new Style(run.State switch
                    {
                        RunState.Running => Color.Green,
                        RunState.Killed => Color.Red,
                        _ => Color.Grey,
                    })),
                new FittedCell(run.Start is { } start ? Format.Time(start) : ""),
                new FittedCell(Duration(run, summary) is { } duration ? Format.Duration(duration) : ""),
                new FittedCell(Format.Count(summary.Generations)),
                new FittedCell(summary.Metrics.GetValueOrDefault("success_rate") is { } success ? Format.Percent(success.Mean) : ""),
                new FittedCell(summary.Metrics.GetValueOrDefault("generation_time") is { } time ? Format.Value(time.P95) : ""),
                new FittedCell(Format.Count(summary.Tokens.TotalTokens)),
                new FittedCell(Cost(summary)));
        }

        if (count > runs.Count)
            table.Caption = $"and {Format.Count(count - runs.Count)} earlier runs: --limit N lists more";
        return table;
    }

    /// <summary>Returns how long the run took, or has taken up to its last record.</summary>
    public static TimeSpan? Duration(RecordedRun run, RunSummary summary) =>
        (run.Start ?? summary.FirstTimestamp) is { } start && (run.End ?? summary.LastTimestamp) is { } end && end >= start
            ? end - start
            : null;

    /// <summary>Formats the cost of a run, and whether it is complete.</summary>
    public static string Cost(RunSummary summary) => KeySummaryView.Cost(
        summary.Cost is { } cost ? Dollars(cost) : null,
        summary.Cost?.UnpricedTokenCount ?? 0,
        summary.Metrics.GetValueOrDefault("usage_missing")?.Count ?? 0);

    /// <summary>Returns the cost in US dollars; null if no model has a price.</summary>
    public static decimal? Dollars(CostReport cost) => cost.ByModel.Any(model => model.CostUsd is not null) ? cost.TotalUsd : null;
}
