using System.Text;
using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>The rows of a compacted file that is being made.</summary>
internal sealed class CompactedRows : IDisposable
{
    private readonly LogSnapshot _snapshot;
    private readonly DuckDBConnection _lines;

    /// <param name="cancellationToken">Ends the work early.</param>
    public CompactedRows(CancellationToken cancellationToken)
    {
        _snapshot = new LogSnapshot(RecordColumn.All, cancellationToken);
        _snapshot.Execute(CompactedFile.Macros);

        // Not a temporary table: the other connection adds to it while this one reads.
        _snapshot.Execute("CREATE TABLE line (line BLOB)");
        _lines = _snapshot.Connection.Duplicate();
        _lines.Open();
    }

    /// <summary>Records that were not compacted before.</summary>
    public long NewRecords { get; private set; }

    /// <summary>Lines of no record that were not compacted before.</summary>
    public long NewSkippedLines { get; private set; }

    /// <summary>Adds a source's rows.</summary>
    /// <returns>Whether DuckDB read it line by line; otherwise nothing more can be done with these rows.</returns>
    public bool TryAdd(Source source)
    {
        long before = _snapshot.Scalar("SELECT count(*) FROM record");
        _snapshot.AddRecords([source.Path]);
        if (!source.IsCompacted)
        {
            long records = _snapshot.Scalar($"SELECT count(event) FROM record WHERE rowid >= {before}");
            NewRecords += records;
            NewSkippedLines += _snapshot.Scalar("SELECT count(*) FROM record") - before - records;
            return TryAddLines(source.Path, before);
        }

        _snapshot.Execute($"INSERT INTO line {CompactedFile.SelectKeptLines(LogSnapshot.ListFiles([source.Path]))}");
        return true;
    }

    public void Write(string path) =>
        _snapshot.Execute($"COPY ({CompactedFile.Select}) TO {LogSnapshot.QuotePath(path)} (FORMAT parquet, COMPRESSION zstd)");

    /// <summary>Reads what was written.</summary>
    /// <exception cref="IOException">It is not what it should be.</exception>
    public void Verify(string path)
    {
        string written = CompactedFile.SelectFrom(RecordColumn.All, LogSnapshot.ListFiles([path]));
        if (!Fingerprint("record").Equals(Fingerprint($"({written})")))
            throw new IOException($"What was written to '{path}' is not what was read.");
    }

    public void Dispose()
    {
        _lines.Dispose();
        _snapshot.Dispose();
    }

    private bool TryAddLines(string path, long before)
    {
        using var lines = new LineReader(path);
        using DuckDBAppender appender = _lines.CreateAppender("line");
        byte[] written = new byte[4096];
        foreach (DuckDBDataReader row in _snapshot.Query($"SELECT {CompactedFile.Line} FROM record AS r WHERE rowid >= {before}"))
        {
            if (!lines.Read())
                return false;

            IDuckDBAppenderRow appended = appender.CreateRow();
            if (!row.IsDBNull(0) && IsEqual(row.GetString(0), lines.Line, ref written))
                appended.AppendNullValue();
            else
                appended.AppendValue(lines.Line.ToArray());
            appended.EndRow();
        }

        return !lines.Read();
    }

    private static bool IsEqual(string text, ReadOnlySpan<byte> line, ref byte[] buffer)
    {
        // A text has no more UTF-16 units than bytes.
        if (text.Length > line.Length)
            return false;
        if (buffer.Length < Encoding.UTF8.GetMaxByteCount(text.Length))
            buffer = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        return buffer.AsSpan(0, Encoding.UTF8.GetBytes(text, buffer)).SequenceEqual(line);
    }

    private (long Rows, long Skipped, string Hash) Fingerprint(string table)
    {
        string values = string.Join(", ", RecordColumn.All.Select(column => $"{column.Name}::VARCHAR"));
        return _snapshot
            .Query($"SELECT count(*), count(*) FILTER (event IS NULL), coalesce(sum(hash({values})::HUGEINT), 0)::VARCHAR FROM {table}")
            .Select(row => (row.GetInt64(0), row.GetInt64(1), row.GetString(2)))
            .Single();
    }
}
