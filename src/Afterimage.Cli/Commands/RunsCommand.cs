using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage runs</c>: lists the runs below a directory, one per line.</summary>
internal static class RunsCommand
{
    public const string Name = "runs";

    public static readonly CommandHelp Help = new(
        """
        Lists the runs in ROOT and below it, the newest first. A run is a directory with
        a run.json or records; directories below it are runs of their own. "running"
        means that its process is alive on this machine. "killed" means that its process
        ended without saying so. The duration of a run that did not end is that to its
        last record. A cost with "+?" is not all: tokens have no price, or calls no
        usage. A name can be given to other commands in place of LOG_DIR where ROOT is
        the default.
        """,
        [
            "afterimage runs",
            "afterimage runs runs --limit 100 --json | jq '.runs[] | select(.state == \"killed\")'",
        ]);

    private const int DefaultLimit = 20;
    private const int MaxLimit = 100_000;

    public static Command Create()
    {
        var root = new Argument<string>("ROOT")
        {
            Description = "A directory with runs below it.",
            DefaultValueFactory = _ => RunNames.Root,
        };
        var limit = new Option<int>("--limit", "-n")
        {
            Description = "How many runs to list.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultLimit,
            CustomParser = result => WholeNumber.Parse(result, "--limit", 1, MaxLimit),
        };
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "List runs with their state, duration, success, latency, tokens and cost.") { root, limit, json };
        command.SetAction((parsed, cancellationToken) => LogInput.GuardAsync(
            () => RunAsync(parsed.GetRequiredValue(root), parsed.GetValue(limit), parsed.GetValue(json), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(string root, int limit, bool json, CancellationToken cancellationToken)
    {
        IReadOnlyList<RecordedRun> runs = await LogDirectory.FindRunsAsync(root, cancellationToken);
        List<(RecordedRun Run, RunSummary Summary)> listed = [];
        foreach (RecordedRun run in runs.Take(limit))
            listed.Add((run, await Task.Run(() => run.Directory.Summarize(cancellationToken), cancellationToken)));

        if (json)
            RunsJson.Write(root, listed, runs.Count);
        else if (listed.Count > 0)
            AnsiConsole.Write(RunsView.Render(listed, runs.Count));
        else
            await Console.Out.WriteLineAsync("no runs");
        return ExitCodes.Success;
    }
}
