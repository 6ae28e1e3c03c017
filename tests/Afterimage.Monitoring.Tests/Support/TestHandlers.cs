using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Tests.Support;

internal sealed record Point(string MetricName, double Value, IReadOnlyDictionary<string, object?> Metadata);

/// <summary>A metric handler that does what the test says at each point, and keeps what it got.</summary>
internal sealed class PointHandler(Action<Point>? onPoint = null) : IMetricHandler
{
    public ConcurrentQueue<Point> Points { get; } = new();

    public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata)
    {
        var point = new Point(metricName, value, metadata);
        onPoint?.Invoke(point);
        Points.Enqueue(point);
    }
}

/// <summary>A metric handler that does what the test says with each batch.</summary>
internal sealed class BatchHandler(Action<MetricBatch> onBatch, bool isLossless = false) : IMetricHandler
{
    public bool IsLossless => isLossless;

    public void HandleBatch(MetricBatch batch) => onBatch(batch);

    public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata) =>
        Assert.Fail("Batches go to HandleBatch.");
}

/// <summary>A log handler that does what the test says with each entry, and keeps what it got.</summary>
internal sealed class EntryHandler(Action<LogEntry>? onEntry = null, bool isLossless = false) : ILogHandler
{
    public ConcurrentQueue<LogEntry> Entries { get; } = new();

    public bool IsLossless => isLossless;

    public void HandleLog(LogEntry entry)
    {
        onEntry?.Invoke(entry);
        Entries.Enqueue(entry);
    }
}

/// <summary>A logger of the program's that does what the test says at each entry.</summary>
internal sealed class OneLogger(Action onEntry) : ILoggerFactory, ILogger
{
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) => onEntry();

    public void Dispose()
    {
    }
}
