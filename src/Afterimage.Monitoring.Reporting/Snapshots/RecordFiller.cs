using Afterimage.Monitoring.Log.Reading;
using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>Fills the table <c>read_record</c> from files of lines, in order.</summary>
internal sealed class RecordFiller
{
    private readonly RecordColumn[] _columns;
    private readonly bool _keepsLines;
    private readonly ulong _keptFields;
    private readonly Func<IRecordTaker>? _createTaker;
    private readonly DuckDB.NET.Native.DuckDBAppender _appender;
    private readonly DuckDBLogicalType[] _types;

    private RecordFiller(
        DuckDBConnection connection,
        RecordColumn[] columns,
        bool keepsLines,
        Func<IRecordTaker>? createTaker)
    {
        _columns = columns;
        _keepsLines = keepsLines;
        _keptFields = keepsLines ? columns.Aggregate(0UL, (fields, column) => fields | column.Fields) : ulong.MaxValue;
        _createTaker = createTaker;
        DuckDBState created = NativeMethods.Appender.DuckDBAppenderCreate(
            connection.NativeConnection,
            null!,
            "read_record",
            out _appender);
        if (created == DuckDBState.Error)
            throw new InvalidOperationException("DuckDB has no appender for the table.");
        _types =
        [
            .. Enumerable
                .Range(0, columns.Length + (keepsLines ? 1 : 0))
                .Select(i => NativeMethods.Appender.DuckDBAppenderColumnType(_appender, (ulong)i)),
        ];
    }

    /// <summary>Adds the records of files within a range of times, and a row for each line that is not a record.</summary>
    /// <param name="connection">The connection to the database with the table.</param>
    /// <param name="columns">The columns of the table.</param>
    /// <param name="keepsLines">Whether the table has the column of lines, in which lines are kept that the record could not
    /// restore.</param>
    /// <param name="files">The files.</param>
    /// <param name="times">The times: the start is inclusive, the end is exclusive.</param>
    /// <param name="maxLineLength">The length, in bytes, beyond which a line is skipped.</param>
    /// <param name="createTaker">Creates another receiver for the records of a worker. Optional.</param>
    /// <param name="report">Receives progress from 0 to 1.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="IOException">A file could not be read.</exception>
    /// <exception cref="MissingColumnsException">Lines are kept, and a record has a field without a column.</exception>
    public static void Fill(
        DuckDBConnection connection,
        RecordColumn[] columns,
        bool keepsLines,
        IReadOnlyCollection<string> files,
        (DateTimeOffset? Since, DateTimeOffset? Until) times,
        int maxLineLength,
        Func<IRecordTaker>? createTaker,
        Action<double>? report,
        CancellationToken cancellationToken)
    {
        var filler = new RecordFiller(connection, columns, keepsLines, createTaker);
        try
        {
            RecordScan.Run(files, times, maxLineLength, () => new Sink(filler), report, cancellationToken);
            Check(NativeMethods.Appender.DuckDBAppenderClose(filler._appender));
        }
        finally
        {
            filler._appender.Dispose();
            foreach (DuckDBLogicalType type in filler._types)
                type.Dispose();
        }
    }

    private static void Check(DuckDBState state)
    {
        if (state == DuckDBState.Error)
            throw new IOException("DuckDB could not store the records: its memory or its temporary directory is full.");
    }

    private sealed class Sink(RecordFiller filler) : ILineSink
    {
        private readonly IRecordTaker? _taker = filler._createTaker?.Invoke();
        private readonly List<RecordChunk> _chunks = [];
        private int _filled;
        private ulong _missing;

        public void Take(RecordReader reader)
        {
            _missing |= reader.Record.GivenFields & ~filler._keptFields;
            Room(reader).Add(reader.Record, reader.Line);
            _taker?.Take(reader.Record);
        }

        public void TakeSkipped(RecordReader reader)
        {
            Room(reader).AddSkipped(reader.Line);
            _taker?.TakeSkipped();
        }

        public void HandOn()
        {
            if (_missing != 0)
                throw new MissingColumnsException([.. RecordColumn.All.Where(column => (column.Fields & _missing) != 0)]);

            foreach (RecordChunk chunk in _chunks.Take(_filled))
            {
                NativeMethods.DataChunks.DuckDBDataChunkSetSize(chunk.Native, (ulong)chunk.Rows);
                Check(NativeMethods.Appender.DuckDBAppendDataChunk(filler._appender, chunk.Native));
                chunk.Clear();
            }

            _filled = 0;
        }

        public void Dispose()
        {
            foreach (RecordChunk chunk in _chunks)
                chunk.Dispose();
        }

        private RecordChunk Room(RecordReader reader)
        {
            if (filler._keepsLines && reader.IsTooLong)
                throw new LineTooLongException();
            if (_filled == 0 || _chunks[_filled - 1].Rows == RecordChunk.Capacity)
            {
                if (_filled == _chunks.Count)
                    _chunks.Add(new RecordChunk(filler._columns, filler._types, filler._keepsLines));
                _filled++;
            }

            return _chunks[_filled - 1];
        }
    }
}
