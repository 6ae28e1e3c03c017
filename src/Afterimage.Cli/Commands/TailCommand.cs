using System.CommandLine;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Tail;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage tail</c>: shows the newest records and log entries of a log directory, and follows new ones.</summary>
internal static class TailCommand
{
    public const string Name = "tail";

    public static readonly CommandHelp Help = new(
        """
        Prints one line for each record or log entry, with times in UTC. With --follow,
        it prints new ones as they are written, also in files and runs that begin
        meanwhile. It ends with Ctrl+C (exit code 130), or when nobody reads its output.
        If a file is truncated, removed or replaced, it is read again from its start.
        Lines that are not valid records are counted at the end. --since and --until
        select from the newest lines of each file.
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
        var follow = new Option<bool>("--follow", "-f") { Description = "Keep printing new lines as they are written." };
        var lines = new Option<int>("--lines", "-n")
        {
            Description = "Begin with the newest N lines.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultLines,
            CustomParser = result => WholeNumber.Parse(result, "--lines", 0, MaxLines),
        };
        var json = new Option<bool>("--json") { Description = "Print the lines of the log unchanged, one JSON object per line." };
        var command = new Command(Name, "Print the newest records and log entries, and new ones as they arrive.") { follow, lines, json };
        input.AddTo(command);
        command.SetAction((parsed, cancellationToken) => input.UseAsync(
            parsed,
            log => RunAsync(log, parsed.GetValue(lines), parsed.GetValue(follow), parsed.GetValue(json), cancellationToken),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(LogDirectory log, int count, bool follow, bool json, CancellationToken cancellationToken)
    {
        var tail = new LogTail(log);
        await ShowAsync(tail.ReadLast(count, cancellationToken), count);
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

            await ShowAsync(tail.ReadNew(), int.MaxValue);
        }

        await LogInput.SaySkippedAsync(tail.SkippedLines);
        return cancellationToken.IsCancellationRequested ? ExitCodes.Interrupted : ExitCodes.Success;

        async Task ShowAsync(IEnumerable<LogLine> lines, int most)
        {
            foreach (
                LogLine line in lines
                    .Where(line => !(line.Time < log.Since) && !(line.Time >= log.Until))
                    .OrderBy(line => line.Time)
                    .TakeLast(most))
                await Console.Out.WriteLineAsync(json ? line.Json() : line.Text);
        }
    }
}
