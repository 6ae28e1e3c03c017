using System.CommandLine;
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
        Option<int> limit = Limit();
        Option<bool> json = CommonOptions.Json();
        var command = new Command(Name, "List runs with their state, duration, success, latency, tokens and cost.") { root, limit, json };
        command.SetAction((parsed, cancellationToken) => LogInput.GuardAsync(
            () => RunAsync(parsed.GetRequiredValue(root), parsed.GetValue(limit), parsed.GetValue(json), cancellationToken)));
        return command;
    }

    /// <summary>Creates the option for the number of runs.</summary>
    public static Option<int> Limit() => new("--limit", "-n")
    {
        Description = "List at most N runs.",
        HelpName = "N",
        DefaultValueFactory = _ => DefaultLimit,
        CustomParser = result => WholeNumber.Parse(result, "--limit", 1, MaxLimit),
    };

    /// <summary>Prints runs.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="count">The number of runs, including those that are not printed.</param>
    /// <param name="root">Where the runs are: the name of a JSON property, and its value.</param>
    /// <param name="json">Whether to print JSON.</param>
    /// <param name="hasHosts">Whether the runs are of several machines.</param>
    public static async Task<int> PrintAsync(
        IReadOnlyList<ListedRun> runs,
        long count,
        (string Name, string Value) root,
        bool json,
        bool hasHosts)
    {
        if (json)
            RunsJson.Write(runs, count, root);
        else if (runs.Count > 0)
            AnsiConsole.Write(RunsView.Render(runs, count, hasHosts));
        else
            await Console.Out.WriteLineAsync("no runs");
        return ExitCodes.Success;
    }

    private static async Task<int> RunAsync(string root, int limit, bool json, CancellationToken cancellationToken)
    {
        IReadOnlyList<RecordedRun> runs = await LogDirectory.FindRunsAsync(root, cancellationToken);
        List<ListedRun> listed = [];
        foreach (RecordedRun run in runs.Take(limit))
            listed.Add(ListedRun.Of(run, await Task.Run(() => run.Directory.Summarize(cancellationToken), cancellationToken)));

        return await PrintAsync(listed, runs.Count, ("root", Path.GetFullPath(root)), json, hasHosts: false);
    }
}
