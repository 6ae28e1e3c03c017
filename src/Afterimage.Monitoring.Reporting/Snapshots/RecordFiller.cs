using Afterimage.Monitoring.Log.Reading;
using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>Fills the table <c>record</c> from files of lines, in their order, on all cores.</summary>
/// <remarks>
/// Workers take ranges of the files, in order, and read each into vectors. They append these in the order of the ranges, one at a time:
/// that takes far less time than the reading.
/// </remarks>
internal sealed class RecordFiller
{
    private const long RangeSize = 4 << 20;

    private readonly RecordColumn[] _columns;
    private readonly long _since;
    private readonly long _until;
    private readonly CancellationToken _cancellationToken;
    private readonly Action<double>? _report;
    private readonly Range[] _ranges;
    private readonly DuckDB.NET.Native.DuckDBAppender _appender;
    private readonly DuckDBLogicalType[] _types;

    // Under the lock.
    private readonly object _turn = new();
    private int _nextToRead;
    private int _nextToAppend;
    private Exception? _failure;

    private RecordFiller(
        DuckDBConnection connection,
        RecordColumn[] columns,
        IReadOnlyCollection<string> files,
        (DateTimeOffset? Since, DateTimeOffset? Until) times,
        Action<double>? report,
        CancellationToken cancellationToken)
    {
        _columns = columns;
        _since = times.Since?.UtcTicks ?? long.MinValue;
        _until = times.Until?.UtcTicks ?? long.MaxValue;
        _report = report;
        _cancellationToken = cancellationToken;
        _ranges = [.. files.SelectMany(RangesOf)];
        if (NativeMethods.Appender.DuckDBAppenderCreate(connection.NativeConnection, null!, "record", out _appender) == DuckDBState.Error)
            throw new InvalidOperationException("DuckDB has no appender for the table.");
        _types = [.. columns.Select((_, i) => NativeMethods.Appender.DuckDBAppenderColumnType(_appender, (ulong)i))];
    }

    /// <summary>Adds the records of files, those from a time on and before another, and a row for each line that is no record.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public static void Fill(
        DuckDBConnection connection,
        RecordColumn[] columns,
        IReadOnlyCollection<string> files,
        (DateTimeOffset? Since, DateTimeOffset? Until) times,
        Action<double>? report,
        CancellationToken cancellationToken)
    {
        var filler = new RecordFiller(connection, columns, files, times, report, cancellationToken);
        try
        {
            filler.Run();
        }
        finally
        {
            filler._appender.Dispose();
            foreach (DuckDBLogicalType type in filler._types)
                type.Dispose();
        }
    }

    // A file that is empty, or no file but a pipe or a device, has no length and is not opened.
    private static IEnumerable<Range> RangesOf(string path)
    {
        long length = new FileInfo(path).Length;
        for (long start = 0; start < length; start += RangeSize)
            yield return new Range(path, start, Math.Min(start + RangeSize, length));
    }

    private void Run()
    {
        Thread[] others = [.. Enumerable.Range(1, Math.Min(Environment.ProcessorCount, _ranges.Length) - 1 is > 0 and var count ? count : 0)
            .Select(_ => new Thread(Work) { IsBackground = true, Name = "Afterimage reader" })];
        foreach (Thread other in others)
            other.Start();
        Work();
        foreach (Thread other in others)
            other.Join();

        _cancellationToken.ThrowIfCancellationRequested();
        if (_failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
        Check(NativeMethods.Appender.DuckDBAppenderClose(_appender));
    }

    private void Work()
    {
        try
        {
            while (TryTakeRange(out int number))
            {
                List<RecordChunk> chunks = Read(_ranges[number]);
                AppendInTurn(number, chunks);
            }
        }
        catch (Exception e)
        {
            lock (_turn)
            {
                _failure ??= e;
                Monitor.PulseAll(_turn);
            }
        }
    }

    private bool TryTakeRange(out int number)
    {
        lock (_turn)
        {
            number = _nextToRead++;
            return number < _ranges.Length && _failure is null && !_cancellationToken.IsCancellationRequested;
        }
    }

    private List<RecordChunk> Read(Range range)
    {
        var chunks = new List<RecordChunk>();
        using var reader = new RecordReader(range.Path, range.Start, range.End);
        while (reader.ReadLine())
        {
            if (reader.IsRecord && (reader.Record.Timestamp < _since || reader.Record.Timestamp >= _until))
                continue;
            if (chunks.Count == 0 || chunks[^1].Rows == RecordChunk.Capacity)
                chunks.Add(new RecordChunk(_columns, _types));
            if (reader.IsRecord)
                chunks[^1].Add(reader.Record);
            else
                chunks[^1].AddSkipped();
        }

        return chunks;
    }

    private void AppendInTurn(int number, List<RecordChunk> chunks)
    {
        lock (_turn)
        {
            while (_nextToAppend != number && _failure is null)
                Monitor.Wait(_turn);

            foreach (RecordChunk chunk in chunks)
            {
                using (chunk)
                {
                    if (_failure is not null)
                        continue;
                    NativeMethods.DataChunks.DuckDBDataChunkSetSize(chunk.Native, (ulong)chunk.Rows);
                    Check(NativeMethods.Appender.DuckDBAppendDataChunk(_appender, chunk.Native));
                }
            }

            _nextToAppend++;
            Monitor.PulseAll(_turn);
        }

        _report?.Invoke((number + 1.0) / _ranges.Length);
    }

    private static void Check(DuckDBState state)
    {
        if (state == DuckDBState.Error)
            throw new IOException("DuckDB could not take the records: its memory or its temporary directory is full.");
    }

    private readonly record struct Range(string Path, long Start, long End);
}
