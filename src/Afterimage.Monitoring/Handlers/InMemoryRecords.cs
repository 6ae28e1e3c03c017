namespace Afterimage.Monitoring;

/// <summary>Keeps the records and log entries that a monitor hands over: for unit tests of programs that use one. Add it to
/// <see cref="GenerationMonitorOptions.MetricHandlers"/>, to <see cref="GenerationMonitorOptions.LogHandlers"/> or to both.</summary>
/// <remarks>
/// <para>What was recorded is here when <see cref="GenerationMonitor.FlushAsync"/> has ended, or the monitor is disposed. Its memory grows
/// with every record.</para>
/// <para>Any thread may call.</para>
/// </remarks>
public sealed class InMemoryRecords : IMetricHandler, ILogHandler
{
    private readonly Lock _lock = new();
    private readonly List<MetricRecord> _records = [];
    private readonly List<LogEntry> _entries = [];

    /// <summary>The records so far, in the order of arrival; each thread's in the order of recording. A copy.</summary>
    public IReadOnlyList<MetricRecord> Records
    {
        get
        {
            lock (_lock)
                return [.. _records];
        }
    }

    /// <summary>The log entries so far, those of the monitor itself among them. A copy.</summary>
    public IReadOnlyList<LogEntry> Entries
    {
        get
        {
            lock (_lock)
                return [.. _entries];
        }
    }

    /// <summary>Recording waits for it rather than that a record is missing.</summary>
    public bool IsLossless => true;

    /// <summary>Forgets what it has.</summary>
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

    /// <summary>Does nothing: what was handled is here.</summary>
    public void Flush()
    {
    }
}
