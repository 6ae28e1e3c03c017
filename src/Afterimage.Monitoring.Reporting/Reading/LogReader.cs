using System.Data.Common;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Reading;

/// <summary>Reads what is in log directories at the moment of a call.</summary>
/// <remarks>A writer that keeps only its newest files may delete one meanwhile, and a compaction may replace some: then it is read
/// again.</remarks>
/// <param name="Paths">The directories, as full paths.</param>
internal sealed record LogReader(IReadOnlyList<string> Paths)
{
    public const string AlertFiles = "alerts*.jsonl";
    public const string LogFiles = "afterimage*.log";
    public const string RunFiles = FormatVersion.Files;

    public string Path => string.Join(System.IO.Path.PathSeparator, Paths);

    /// <summary>The earliest time that is read; null without such a bound.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The end, which is not read any more; null without such a bound.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whether directories below are passed over.</summary>
    public bool IsTopOnly { get; init; }

    /// <summary>Bytes of a line beyond which it is skipped.</summary>
    public int MaxLineLength { get; init; } = LineSplitter.DefaultMaxLineLength;

    /// <summary>The same directories, and of them what is within both spans.</summary>
    public LogReader Between(DateTimeOffset? since, DateTimeOffset? until)
    {
        (since, until) = Narrowed(since, until);
        return this with { Since = since, Until = until };
    }

    /// <exception cref="IOException">A directory could not be listed, or is of a later version of the format.</exception>
    public string[] FindRecordFiles()
    {
        CheckVersion();
        return [.. Paths.SelectMany(path => RecordFiles.Find(path).Where(file => IsRead(path, file)))];
    }

    /// <exception cref="IOException">A directory is of a later version of the format.</exception>
    public void CheckVersion() => FormatVersion.Check(Find(RunFiles));

    public string[] Find(string pattern) => [.. Paths.SelectMany(path => LogTree.Find(path, pattern).Where(file => IsRead(path, file)))];

    /// <exception cref="IOException">A directory could not be listed, or is of a later version of the format.</exception>
    public string[] FindAlertFiles()
    {
        CheckVersion();
        return Find(AlertFiles);
    }

    /// <summary>The files of runs that were going on within the span.</summary>
    public string[] FindRunFiles() => Since is null && Until is null
        ? Find(RunFiles)
        : [.. Find(RunFiles).Where(file => LogRun.Read(file) is { } run && !(run.Start >= Until) && !(run.End < Since))];

    /// <summary>The summary of all records.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public RunSummary Summarize(CancellationToken cancellationToken)
    {
        string[] files = [];
        using SummaryParts parts = Load(
            () => new SummaryParts(MaxLineLength),
            cancellationToken,
            (FindRecordFiles, (p, found) => p.AddFiles(files = found, (Since, Until), cancellationToken)));
        return SummaryOf(parts, files);
    }

    /// <summary>All records, and their summary from the same reading.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public LogSnapshot ReadWithSummary(
        RecordColumn[] columns,
        Action<double>? report,
        out RunSummary summary,
        CancellationToken cancellationToken)
    {
        string[] files = [];
        SummarizedSnapshot read = Load(
            () => new SummarizedSnapshot(columns, MaxLineLength, cancellationToken),
            cancellationToken,
            (FindRecordFiles, (s, found) => s.Records.AddRecords(files = found, Since, Until, report)));
        try
        {
            summary = SummaryOf(read.Parts, files);
            read.Parts.Dispose();
            return read.Records;
        }
        catch
        {
            read.Dispose();
            throw;
        }
    }

    /// <summary>What a statement looks at, within both spans.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public LogSnapshot Read(
        QueryInput input,
        CancellationToken cancellationToken,
        DateTimeOffset? since = null,
        DateTimeOffset? until = null,
        Action<double>? report = null)
    {
        (since, until) = Narrowed(since, until);
        LogSnapshot snapshot = Load(
            () => new LogSnapshot(input.Columns, cancellationToken, maxLineLength: MaxLineLength),
            cancellationToken,
            (FindRecordFiles, (s, found) => s.AddRecords(found, since, until, report)),
            (() => input.HasLogs ? Find(LogFiles) : [], (s, found) => s.AddLogs(found)),
            (() => input.HasAlerts ? FindAlertFiles() : [], (s, found) => s.AddAlerts(found)));
        if (since is not null || until is not null)
        {
            snapshot.Execute($"DELETE FROM log WHERE NOT ({LogSnapshot.Within(since, until)})");
            snapshot.Execute($"DELETE FROM alert WHERE NOT ({LogSnapshot.Within(since, until)})");
        }

        return snapshot;
    }

    /// <summary>The alerts before the end of the span. Those before its start are among them: an episode goes on into it.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public LogSnapshot ReadAlerts(CancellationToken cancellationToken)
    {
        LogSnapshot snapshot = Load(
            () => new LogSnapshot(RecordColumn.All, cancellationToken, maxLineLength: MaxLineLength),
            cancellationToken,
            (FindAlertFiles, (s, files) => s.AddAlerts(files)));
        if (Until is not null)
            snapshot.Execute($"DELETE FROM alert WHERE NOT ({LogSnapshot.Within(null, Until)})");
        return snapshot;
    }

    /// <summary>Does <paramref name="work"/> with a snapshot, and says of which directory it is where the engine fails.</summary>
    public T Translate<T>(Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return work();
        }
        catch (DbException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Unreadable(exception);
        }
    }

    private bool IsRead(string path, string file) => !IsTopOnly || System.IO.Path.GetDirectoryName(file) == path;

    private (DateTimeOffset? Since, DateTimeOffset? Until) Narrowed(DateTimeOffset? since, DateTimeOffset? until) => (
        since is null || Since > since ? Since ?? since : since,
        until is null || Until < until ? Until ?? until : until);

    private T Load<T>(
        Func<T> create,
        CancellationToken cancellationToken,
        params (Func<string[]> Find, Action<T, string[]> Add)[] parts)
        where T : IDisposable
    {
        while (true)
        {
            string[][] files = [.. parts.Select(part => part.Find())];
            T read = create();
            try
            {
                for (int i = 0; i < parts.Length; i++)
                    parts[i].Add(read, files[i]);
                return read;
            }
            catch (Exception exception)
            {
                read.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
                string[] compacted = [.. files.SelectMany(found => found).Where(RecordFiles.IsCompacted)];
                if (exception is not (DbException or FileNotFoundException or DirectoryNotFoundException)
                    && (compacted.Length == 0 || !CompactedFile.IsDamage(exception)))
                    throw;

                // The next listing is without a file that went away between listing and reading.
                if (files.All(found => found.All(File.Exists)))
                    throw DamagedOf(compacted) is { } file ? CompactedFile.Damaged(file, exception) : Unreadable(exception);
            }
        }
    }

    private RunSummary SummaryOf(SummaryParts parts, string[] files)
    {
        (long dropped, long failed) = RunCounts.Sum(FindRunFiles());
        return parts.Summarize(Path, files) with
        {
            DroppedRecords = dropped,
            FailedRecords = failed,
        };
    }

    /// <summary>The compacted file that cannot be read, if one cannot: the engine does not always say.</summary>
    private static string? DamagedOf(string[] compacted)
    {
        if (compacted.Length <= 1)
            return compacted.FirstOrDefault();

        return compacted.FirstOrDefault(file =>
        {
            try
            {
                using var snapshot = new LogSnapshot(RecordColumn.All, CancellationToken.None);
                _ = snapshot.Query(CompactedFile.SelectRows(LogSnapshot.ListFiles([file]))).Count();
                return false;
            }
            catch (Exception e) when (CompactedFile.IsDamage(e))
            {
                return true;
            }
        });
    }

    private IOException Unreadable(Exception exception) =>
        new($"The log directory '{Path}' could not be read: {exception.FirstLine()}", exception);

    private sealed class SummarizedSnapshot : IDisposable
    {
        public SummarizedSnapshot(RecordColumn[] columns, int maxLineLength, CancellationToken cancellationToken)
        {
            Parts = new SummaryParts(maxLineLength);
            Records = new LogSnapshot(columns, cancellationToken, createTaker: Parts.Add, maxLineLength: maxLineLength);
        }

        public LogSnapshot Records { get; }

        public SummaryParts Parts { get; }

        public void Dispose()
        {
            Records.Dispose();
            Parts.Dispose();
        }
    }
}
