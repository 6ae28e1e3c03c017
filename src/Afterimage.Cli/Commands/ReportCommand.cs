using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Monitoring;
using Afterimage.Monitoring.Reporting.Exporting;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage report</c>: writes a log directory as a single page to view, send and print.</summary>
internal static class ReportCommand
{
    public const string Name = "report";

    public static readonly CommandHelp Help = new(
        """
        Writes one HTML page that needs no network and no script. It shows the summary,
        the figures, tokens and cost by model, alerts, slowest and failed generations,
        errors by kind, evaluation scores, every metric, and the runs. It is readable
        in light and dark mode, on a phone and in print. Names from the log are always
        shown as text. The command replaces a file that is not an HTML page only with
        --force.
        """,
        [
            "afterimage report\n# the newest run below ./.afterimage-monitoring, into report.html in it",
            "afterimage report runs/today --out today.html",
            "afterimage report runs/today --by tag:tenant\n# with tokens and cost by tenant",
            "afterimage report runs/today --since yesterday --out public\n# public/report.html",
        ]);

    private const string FileName = "report.html";

    public static Command Create()
    {
        var input = new LogInput();
        var output = new Option<string?>("--out")
        {
            Description = "Write the page to this .html file, to report.html in this directory, or to standard output (-). "
                + "[default: LOG_DIR; if there are several, the current directory]",
            HelpName = "DIR|FILE.html|-",
        };
        Option<SummaryKey?> by = CommonOptions.By();
        Option<bool> force = OutputFile.Force();
        var json = new Option<bool>("--json")
        {
            Description = "Print one JSON object with the summary that the page shows, and the path of the page.",
        };
        var command = new Command(Name, "Write an HTML page with the figures and tables of log directories.") { output, by, force, json };
        input.AddTo(command);
        command.SetAction((parsed, cancellationToken) => input.UseAsync(
            parsed,
            log => RunAsync(
                log,
                parsed.GetValue(output),
                parsed.GetValue(force),
                parsed.GetValue(json),
                parsed.GetValue(by),
                cancellationToken),
            cancellationToken,
            mustHaveRecords: false));
        return command;
    }

    private static async Task<int> RunAsync(
        LogDirectory log,
        string? output,
        bool force,
        bool json,
        SummaryKey? by,
        CancellationToken cancellationToken)
    {
        output ??= log.Paths.Count == 1 ? log.Paths[0] : Environment.CurrentDirectory;
        bool isStandardOutput = OutputFile.IsStandardOutput(output);
        if (json && isStandardOutput)
            throw new InputException("--json and --out - must not be combined, because both write to standard output.");

        string path = isStandardOutput ? output : Path.GetFullPath(PathOf(output));
        RunSummary summary = await OutputFile.WriteAsync(
            path,
            ".html",
            file => log.SaveReportAsync(file, new OutputRules(log.Paths, force), by, cancellationToken));
        if (json)
            SummaryJson.Write(summary, writer => writer.WriteString("file", path));
        else if (!isStandardOutput)
            await Console.Out.WriteLineAsync(path);
        if (summary.Files.Count == 0)
            await Console.Error.WriteLineAsync($"afterimage: '{log.Path}' has no records: no metrics*.jsonl in it or below it.");
        await LogInput.SaySkippedAsync(summary.SkippedLines);
        return ExitCodes.Success;
    }

    // If the path exists and is not a directory, it is the file, whatever its name.
    private static string PathOf(string output) =>
        !Directory.Exists(output) && (File.Exists(output) || Path.GetExtension(output).ToLowerInvariant() is ".html" or ".htm")
            ? output
            : Path.Combine(output, FileName);
}
