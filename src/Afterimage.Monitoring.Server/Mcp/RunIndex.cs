using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Summaries;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Mcp;

/// <summary>A run that can be queried.</summary>
/// <param name="Id">The ID of the run, the same as on the pages.</param>
/// <param name="Name">The path of its directory relative to the root.</param>
/// <param name="Directory">Its directory.</param>
/// <param name="Run">The content of its <c>run.json</c>; <see langword="null"/> if there is none.</param>
internal sealed record IndexedRun(string Id, string Name, string Directory, LogRun? Run)
{
    public string State => Run switch
    {
        null => "unknown",
        { End: not null } => "ended",
        { IsAlive: true } => "live",
        _ => "killed",
    };
}

/// <summary>The runs below a root. Callers name them by ID, so that no path comes from outside.</summary>
internal sealed class RunIndex(string root)
{
    /// <summary>Returns all runs, newest first.</summary>
    /// <exception cref="IOException">A directory or a file could not be read.</exception>
    public IReadOnlyList<IndexedRun> All()
    {
        // A directory has one file for each monitor that used it at the same time. The newest one counts.
        Dictionary<string, LogRun> runs = [];
        foreach (string file in LogTree.Find(root, "run*.json"))
        {
            if (
                LogRun.Read(file) is { } run
                && (!runs.TryGetValue(run.Directory, out LogRun? other) || run.Start > other.Start || (run.IsAlive && !other.IsAlive)))
                runs[run.Directory] = run;
        }

        IEnumerable<string> directories = RecordFiles.Find(root).Select(file => Path.GetDirectoryName(file)!).Concat(runs.Keys).Distinct();
        return
        [
            .. directories.Select(directory => Of(directory, runs.GetValueOrDefault(directory)))
                .OrderByDescending(run => run.Run?.Start)
                .ThenBy(run => run.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>Finds a run by its ID; returns <see langword="null"/> if there is none.</summary>
    public IndexedRun? Find(string id) => All().FirstOrDefault(run => run.Id == id);

    private IndexedRun Of(string directory, LogRun? run)
    {
        string name = Path.GetRelativePath(root, directory);
        return new IndexedRun(RunEntry.IdOf(name), name, directory, run);
    }
}
