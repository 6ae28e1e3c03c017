using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage summary</c>: summarises a log directory.</summary>
internal static class SummaryCommand
{
    public const string Name = "summary";

    public static readonly CommandHelp Help = new(
        """
        Reads all files metrics*.jsonl in LOG_DIR and below it. Every figure is exact. A
        quantile q is the smallest value with at least a share q of all values at or
        below it. Lines that are not valid records are skipped and counted. Values that
        are not finite are counted, but are in no figure. The summary shows the last ten
        alerts; afterimage alerts shows all of them.
        With --by KEY, the summary has a line for each value of the key: model,
        provider, finish_reason, or tag:KEY for a tag. The tokens and the cost of
        evaluations are included. A cost with "+?" is incomplete: tokens have no price,
        or calls have no usage.
        """,
        [
            "afterimage summary\n# the newest run below ./.afterimage-monitoring",
            "afterimage summary .afterimage-monitoring --since 1h\n# the last hour of all runs, including live ones",
            "afterimage summary runs/monday runs/tuesday --by tag:tenant",
            "afterimage summary runs/today --json | jq .metrics.generation_time.p95",
        ]);

    private const int MaxAlerts = 10;

    public static Command Create()
    {
        var input = new LogInput();
        Option<SummaryKey?> by = CommonOptions.By();
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Summarize log directories of finished, killed or running processes.") { by, json };
        input.AddTo(command);
        command.SetAction((parsed, cancellationToken) => input.UseAsync(
            parsed,
            log => parsed.GetValue(by) is { } key
                ? RunByAsync(log, key, parsed.GetValue(json), cancellationToken)
                : RunAsync(log, parsed.GetValue(json), cancellationToken),
            cancellationToken));
        return command;
    }

    /// <summary>Prints a summary by a key.</summary>
    /// <param name="place">Where the records are.</param>
    /// <param name="key">The key.</param>
    /// <param name="groups">The groups.</param>
    /// <param name="json">Whether to print JSON.</param>
    public static async Task<int> PrintAsync(string place, SummaryKey key, IReadOnlyList<KeySummary> groups, bool json)
    {
        if (json)
            KeySummaryJson.Write(place, key, groups);
        else if (groups.Count > 0)
            AnsiConsole.Write(KeySummaryView.Render(key, groups));
        else
            await Console.Out.WriteLineAsync("no calls");
        return ExitCodes.Success;
    }

    private static async Task<int> RunAsync(LogDirectory log, bool json, CancellationToken cancellationToken)
    {
        (RunSummary summary, AlertHistory alerts) = await Task.Run(
            () => (log.Summarize(cancellationToken), log.ReadAlerts(cancellationToken: cancellationToken)),
            cancellationToken);
        if (json)
        {
            SummaryJson.Write(summary, writer => AlertsJson.WriteAlerts(writer, alerts.Alerts));
            return ExitCodes.Success;
        }

        AnsiConsole.Write(SummaryView.Render(summary, []));
        if (alerts.Episodes.Count > 0)
        {
            AnsiConsole.Write(new Text($"\nalerts ({Format.Count(alerts.Episodes.Count)})\n", new Style(Color.Grey)));
            AnsiConsole.Write(EpisodesView.Render(alerts.Episodes, MaxAlerts));
        }

        return ExitCodes.Success;
    }

    private static async Task<int> RunByAsync(LogDirectory log, SummaryKey key, bool json, CancellationToken cancellationToken) =>
        await PrintAsync(log.Path, key, await log.SummarizeByAsync(key, cancellationToken), json);
}
