using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>The rows of a compacted file that is being made.</summary>
internal sealed class CompactedRows : IDisposable
{
    private readonly LogSnapshot _snapshot;
    private readonly RecordColumn[] _columns;
    private readonly List<(string Name, long Rows)> _sources = [];

    /// <param name="columns">The columns that are kept in memory: most records have few of them.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <param name="maxLineLength">Bytes of a line beyond which it cannot be kept.</param>
    public CompactedRows(RecordColumn[] columns, int maxLineLength, CancellationToken cancellationToken)
    {
        _columns = columns;
        _snapshot = new LogSnapshot(columns, cancellationToken, keepsLines: true, maxLineLength: maxLineLength);
    }

    /// <summary>Records that were not compacted before.</summary>
    public long NewRecords { get; private set; }

    /// <summary>Lines of no record that were not compacted before.</summary>
    public long NewSkippedLines { get; private set; }

    /// <summary>Adds a source's rows.</summary>
    /// <returns>Whether all its lines could be kept; otherwise nothing more can be done with these rows.</returns>
    /// <exception cref="MissingColumnsException">It needs more columns.</exception>
    public bool TryAdd(Source source)
    {
        (long records, long skipped) = Counts();
        if (source.IsCompacted)
            CheckColumns(source.Path);
        try
        {
            _snapshot.AddRecords([source.Path]);
        }
        catch (LineTooLongException)
        {
            return false;
        }

        if (source.IsCompacted)
        {
            _sources.AddRange(CompactedSources.Read(_snapshot, source.Path));
        }
        else
        {
            (long recordsNow, long skippedNow) = Counts();
            _sources.Add((Path.GetFileName(source.Path), recordsNow - records + skippedNow - skipped));
            NewRecords += recordsNow - records;
            NewSkippedLines += skippedNow - skipped;
        }

        return true;
    }

    public void Write(string path) =>
        _snapshot.Execute($$"""
            COPY ({{CompactedFile.Select(_columns)}}) TO {{LogSnapshot.QuotePath(path)}}
            (FORMAT parquet, COMPRESSION zstd,
                KV_METADATA { {{CompactedSources.Key}}: {{LogSnapshot.QuotePath(CompactedSources.ToJson(_sources))}} })
            """);

    /// <summary>Reads what was written.</summary>
    /// <exception cref="IOException">It is not what it should be.</exception>
    public void Verify(string path)
    {
        string written = CompactedFile.SelectFrom(_columns, LogSnapshot.ListFiles([path]), withLines: true);
        if (!Fingerprint("read_record").Equals(Fingerprint($"({written})")))
            throw new IOException($"The rows in '{path}' differ from the rows that were read.");
    }

    public void Dispose() => _snapshot.Dispose();

    private void CheckColumns(string path)
    {
        IReadOnlySet<string> names = CompactedFile.FilledColumns(_snapshot, LogSnapshot.ListFiles([path]));
        RecordColumn[] others = [.. RecordColumn.All.Except(_columns).Where(column => names.Contains(column.Name))];
        if (others.Length > 0)
            throw new MissingColumnsException(others);
    }

    private (long Records, long Skipped) Counts() =>
        _snapshot
            .Query("SELECT count(event), count(*) - count(event) FROM read_record")
            .Select(row => (row.GetInt64(0), row.GetInt64(1)))
            .Single();

    private (long Rows, string Hash) Fingerprint(string table)
    {
        string values = string.Join(", ", _columns.Select(column => $"{column.Name}::{column.FileType}"));
        return _snapshot
            .Query($"SELECT count(*), coalesce(sum(hash({values}, line)::HUGEINT), 0)::VARCHAR FROM {table}")
            .Select(row => (row.GetInt64(0), row.GetString(1)))
            .Single();
    }
}
