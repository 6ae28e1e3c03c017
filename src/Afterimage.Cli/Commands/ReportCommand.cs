using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage report</c>: a log directory as one page to look at, send and print.</summary>
internal static class ReportCommand
{
    public const string Name = "report";

    public static readonly CommandHelp Help = new(
        """
        One HTML page that needs nothing else: no network, no script. It shows the
        summary, the figures, tokens and cost by model, alerts, slowest and failed
        generations, errors by kind, evaluation scores, every metric, and the runs.
        Light and dark, on a telephone and in print. Names are text in it, whatever
        they hold.
        """,
        [
            "afterimage report .afterimage-monitoring\n# all runs below that directory, into report.html in it",
            "afterimage report runs/today --out today.html",
            "afterimage report runs/today --out public\n# public/report.html",
        ]);

    private const string FileName = "report.html";

    public static Command Create()
    {
        Argument<string> directory = LogInput.Argument();
        var output = new Option<string?>("--out")
        {
            Description = "The file, .html, or a directory for report.html. [default: LOG_DIR]",
            HelpName = "DIR|FILE.html",
        };
        var command = new Command(Name, "Make a page of a log directory: summary, figures, tables.") { directory, output };
        command.SetAction((parsed, cancellationToken) => LogInput.UseAsync(
            parsed.GetRequiredValue(directory),
            log => RunAsync(log, parsed.GetValue(output), cancellationToken),
            mustHaveRecords: false));
        return command;
    }

    private static async Task<int> RunAsync(LogDirectory log, string? output, CancellationToken cancellationToken)
    {
        string path = Path.GetFullPath(PathOf(output ?? log.Path));
        RunSummary summary = await log.WriteReportAsync(path, cancellationToken);
        Console.WriteLine(path);
        if (summary.Files.Count == 0)
            await Console.Error.WriteLineAsync($"afterimage: '{log.Path}' has no records: there is no metrics*.jsonl in it or below it.");
        await LogInput.SaySkippedAsync(summary.SkippedLines);
        return ExitCodes.Success;
    }

    private static string PathOf(string output) =>
        !Directory.Exists(output) && Path.GetExtension(output).ToLowerInvariant() is ".html" or ".htm"
            ? output
            : Path.Combine(output, FileName);
}
