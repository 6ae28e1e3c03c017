using Afterimage.Monitoring.Reporting.Exporting;
using Afterimage.Monitoring.Reporting.Reading;

namespace Afterimage.Monitoring;

// The selection of directories and of a time span.
public sealed partial class LogDirectory
{
    /// <summary>The full paths of the directories that are read as one.</summary>
    public IReadOnlyList<string> Paths => _reader.Paths;

    /// <summary>The earliest time stamp to read (inclusive); <see langword="null"/>: no bound.</summary>
    public DateTimeOffset? Since => _reader.Since;

    /// <summary>The end of the time stamps to read (exclusive); <see langword="null"/>: no bound.</summary>
    public DateTimeOffset? Until => _reader.Until;

    /// <summary>Opens several existing directories, to be read as one. Nothing is read yet.</summary>
    /// <param name="paths">The directories, absolute or relative to the current one. A directory that is given twice, or that lies below
    /// another, counts once.</param>
    /// <returns>The log directory.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="paths"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="paths"/> is empty, or contains a null or empty path.</exception>
    /// <exception cref="DirectoryNotFoundException">A directory does not exist, or it is a file.</exception>
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
            new LogReader(
            [
                .. opened
                    .Where((one, i) => !opened.Where((other, o) => o < i && other.Real == one.Real).Any()
                        && !opened.Any(other => OutputPlace.IsBelow(one.Real, other.Real)))
                    .Select(one => one.Path),
            ]));
    }

    /// <summary>Restricts the directories to a time span, which applies to the records, log entries and alerts that any method
    /// reads.</summary>
    /// <remarks>Counts of dropped records are those of the runs that overlap the span.</remarks>
    /// <param name="since">The earliest time stamp (inclusive). Default: no bound.</param>
    /// <param name="until">The end of the time stamps (exclusive). Default: no bound.</param>
    /// <returns>The restricted log directory. Bounds that were set before still apply.</returns>
    public LogDirectory Between(DateTimeOffset? since = null, DateTimeOffset? until = null) =>
        new(_reader.Between(since, until));

    /// <summary>Sets the maximum length of a line.</summary>
    /// <remarks>A longer line is skipped and counted, and takes no memory; a compaction leaves its file as it is. The library's own lines
    /// are far shorter: see <see cref="LogFileOptions.MaxTextLength"/>.</remarks>
    /// <param name="bytes">The length, in bytes. 16 MiB if never set. Must be from 1,024 to 1,073,741,824: each core holds one whole line
    /// in memory.</param>
    /// <returns>The log directory with that maximum.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="bytes"/> is out of its range.</exception>
    public LogDirectory WithMaxLineLength(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, 1 << 30);
        return new LogDirectory(_reader with { MaxLineLength = bytes });
    }

    /// <summary>Opens one directory without those below it.</summary>
    internal static LogDirectory OpenTop(string path) => new(new LogReader([FullPath(path)]) { IsTopOnly = true });

    /// <summary>Finds the files of records that count now.</summary>
    internal string[] FindRecordFiles() => _reader.FindRecordFiles();

    internal string[] FindLogFiles() => _reader.Find(LogReader.LogFiles);

    private static string FullPath(string path)
    {
        string fullPath = System.IO.Path.GetFullPath(path);
        if (File.Exists(fullPath))
            throw new DirectoryNotFoundException($"The log directory '{fullPath}' is a file, not a directory.");
        if (!Directory.Exists(fullPath))
            throw new DirectoryNotFoundException($"The log directory '{fullPath}' does not exist.");
        return fullPath;
    }

    // An episode that began before the span continues into it.
    private AlertHistory SinceThen(AlertHistory history) => Since is not { } since
        ? history
        : history with
        {
            Alerts = [.. history.Alerts.Where(alert => alert.Timestamp >= since)],
            Episodes = [.. history.Episodes.Where(episode => episode.End is not { } end || end >= since)],
        };
}
