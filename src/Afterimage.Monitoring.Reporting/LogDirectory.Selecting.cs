using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Reporting.Exporting;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring;

// What of the disk it reads: which directories, and which span of time.
public sealed partial class LogDirectory
{
    private bool _isTopOnly;

    /// <summary>The full paths of the directories that are read as one.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Only what is stamped at or after this is read; <see langword="null"/>: no bound.</summary>
    public DateTimeOffset? Since { get; private init; }

    /// <summary>Only what is stamped before this is read; <see langword="null"/>: no bound.</summary>
    public DateTimeOffset? Until { get; private init; }

    /// <summary>Opens several existing directories, to be read as one. Nothing is read yet.</summary>
    /// <param name="paths">The directories, absolute or relative to the current one. One that is given twice, or that lies below another,
    /// counts once.</param>
    /// <returns>The log directory.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="paths"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="paths"/> is empty, or holds a null or empty path.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory, or it is a file.</exception>
    public static LogDirectory Open(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);

        List<(string Path, string Real)> opened = [];
        foreach (string path in paths)
        {
            ArgumentException.ThrowIfNullOrEmpty(path, nameof(paths));
            opened.Add((FullPath(path), OutputPlace.RealPath(path)));
        }

        if (opened.Count == 0)
            throw new ArgumentException("At least one directory must be given.", nameof(paths));
        return new LogDirectory(
        [
            .. opened
                .Where((one, i) => !opened.Where((other, o) => o < i && other.Real == one.Real).Any()
                    && !opened.Any(other => OutputPlace.IsBelow(one.Real, other.Real)))
                .Select(one => one.Path),
        ]);
    }

    /// <summary>The same directories, of which only a span of time is read: by every method, of records, log entries and alerts.</summary>
    /// <remarks>Counts of what was dropped are those of the runs that the span touches.</remarks>
    /// <param name="since">Only what is stamped at or after this. Default: no bound.</param>
    /// <param name="until">Only what is stamped before this. Default: no bound.</param>
    /// <returns>The narrowed log directory; bounds that were set before hold as well.</returns>
    public LogDirectory Between(DateTimeOffset? since = null, DateTimeOffset? until = null)
    {
        (since, until) = Narrowed(since, until);
        return new LogDirectory(Paths) { Since = since, Until = until, _isTopOnly = _isTopOnly };
    }

    /// <summary>One directory without those below it.</summary>
    internal static LogDirectory OpenTop(string path) => new([FullPath(path)]) { _isTopOnly = true };

    /// <summary>The files of records that count now.</summary>
    internal string[] FindRecordFiles() =>
        [.. Paths.SelectMany(path => RecordFiles.Find(path).Where(file => IsRead(path, file)))];

    internal string[] Find(string pattern) =>
        [.. Paths.SelectMany(path => LogTree.Find(path, pattern).Where(file => IsRead(path, file)))];

    private bool IsRead(string path, string file) => !_isTopOnly || System.IO.Path.GetDirectoryName(file) == path;

    private static string FullPath(string path)
    {
        string fullPath = System.IO.Path.GetFullPath(path);
        if (File.Exists(fullPath))
            throw new DirectoryNotFoundException($"The log directory '{fullPath}' is a file.");
        if (!Directory.Exists(fullPath))
            throw new DirectoryNotFoundException($"There is no log directory '{fullPath}'.");
        return fullPath;
    }

    /// <summary>The files of the runs that the span of time touches.</summary>
    private string[] FindRunFiles() => Since is null && Until is null
        ? Find(RunFiles)
        : [.. Find(RunFiles).Where(file => LogRun.Read(file) is { } run && !(run.Start >= Until) && !(run.End < Since))];

    private (DateTimeOffset? Since, DateTimeOffset? Until) Narrowed(DateTimeOffset? since, DateTimeOffset? until) => (
        since is null || Since > since ? Since ?? since : since,
        until is null || Until < until ? Until ?? until : until);

    // An episode that began before goes on into the span.
    private AlertHistory SinceThen(AlertHistory history) => Since is not { } since
        ? history
        : history with
        {
            Alerts = [.. history.Alerts.Where(alert => alert.Timestamp >= since)],
            Episodes = [.. history.Episodes.Where(episode => episode.End is not { } end || end >= since)],
        };
}
