namespace Afterimage.Monitoring.Recording;

/// <summary>Records on their way from the pump to the sinks. The sinks share a batch; it is reused when the last of them has released
/// it.</summary>
internal sealed class RecordBatch(RecordBatchPool pool)
{
    public const int Capacity = 2048;

    private readonly Record[] _records = new Record[Capacity];
    private int _holders;

    public int Count { get; private set; }

    /// <summary>The number of records that are log entries.</summary>
    public int LogCount { get; private set; }

    public Record[] Array => _records;

    public ReadOnlySpan<Record> Records => _records.AsSpan(0, Count);

    public int Room => Capacity - Count;

    public void Append(ReadOnlySpan<Record> records, long wallOffset)
    {
        Span<Record> copies = _records.AsSpan(Count, records.Length);
        records.CopyTo(copies);
        Count += records.Length;
        foreach (ref Record record in copies)
        {
            if (record.Kind == RecordKind.Log)
                LogCount++;
            if (!record.Has(RecordFields.GivenTimestamp))
                record.Timestamp += wallOffset;
        }
    }

    public void AddHolder() => Interlocked.Increment(ref _holders);

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;

        _records.AsSpan(0, Count).Clear();
        Count = 0;
        LogCount = 0;
        pool.Return(this);
    }
}

/// <summary>Keeps a few batches for reuse.</summary>
internal sealed class RecordBatchPool
{
    private const int MaxKept = 16;

    private readonly Stack<RecordBatch> _batches = [];

    /// <summary>Returns an empty batch with one holder: the caller.</summary>
    public RecordBatch Rent()
    {
        RecordBatch? batch;
        lock (_batches)
            _batches.TryPop(out batch);

        batch ??= new RecordBatch(this);
        batch.AddHolder();
        return batch;
    }

    public void Return(RecordBatch batch)
    {
        lock (_batches)
        {
            if (_batches.Count < MaxKept)
                _batches.Push(batch);
        }
    }
}
