using System.Data.Common;
using Afterimage.Monitoring.Reporting;

namespace Afterimage.Monitoring;

/// <summary>A directory that monitors wrote, or are writing, their runs to. Reading it disturbs no writer.</summary>
/// <remarks>
/// All files <c>metrics*.jsonl</c> in it and below it are read (symbolic links below it are not followed). The format is specified in
/// docs/log-format.md. A line that is no valid record of it (torn by a crash, of an unknown event, without a required key, or with a value
/// of the wrong type in a key that metrics come from) is left out whole and counted.
/// </remarks>
public sealed class LogDirectory
{
    private LogDirectory(string path) => Path = path;

    /// <summary>The full path.</summary>
    public string Path { get; }

    /// <summary>Opens an existing directory. Nothing is read yet.</summary>
    /// <param name="path">The directory, absolute or relative to the current one.</param>
    /// <returns>The log directory.</returns>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory, or it is a file.</exception>
    public static LogDirectory Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);

        string fullPath = System.IO.Path.GetFullPath(path);
        if (File.Exists(fullPath))
            throw new DirectoryNotFoundException($"The log directory '{fullPath}' is a file.");
        if (!Directory.Exists(fullPath))
            throw new DirectoryNotFoundException($"There is no log directory '{fullPath}'.");
        return new LogDirectory(fullPath);
    }

    /// <summary>Summarises all records that are there now.</summary>
    /// <remarks>
    /// Needs memory for a part of the records only: what does not fit into about half a gigabyte goes to a temporary directory, removed afterwards.
    /// </remarks>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <returns>The summary; without any file (<see cref="RunSummary.Files"/>) or record an empty one.</returns>
    /// <exception cref="IOException">A file could not be read, or has a line of more than 32 MB.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public RunSummary Summarize(CancellationToken cancellationToken = default)
    {
        using LogSnapshot snapshot = Read(null, null, withLogs: false, out string[] files, cancellationToken);
        return Translate(() => SummaryQuery.Run(Path, files, snapshot), cancellationToken);
    }

    /// <summary>Runs SQL over the records that are there now.</summary>
    /// <remarks>
    /// <para>The dialect is DuckDB's. The views: <c>generations</c>, <c>evaluations</c> and <c>logs</c>, whose columns are the keys of docs/log-format.md, and
    /// <c>points</c>: <c>metric</c>, <c>timestamp</c>, <c>value</c>, the columns of the point's record, the <c>feedback</c> of its score, and its
    /// <c>metadata</c> (tags) as JSON. <c>timestamp</c> is in UTC and microseconds; token totals that were not given are the sum of the two others.</para>
    /// <para>The statement sees a copy of the records, taken at the call: whatever it does, no file is read, written or changed by it, and no network is reached.
    /// Copying needs memory for a part of the records only: what does not fit into about half a gigabyte goes to a temporary directory, removed afterwards.</para>
    /// </remarks>
    /// <param name="sql">The statement.</param>
    /// <param name="cancellationToken">Ends the work early, also that of <see cref="LogQuery.Reader"/>.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="ArgumentException"><paramref name="sql"/> is null or empty, or DuckDB does not take it; the message says why.</exception>
    /// <exception cref="IOException">A file could not be read, or has a line of more than 32 MB.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory could not be listed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public LogQuery Query(string sql, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sql);

        LogSnapshot snapshot = Read(null, null, withLogs: true, out _, cancellationToken);
        try
        {
            return LogQuery.Run(snapshot, sql, cancellationToken);
        }
        catch (Exception exception)
        {
            snapshot.Dispose();
            if (exception is not (DbException or InvalidOperationException))
                throw;
            cancellationToken.ThrowIfCancellationRequested();
            throw new ArgumentException(FirstLine(exception), nameof(sql), exception);
        }
    }

    /// <summary>Reads the records from <paramref name="since"/> on and before <paramref name="until"/>.</summary>
    internal LogSnapshot Read(DateTimeOffset? since, DateTimeOffset? until, bool withLogs, out string[] files, CancellationToken cancellationToken)
    {
        while (true)
        {
            files = Find("metrics*.jsonl");
            string[] logs = withLogs ? Find("afterimage*.log") : [];
            var snapshot = new LogSnapshot(cancellationToken);
            try
            {
                snapshot.AddRecords(files, since, until);
                snapshot.AddLogs(logs, since, until);
                return snapshot;
            }
            catch (Exception exception)
            {
                snapshot.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
                if (exception is not DbException)
                    throw;

                // A writer that keeps only its newest files may delete one between the listing and the reading: the next listing is without it.
                if (files.Concat(logs).All(File.Exists))
                    throw Unreadable(exception);
            }
        }
    }

    /// <summary>Does <paramref name="work"/> with a snapshot, and says of which directory it is where the engine fails.</summary>
    internal T Translate<T>(Func<T> work, CancellationToken cancellationToken)
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

    private IOException Unreadable(Exception exception) => new($"The log directory '{Path}' could not be read: {FirstLine(exception)}", exception);

    private static string FirstLine(Exception exception) => exception.Message.Split('\n')[0].TrimEnd();

    private string[] Find(string pattern)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = false,
            MatchCasing = MatchCasing.CaseSensitive,
        };
        string[] files = Directory.GetFiles(Path, pattern, options);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
