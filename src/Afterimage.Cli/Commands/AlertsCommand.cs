using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage alerts</c>: the alerts of a log directory, from start to end.</summary>
internal static class AlertsCommand
{
    public const string Name = "alerts";

    public static readonly CommandHelp Help = new(
        """
        All files alerts*.jsonl in LOG_DIR and below it are read, the newest 10,000
        alerts. A row is an alert from the time it was first announced until it was
        over. "firing" goes on, as far as the log tells; "run ended" was firing when
        its run ended. The message is the last of the gravest level. Times are UTC.
        """,
        [
            "afterimage alerts .afterimage-monitoring",
            "afterimage alerts runs/today --json | jq '.episodes[] | select(.state == \"firing\")'",
        ]);

    private const int MaxRows = 100;

    public static Command Create()
    {
        Argument<string> directory = LogInput.Argument();
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Show which alerts fired in a log directory, when, and for how long.") { directory, json };
        command.SetAction((parsed, cancellationToken) => LogInput.UseAsync(
            parsed.GetRequiredValue(directory),
            log => RunAsync(log, parsed.GetValue(json), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(LogDirectory log, bool json, CancellationToken cancellationToken)
    {
        AlertHistory history = log.ReadAlerts(cancellationToken: cancellationToken);
        if (json)
            AlertsJson.Write(history);
        else if (history.Episodes.Count > 0)
            AnsiConsole.Write(EpisodesView.Render(history.Episodes, MaxRows));
        else
            await Console.Out.WriteLineAsync("no alerts");

        if (history.OmittedAlerts > 0)
            await Console.Error.WriteLineAsync($"afterimage: {Format.Count(history.OmittedAlerts)} earlier alerts were left out.");
        await LogInput.SaySkippedAsync(history.SkippedLines, "alerts");
        return ExitCodes.Success;
    }
}
