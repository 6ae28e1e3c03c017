using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage summary</c>: what a log directory comes to.</summary>
internal static class SummaryCommand
{
    public const string Name = "summary";

    public static readonly CommandHelp Help = new(
        """
        All files metrics*.jsonl in LOG_DIR and below it are read. Every figure is
        exact; a quantile q is the value at rank floor(q x (count - 1)). Lines that
        are no valid record are skipped and counted; values that are not finite are
        counted, and in no figure. The last ten alerts are shown: afterimage alerts
        has all.
        """,
        [
            "afterimage summary .afterimage-monitoring\n# all runs below that directory, also those still going on",
            "afterimage summary runs/today --json | jq .metrics.generation_time.p95",
        ]);

    private const int MaxAlerts = 10;

    public static Command Create()
    {
        Argument<string> directory = LogInput.Argument();
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Summarise a log directory of any earlier or still running process.") { directory, json };
        command.SetAction((parsed, cancellationToken) => LogInput.UseAsync(
            parsed.GetRequiredValue(directory),
            log => Task.FromResult(Run(log, parsed.GetValue(json), cancellationToken))));
        return command;
    }

    private static int Run(LogDirectory log, bool json, CancellationToken cancellationToken)
    {
        RunSummary summary = log.Summarize(cancellationToken);
        AlertHistory alerts = log.ReadAlerts(cancellationToken: cancellationToken);
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
}
