using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage alerts</c>: shows the alerts of a log directory, from start to end.</summary>
internal static class AlertsCommand
{
    public const string Name = "alerts";

    public static readonly CommandHelp Help = new(
        """
        Reads the newest 10,000 alerts from all files alerts*.jsonl in LOG_DIR and below
        it. Each row is one alert, from its first announcement to its end. "firing"
        means that the log contains no end. "run ended" means that the alert was firing
        when its run ended. The message is the last one of the highest level. With
        --since, the list also has earlier alerts that had not ended by then. Times are
        UTC.
        """,
        [
            "afterimage alerts .afterimage-monitoring",
            "afterimage alerts runs/today --json | jq '.episodes[] | select(.state == \"firing\")'",
        ]);

    private const int MaxRows = 100;

    public static Command Create()
    {
        var input = new LogInput();
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "Show which alerts fired in log directories, when, and for how long.") { json };
        input.AddTo(command);
        command.SetAction((parsed, cancellationToken) => input.UseAsync(
            parsed,
            log => RunAsync(log, parsed.GetValue(json), cancellationToken),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(LogDirectory log, bool json, CancellationToken cancellationToken)
    {
        AlertHistory history = await Task.Run(() => log.ReadAlerts(cancellationToken: cancellationToken), cancellationToken);
        return await PrintAsync(history, json);
    }

    /// <summary>Prints alerts.</summary>
    /// <param name="history">The alerts.</param>
    /// <param name="json">Whether to print JSON.</param>
    public static async Task<int> PrintAsync(AlertHistory history, bool json)
    {
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
