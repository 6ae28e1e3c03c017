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
        Lists the runs in ROOT and below it, newest first. A run is a directory with a
        run.json or records; directories below it are runs of their own. "running" means
        that the process of the run is alive on this machine. "killed" means that the
        process ended without recording its end. If a run has no end, its duration is
        that to its last record. A cost with "+?" is incomplete: tokens have no price,
        or calls have no usage. If ROOT is the default, other commands accept the name
        of a run in place of LOG_DIR.
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
            Description = "List the runs in and below this directory.",
            DefaultValueFactory = _ => RunNames.Root,
        };
        var limit = new Option<int>("--limit", "-n")
        {
            Description = "List at most N runs.",
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
        List<ListedRun> listed = [];
        foreach (RecordedRun run in runs.Take(limit))
            listed.Add(ListedRun.Of(run, await Task.Run(() => run.Directory.Summarize(cancellationToken), cancellationToken)));

        if (json)
            RunsJson.Write(listed, runs.Count, ("root", Path.GetFullPath(root)));
        else if (listed.Count > 0)
            AnsiConsole.Write(RunsView.Render(listed, runs.Count));
        else
            await Console.Out.WriteLineAsync("no runs");
        return ExitCodes.Success;
    }
}
