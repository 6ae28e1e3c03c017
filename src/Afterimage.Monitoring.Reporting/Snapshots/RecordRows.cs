using System.Data.Common;
using System.Runtime.ExceptionServices;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;
using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>A row of a query whose columns are those of the table <c>read_record</c>, read from DuckDB's memory. A row without an event
/// is a line that is not a record.</summary>
internal sealed unsafe class RecordRows : IRecord
{
    private static readonly RecordField[] Required = [.. RecordSchema.Fields.Where(field => field.Required != RecordEvents.None)];

    private readonly int[] _columns;
    private readonly RecordField[] _counts;
    private readonly nint[] _data = new nint[RecordSchema.Fields.Count];
    private readonly nint[] _validity = new nint[RecordSchema.Fields.Count];
    private long _row;

    private RecordRows(int[] columns)
    {
        _columns = columns;
        _counts = [.. RecordSchema.Fields.Where(field => field.Type == FieldType.Count && columns[field.Ordinal] >= 0)];
    }

    private bool IsRecord => IsGiven(RecordSchema.Event.Ordinal);

    /// <inheritdoc/>
    public RecordEvents Event { get; private set; }

    /// <inheritdoc/>
    public long Timestamp => RecordTime.OfUnix(Count(RecordSchema.Timestamp));

    /// <inheritdoc/>
    public bool Has(RecordField field) => IsGiven(field.Ordinal);

    /// <inheritdoc/>
    public long Count(RecordField field) => ((long*)_data[field.Ordinal])[_row];

    /// <inheritdoc/>
    public double Number(RecordField field) => ((double*)_data[field.Ordinal])[_row];

    /// <inheritdoc/>
    public bool Flag(RecordField field) => ((byte*)_data[field.Ordinal])[_row] != 0;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Text(RecordField field) => VectorString.Read(_data[field.Ordinal], _row);

    /// <summary>Reads the rows of a query: in their order by one worker, in any order by several.</summary>
    /// <param name="connection">The connection to the database.</param>
    /// <param name="sql">The query.</param>
    /// <param name="workers">The number of workers.</param>
    /// <param name="createTaker">Creates the receiver of the rows of a worker.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="DbException">The query fails.</exception>
    public static void Read(
        DuckDBConnection connection,
        string sql,
        int workers,
        Func<IRecordTaker> createTaker,
        CancellationToken cancellationToken)
    {
        DuckDBNativeConnection native = connection.NativeConnection;
        using CancellationTokenRegistration cancel = cancellationToken.Register(() => NativeMethods.Startup.DuckDBInterrupt(native));
        DuckDBState prepared = NativeMethods.PreparedStatements.DuckDBPrepare(native, sql, out DuckDBPreparedStatement statement);
        using (statement)
        {
            if (prepared == DuckDBState.Error)
                throw new EngineException(NativeMethods.PreparedStatements.DuckDBPrepareError(statement));

            DuckDBState executed = NativeMethods.PreparedStatements.DuckDBExecutePreparedStreaming(statement, out DuckDBResult result);
            try
            {
                if (executed == DuckDBState.Error)
                    throw new EngineException(NativeMethods.Query.DuckDBResultError(ref result));
                new Work(result).Run(workers, createTaker);
            }
            finally
            {
                NativeMethods.Query.DuckDBDestroyResult(ref result);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private bool IsGiven(int ordinal) =>
        _data[ordinal] != 0
        && (_validity[ordinal] == 0 || (((ulong*)_validity[ordinal])[_row >> 6] & (1UL << (int)(_row & 63))) != 0);

    // As of a line: a file may be damaged, or be from a version that took higher counts.
    private bool IsWhole()
    {
        if (Event == RecordEvents.None)
            return false;
        foreach (RecordField field in Required)
        {
            if ((field.Required & Event) != 0 && !Has(field))
                return false;
        }

        foreach (RecordField field in _counts)
        {
            if (Has(field) && !field.Holds(Count(field)))
                return false;
        }

        return true;
    }

    private void Take(DuckDBDataChunk chunk, IRecordTaker taker)
    {
        for (int ordinal = 0; ordinal < _columns.Length; ordinal++)
        {
            if (_columns[ordinal] < 0)
                continue;
            nint vector = NativeMethods.DataChunks.DuckDBDataChunkGetVector(chunk, _columns[ordinal]);
            _data[ordinal] = (nint)NativeMethods.Vectors.DuckDBVectorGetData(vector);
            _validity[ordinal] = (nint)NativeMethods.Vectors.DuckDBVectorGetValidity(vector);
        }

        long rows = (long)NativeMethods.DataChunks.DuckDBDataChunkGetSize(chunk);
        for (_row = 0; _row < rows; _row++)
        {
            Event = IsRecord ? RecordLine.EventNames[((byte*)_data[RecordSchema.Event.Ordinal])[_row]].Event : RecordEvents.None;
            if (IsWhole())
                taker.Take(this);
            else
                taker.TakeSkipped();
        }
    }

    private sealed class Work(DuckDBResult result)
    {
        private readonly Lock _fetching = new();
        private DuckDBResult _result = result;
        private bool _isAtEnd;
        private Exception? _failure;

        public void Run(int workers, Func<IRecordTaker> createTaker)
        {
            int[] columns = Columns();
            Thread[] others =
            [
                .. Enumerable.Range(1, workers - 1)
                    .Select(_ => new Thread(() => Read(columns, createTaker())) { IsBackground = true, Name = "Afterimage reader" }),
            ];
            foreach (Thread other in others)
                other.Start();
            Read(columns, createTaker());
            foreach (Thread other in others)
                other.Join();
            if (_failure is not null)
                ExceptionDispatchInfo.Throw(_failure);
            if (NativeMethods.Query.DuckDBResultError(ref _result) is { Length: > 0 } error)
                throw new EngineException(error);
        }

        private int[] Columns()
        {
            var names = new List<string>();
            for (long i = 0; i < (long)NativeMethods.Query.DuckDBColumnCount(ref _result); i++)
                names.Add(NativeMethods.Query.DuckDBColumnName(ref _result, i));
            return [.. RecordSchema.Fields.Select(field => ColumnOf(field, names))];
        }

        // Read as what they are not, the values of a damaged file are memory of something else.
        private int ColumnOf(RecordField field, List<string> names)
        {
            int column = names.IndexOf(field == RecordSchema.Timestamp ? RecordColumn.Ticks : field.Key);
            DuckDBType expected = field.Type switch
            {
                _ when field == RecordSchema.Event => DuckDBType.Enum,
                FieldType.Time or FieldType.Count => DuckDBType.BigInt,
                FieldType.Flag => DuckDBType.Boolean,
                FieldType.Seconds or FieldType.Dollars or FieldType.Number => DuckDBType.Double,
                _ => DuckDBType.Varchar,
            };
            return column < 0 || NativeMethods.Query.DuckDBColumnType(ref _result, column) == expected
                ? column
                : throw new EngineException($"The column {field.Key} must be of type {expected}.");
        }

        private void Read(int[] columns, IRecordTaker taker)
        {
            try
            {
                var rows = new RecordRows(columns);
                while (Fetch() is { } chunk)
                {
                    using (chunk)
                        rows.Take(chunk, taker);
                }
            }
            catch (Exception e)
            {
                lock (_fetching)
                    _failure ??= e;
            }
        }

        private DuckDBDataChunk? Fetch()
        {
            lock (_fetching)
            {
                if (_isAtEnd || _failure is not null)
                    return null;

                DuckDBDataChunk chunk = NativeMethods.StreamingResult.DuckDBStreamFetchChunk(_result);
                if (!chunk.IsInvalid)
                    return chunk;
                _isAtEnd = true;
                return null;
            }
        }
    }

    private sealed class EngineException(string message) : DbException(message);
}
