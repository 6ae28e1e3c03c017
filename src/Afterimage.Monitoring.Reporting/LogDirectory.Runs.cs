using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Reading;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring;

// The runs in and below a directory.
public sealed partial class LogDirectory
{
    /// <summary>Finds the runs in a directory and below it.</summary>
    /// <param name="root">The directory, absolute or relative to the current one.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <returns>The runs, latest first. Runs whose start is unknown come last, by name.</returns>
    /// <exception cref="ArgumentException"><paramref name="root"/> is null or empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory, or it is a file.</exception>
    /// <exception cref="IOException">A directory could not be listed, or a file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a directory or a file is denied.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public static Task<IReadOnlyList<RecordedRun>> FindRunsAsync(string root, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);

        string fullPath = FullPath(root);
        return Task.Run(() => FindRuns(fullPath, cancellationToken), cancellationToken);
    }

    private static IReadOnlyList<RecordedRun> FindRuns(string root, CancellationToken cancellationToken)
    {
        ILookup<string, string> runFiles = LogTree.Find(root, LogReader.RunFiles).ToLookup(DirectoryOf, StringComparer.Ordinal);
        IEnumerable<string> directories = runFiles
            .Select(files => files.Key)
            .Union(RecordFiles.Find(root).Select(DirectoryOf), StringComparer.Ordinal);
        List<RecordedRun> runs = [];
        foreach (string directory in directories)
        {
            cancellationToken.ThrowIfCancellationRequested();
            LogRun[] parts = [.. runFiles[directory].Select(LogRun.Read).OfType<LogRun>().OrderBy(run => run.Start)];
            runs.Add(
                new RecordedRun
                {
                    Directory = OpenTop(directory),
                    Name = System.IO.Path.GetRelativePath(root, directory),
                    State = StateOf(parts),
                    Start = parts.Length > 0 ? parts.Min(part => part.FirstStart) : null,
                    End = parts.Length > 0 && parts.All(part => part.End is not null) ? parts.Max(part => part.End) : null,
                    Host = parts.LastOrDefault()?.Host ?? "",
                    Process = parts.LastOrDefault()?.Process ?? "",
                });
        }

        return
        [
            .. runs.OrderByDescending(run => run.Start ?? DateTimeOffset.MinValue).ThenBy(run => run.Name, StringComparer.Ordinal),
        ];

        static string DirectoryOf(string file) => System.IO.Path.GetDirectoryName(file)!;
    }

    private static RunState StateOf(LogRun[] parts) => parts switch
    {
        [] => RunState.Unknown,
        _ when parts.Any(part => part.IsAlive) => RunState.Running,
        _ when parts.All(part => part.End is not null) => RunState.Ended,
        _ when parts.All(part => part.End is not null || part.IsKilled) => RunState.Killed,
        _ => RunState.Unknown,
    };
}
