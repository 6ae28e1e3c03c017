using System.Data.Common;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Reading;

/// <summary>Reads the content of log directories at the time of a call.</summary>
/// <remarks>In the meantime, a writer that keeps only its newest files may delete one, or a compaction may replace some. The files are then
/// read again.</remarks>
/// <param name="Paths">The full paths of the directories.</param>
internal sealed record LogReader(IReadOnlyList<string> Paths)
{
    public const string AlertFiles = "alerts*.jsonl";
    public const string LogFiles = "afterimage*.log";
    public const string RunFiles = FormatVersion.Files;

    public string Path => string.Join(System.IO.Path.PathSeparator, Paths);

    /// <summary>The earliest time to read (inclusive); null: no bound.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The end of the times to read (exclusive); null: no bound.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Whether subdirectories are ignored.</summary>
    public bool IsTopOnly { get; init; }

    /// <summary>The length, in bytes, beyond which a line is skipped.</summary>
    public int MaxLineLength { get; init; } = LineSplitter.DefaultMaxLineLength;

    /// <summary>Returns a reader for the same directories, restricted to what is within both time spans.</summary>
    public LogReader Between(DateTimeOffset? since, DateTimeOffset? until)
    {
        (since, until) = Narrowed(since, until);
        return this with { Since = since, Until = until };
    }

    /// <exception cref="IOException">A directory could not be listed, or has a later version of the format.</exception>
    public string[] FindRecordFiles()
    {
        CheckVersion();
        return [.. Paths.SelectMany(path => RecordFiles.Find(path).Where(file => IsRead(path, file)))];
    }

    /// <exception cref="IOException">A directory has a later version of the format.</exception>
    public void CheckVersion() => FormatVersion.Check(Find(RunFiles));

    public string[] Find(string pattern) => [.. Paths.SelectMany(path => LogTree.Find(path, pattern).Where(file => IsRead(path, file)))];

    /// <exception cref="IOException">A directory could not be listed, or has a later version of the format.</exception>
    public string[] FindAlertFiles()
    {
        CheckVersion();
        return Find(AlertFiles);
    }

    /// <summary>Finds the files of runs that overlap the time span.</summary>
    public string[] FindRunFiles() => Since is null && Until is null
        ? Find(RunFiles)
        : [.. Find(RunFiles).Where(file => LogRun.Read(file) is { } run && !(run.Start >= Until) && !(run.End < Since))];

    /// <summary>Summarises all records.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public RunSummary Summarize(CancellationToken cancellationToken)
    {
        string[] files = [];
        using SummaryParts parts = Load(
            () => new SummaryParts(MaxLineLength, new NameLimits()),
            cancellationToken,
            (FindRecordFiles, (p, found) => p.AddFiles(files = found, (Since, Until), cancellationToken)));
        return SummaryOf(parts, files);
    }

    /// <summary>Reads all records, and summarises them in the same pass.</summary>
    /// <param name="columns">What is read of a record.</param>
    /// <param name="limits">Shared by the summaries that are shown together.</param>
    /// <param name="report">Receives progress from 0 to 1.</param>
    /// <param name="summary">The summary.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="IOException">A file could not be read.</exception>
    public LogSnapshot ReadWithSummary(
        RecordColumn[] columns,
        NameLimits limits,
        Action<double>? report,
        out RunSummary summary,
        CancellationToken cancellationToken)
    {
        string[] files = [];
        SummarizedSnapshot read = Load(
            () => new SummarizedSnapshot(columns, limits, MaxLineLength, cancellationToken),
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

    /// <summary>Reads the input of a statement, within both time spans.</summary>
    /// <param name="input">The input.</param>
    /// <param name="cancellationToken">A token to cancel any operation of the snapshot.</param>
    /// <param name="since">The start of the second time span.</param>
    /// <param name="until">The end of the second time span.</param>
    /// <param name="report">Receives progress from 0 to 1.</param>
    /// <param name="isInPlace">Whether statements read compacted files where they are. <see cref="LogSnapshot.Blame"/> then has to judge
    /// their errors.</param>
    /// <exception cref="IOException">A file could not be read.</exception>
    public LogSnapshot Read(
        QueryInput input,
        CancellationToken cancellationToken,
        DateTimeOffset? since = null,
        DateTimeOffset? until = null,
        Action<double>? report = null,
        bool isInPlace = false)
    {
        (since, until) = Narrowed(since, until);
        LogSnapshot snapshot = Load(
            () => new LogSnapshot(input.Columns, cancellationToken, maxLineLength: MaxLineLength),
            cancellationToken,
            (FindRecordFiles, AddRecords),
            (() => input.HasLogs ? Find(LogFiles) : [], (s, found) => s.AddLogs(found)),
            (() => input.HasAlerts ? FindAlertFiles() : [], (s, found) => s.AddAlerts(found)));
        if (since is not null || until is not null)
        {
            snapshot.Execute($"DELETE FROM log WHERE NOT ({LogSnapshot.Within(since, until)})");
            snapshot.Execute($"DELETE FROM alert WHERE NOT ({LogSnapshot.Within(since, until)})");
        }

        return snapshot;

        void AddRecords(LogSnapshot to, string[] found)
        {
            string[] compacted = [.. found.Where(RecordFiles.IsCompacted)];
            bool isAdded = isInPlace && to.TryAddInPlace(compacted, since, until);
            to.AddRecords(isAdded ? [.. found.Except(compacted)] : found, since, until, report);
        }
    }

    /// <summary>Reads the alerts before the end of the time span. Those before its start are included, because an episode may continue into
    /// it.</summary>
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

    /// <summary>Calls <paramref name="work"/> with a snapshot. If the engine fails, the exception names the directory.</summary>
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

                // If a file disappeared between listing and reading, the next listing does not contain it.
                if (files.All(found => found.All(File.Exists)))
                {
                    string? damaged = compacted.Length == 1 ? compacted[0] : compacted.FirstOrDefault(LogSnapshot.IsDamaged);
                    throw damaged is null ? Unreadable(exception) : CompactedFile.Damaged(damaged, exception);
                }
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

    private IOException Unreadable(Exception exception) =>
        new($"The log directory '{Path}' could not be read: {exception.FirstLine()}", exception);

    private sealed class SummarizedSnapshot : IDisposable
    {
        public SummarizedSnapshot(RecordColumn[] columns, NameLimits limits, int maxLineLength, CancellationToken cancellationToken)
        {
            Parts = new SummaryParts(maxLineLength, limits);
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
