using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Tail;
using Afterimage.Monitoring;
using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage tail</c>: the newest records and log entries of a log directory, and those to come.</summary>
internal static class TailCommand
{
    public const string Name = "tail";

    public static readonly CommandHelp Help = new(
        """
        Shows one line for each record or log entry, with times in UTC. With --follow it
        continues with new ones as they are written, also in files and runs that begin
        meanwhile, until Ctrl+C (exit code 130) or until nobody reads its output. A file
        that is truncated, removed or replaced is read again from its beginning. Lines
        that are not valid records are counted at the end. --since and --until choose
        among the newest lines of each file.
        """,
        [
            "afterimage tail .afterimage-monitoring",
            "afterimage tail runs/today --follow --lines 0",
            "afterimage tail runs/today --follow --json | jq 'select(.success == false)'",
        ]);

    private const int DefaultLines = 20;
    private const int MaxLines = 100_000;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);

    public static Command Create()
    {
        var input = new LogInput();
        var follow = new Option<bool>("--follow", "-f") { Description = "Continue with what is written next." };
        var lines = new Option<int>("--lines", "-n")
        {
            Description = "Number of lines to begin with.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultLines,
            CustomParser = result => WholeNumber.Parse(result, "--lines", 0, MaxLines),
        };
        var json = new Option<bool>("--json") { Description = "Print the lines of the log as they are: one JSON object a line." };
        var command = new Command(Name, "Show the newest records and log entries, and follow them.") { follow, lines, json };
        input.AddTo(command);
        command.SetAction((parsed, cancellationToken) => input.UseAsync(
            parsed,
            log => RunAsync(log, parsed.GetValue(lines), parsed.GetValue(follow), parsed.GetValue(json), cancellationToken),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(LogDirectory log, int count, bool follow, bool json, CancellationToken cancellationToken)
    {
        ILookup<bool, string> recordFiles = log.FindRecordFiles().ToLookup(LogDirectory.IsCompacted);
        Dictionary<string, TailedFile> files = recordFiles[false]
            .Concat(FindLogs(log))
            .ToDictionary(path => path, path => new TailedFile(path), StringComparer.Ordinal);
        long skipped = 0;
        await ShowAsync(
            log.ReadCompactedEnds([.. recordFiles[true]], count, cancellationToken)
                .Concat(files.Values.SelectMany(file => file.ReadLast(count))),
            count);
        while (follow && !StandardOutput.IsReaderGone)
        {
            try
            {
                await Task.Delay(PollInterval, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                break;
            }

            foreach (string path in FindNow(log))
                files.TryAdd(path, new TailedFile(path));
            await ShowAsync(files.Values.SelectMany(file => file.ReadNew()), int.MaxValue);
        }

        await LogInput.SaySkippedAsync(skipped);
        return cancellationToken.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Success;

        async Task ShowAsync(IEnumerable<string> lines, int most)
        {
            List<LogLine> shown = [];
            foreach (string line in lines)
            {
                if (LogLine.Parse(line) is not { } parsed)
                    skipped++;
                else if (!(parsed.Time < log.Since) && !(parsed.Time >= log.Until))
                    shown.Add(parsed);
            }

            foreach (LogLine line in shown.OrderBy(line => line.Time).TakeLast(most))
                await Console.Out.WriteLineAsync(json ? line.Json() : line.Text);
        }
    }

    // The directory itself may be removed and made anew.
    private static string[] FindNow(LogDirectory log)
    {
        try
        {
            return [.. log.FindRecordFiles().Where(path => !LogDirectory.IsCompacted(path)), .. FindLogs(log)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    private static string[] FindLogs(LogDirectory log) => log.FindLogFiles();
}
