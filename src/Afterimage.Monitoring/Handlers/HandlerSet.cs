using System.Diagnostics;
using Afterimage.Monitoring.Recording;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Handlers;

/// <summary>All metric and log handlers of a monitor, each behind a queue of its own.</summary>
internal sealed class HandlerSet
{
    private readonly List<MetricHandlerSink> _metricSinks;
    private readonly List<LogHandlerSink> _logSinks;
    private readonly MetricHandlerSink _instruments;
    private readonly TimeProvider _timeProvider;

    /// <param name="metricHandlers">The metric handlers.</param>
    /// <param name="logHandlers">The log handlers.</param>
    /// <param name="instruments">Creates the sink for the instruments, which statistics do not include.</param>
    /// <param name="names">The names of the records.</param>
    /// <param name="timeLimit">How long a handler may make no progress.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="report">Receives the monitor's own problems, in addition to the log handlers.</param>
    public HandlerSet(
        IEnumerable<IMetricHandler> metricHandlers,
        IEnumerable<ILogHandler> logHandlers,
        Func<TroubleLog, MetricHandlerSink> instruments,
        Names names,
        TimeSpan timeLimit,
        TimeProvider timeProvider,
        Action<string, Exception?> report)
    {
        _timeProvider = timeProvider;
        TroubleLog = new TroubleLog(timeProvider, (message, exception) =>
        {
            report(message, exception);
            Log(LogLevel.Error, message, exception);
        });
        _instruments = instruments(TroubleLog);
        _metricSinks = [.. Named(metricHandlers).Select(h => new MetricHandlerSink(h.Name, h.Handler, names, timeLimit, TroubleLog))];
        _logSinks = [.. Named(logHandlers).Select(h => new LogHandlerSink(h.Name, h.Handler, timeLimit, TroubleLog))];
    }

    public TroubleLog TroubleLog { get; }

    public IReadOnlyList<IRecordSink> Sinks => [.. _metricSinks, .. _logSinks, _instruments];

    public HandlerStatistics[] MetricStatistics => [.. _metricSinks.Select(s => s.Queue.Statistics)];

    public HandlerStatistics[] LogStatistics => [.. _logSinks.Select(s => s.Queue.Statistics)];

    /// <summary>Logs an entry of the monitor itself. The entry bypasses the recorder: the caller may be the pump, which must not wait for
    /// itself, or the recorder may already be closed.</summary>
    public void Log(LogLevel level, string message, Exception? exception)
    {
        var entry = new LogEntry
        {
            Timestamp = _timeProvider.GetUtcNow(),
            Level = level,
            Message = message,
            Exception = exception,
        };
        foreach (LogHandlerSink sink in _logSinks)
            sink.AcceptOwn(entry);
    }

    public void BeginClose()
    {
        foreach (MetricHandlerSink sink in _metricSinks.Append(_instruments))
            sink.Queue.BeginClose();
    }

    /// <param name="deadline">The deadline, as a value of <see cref="Stopwatch.GetTimestamp"/>.</param>
    public void CloseMetricHandlers(long deadline)
    {
        foreach (MetricHandlerSink sink in _metricSinks.Append(_instruments))
            sink.Queue.Close(deadline, sink.Handler);
    }

    /// <inheritdoc cref="CloseMetricHandlers"/>
    public void CloseLogHandlers(long deadline)
    {
        foreach (LogHandlerSink sink in _logSinks)
            sink.Queue.Close(HandlerQueue.WithLastWord(deadline), sink.Handler);
    }

    /// <summary>Returns the handlers with the name of their type, numbered from the second of a type on, so that statistics and log can
    /// tell them apart.</summary>
    private static IEnumerable<(string Name, T Handler)> Named<T>(IEnumerable<T> handlers)
        where T : notnull
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (T handler in handlers)
        {
            string name = handler.GetType().Name;
            int count = counts[name] = counts.GetValueOrDefault(name) + 1;
            yield return (count == 1 ? name : $"{name} {count}", handler);
        }
    }
}
