using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows runs, one per line.</summary>
internal static class RunsView
{
    private const int MaxName = 40;

    private const int MaxHost = 24;

    /// <param name="runs">The runs.</param>
    /// <param name="count">The number of runs, including those that are not shown.</param>
    /// <param name="hasHosts">Whether the runs are of several machines.</param>
    public static IRenderable Render(IReadOnlyList<ListedRun> runs, long count, bool hasHosts = false)
    {
        var table = new FittedTable(
        [
            ("run", 0),
            .. hasHosts ? [("host", 0)] : Array.Empty<(string, int)>(),
            ("state", 0),
            ("start", 1),
            ("duration", 3),
            ("generations", 7),
            ("success", 6),
            ("p95 s", 4),
            ("tokens", 2),
            ("cost", 5),
        ])
        {
            TextColumns = hasHosts ? [1, 2, 3] : [1, 2],
        };
        foreach (ListedRun run in runs)
        {
            table.AddRow(
            [
                new FittedCell(Format.Name(run.Name, MaxName)),
                .. hasHosts ? [new FittedCell(Format.Name(run.Host, MaxHost))] : Array.Empty<FittedCell>(),
                new FittedCell(
                    run.State.ToString().ToLowerInvariant(),
                    new Style(run.State switch
                    {
                        RunState.Running => Color.Green,
                        RunState.Killed => Color.Red,
                        _ => Color.Grey,
                    })),
                new FittedCell(run.Start is { } start ? Format.Time(start) : ""),
                new FittedCell(run.Duration is { } duration ? Format.Duration(duration) : ""),
                new FittedCell(Format.Count(run.Calls.Generations)),
                new FittedCell(run.Calls.SuccessRate is { } success ? Format.Percent(success) : ""),
                new FittedCell(run.Calls.P95Seconds is { } p95 ? Format.Value(p95) : ""),
                new FittedCell(Format.Count(run.Calls.TotalTokenCount)),
                new FittedCell(KeySummaryView.Cost(run.Calls.CostUsd, run.Calls.UnpricedTokenCount, run.Calls.UsageMissingCount)),
            ]);
        }

        if (count > runs.Count)
            table.Caption = $"and {Format.Count(count - runs.Count)} earlier runs: --limit N lists more";
        return table;
    }
}
