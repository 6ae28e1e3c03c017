namespace Afterimage.Monitoring;

/// <summary>Keeps a monitor's records and log entries in memory, for unit tests of programs that use a monitor. Add it to
/// <see cref="GenerationMonitorOptions.MetricHandlers"/>, to <see cref="GenerationMonitorOptions.LogHandlers"/> or to both.</summary>
/// <remarks>
/// <para>Recorded data is available after <see cref="GenerationMonitor.FlushAsync"/> has completed or the monitor has been disposed. Memory
/// use grows with every record.</para>
/// <para>All members are thread-safe.</para>
/// </remarks>
public sealed class InMemoryRecords : IMetricHandler, ILogHandler
{
    private readonly Lock _lock = new();
    private readonly List<MetricRecord> _records = [];
    private readonly List<LogEntry> _entries = [];

    /// <summary>A copy of the records so far, in the order of arrival. The records of one thread are in the order of recording.</summary>
    public IReadOnlyList<MetricRecord> Records
    {
        get
        {
            lock (_lock)
                return [.. _records];
        }
    }

    /// <summary>A copy of the log entries so far, including those of the monitor itself.</summary>
    public IReadOnlyList<LogEntry> Entries
    {
        get
        {
            lock (_lock)
                return [.. _entries];
        }
    }

    /// <summary>Always <see langword="true"/>: recording waits for this handler, so that no record is missing.</summary>
    public bool IsLossless => true;

    /// <summary>Removes all records and log entries.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _records.Clear();
            _entries.Clear();
        }
    }

    /// <inheritdoc/>
    public void HandleBatch(MetricBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_lock)
        {
            foreach (MetricRecord record in batch)
                _records.Add(record.Copy());
        }
    }

    /// <inheritdoc/>
    public void HandleLog(LogEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        lock (_lock)
            _entries.Add(entry);
    }

    /// <summary>Does nothing: handled records are already in memory.</summary>
    public void Flush()
    {
    }
}
