using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Writing;

namespace Afterimage.Monitoring;

/// <summary>Writes records to <c>metrics.jsonl</c>, one JSON object a line (docs/log-format.md). The monitor's default.</summary>
/// <remarks>
/// Each batch is handed to the operating system in one write: it survives the process. A directory or file that does not exist is made at
/// the first write. Where another live handler writes the same directory, this one writes the next numbered file beside it.
/// <see cref="Dispose"/> closes the file, which a later write opens again.
/// </remarks>
public sealed class FileMetricHandler : IMetricHandler, IDisposable
{
    private readonly JsonLineFile _file;
    private readonly TextLimit _limit;
    private RecordJson? _records;

    /// <summary>Makes a handler.</summary>
    /// <param name="logDirectory">The directory that <c>metrics.jsonl</c> is in.</param>
    /// <exception cref="ArgumentException"><paramref name="logDirectory"/> is null or empty.</exception>
    public FileMetricHandler(string logDirectory)
        : this(logDirectory, new LogFileOptions())
    {
    }

    /// <summary>Makes a handler with settings of its own.</summary>
    /// <param name="logDirectory">The directory that <c>metrics.jsonl</c> is in.</param>
    /// <param name="options">How its files grow and go. Read now: later changes have no effect.</param>
    /// <exception cref="ArgumentException"><paramref name="logDirectory"/> is null or empty, or a setting is out of its range.</exception>
    public FileMetricHandler(string logDirectory, LogFileOptions options)
        : this(logDirectory, options, TimeProvider.System)
    {
    }

    internal FileMetricHandler(string logDirectory, LogFileOptions options, TimeProvider timeProvider)
    {
        ArgumentException.ThrowIfNullOrEmpty(logDirectory);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        LogDirectory = Path.GetFullPath(logDirectory);
        _limit = new TextLimit(options.MaxTextLength);
        _file = new JsonLineFile(logDirectory, NumberedName.Records, options.Copy(), timeProvider);
    }

    /// <summary>The full path of the directory that it writes.</summary>
    internal string LogDirectory { get; }

    /// <summary>Records whose texts were cut to <see cref="LogFileOptions.MaxTextLength"/>.</summary>
    internal long CutRecords => _limit.CutLines;

    /// <summary>Always <see langword="true"/>: the log directory is where nothing may be missing.</summary>
    public bool IsLossless => true;

    /// <summary>Writes a single metric point.</summary>
    /// <param name="metricName">The metric.</param>
    /// <param name="value">The value.</param>
    /// <param name="metadata">Its metadata; <c>timestamp</c>, if it is a <see cref="DateTimeOffset"/>, is the point's time, else that is
    /// now.</param>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> is null or empty, or <paramref name="metadata"/> is
    /// null.</exception>
    /// <exception cref="IOException">It could not be written.</exception>
    public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        ArgumentNullException.ThrowIfNull(metadata);
        _file.Discard();
        RecordJson.WriteMetric(_file.BeginLine(), _limit, metricName, value, metadata);
        _file.EndLine();
        _file.Commit();
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The batch could not be written; nothing of it was.</exception>
    public void HandleBatch(MetricBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (_records?.Names != batch.Names)
            _records = new RecordJson(batch.Names, _limit);

        _file.Discard();
        foreach (MetricRecord record in batch)
        {
            _records.Write(_file.BeginLine(), record);
            _file.EndLine();
        }

        _file.Commit();
    }

    /// <inheritdoc/>
    public void Flush() => _file.Flush();

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
