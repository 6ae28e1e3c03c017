using Afterimage.Monitoring.Recording;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Afterimage.Monitoring;

/// <summary>Creates loggers that write to the monitor's log once there is a monitor.</summary>
[ProviderAlias("GenerationMonitor")]
internal sealed class MonitorLoggerProvider(string? monitorName) : ILoggerProvider
{
    private volatile GenerationMonitor? _monitor;

    /// <summary>The name of the monitor to write to.</summary>
    public string? MonitorName => monitorName;

    /// <summary>Attaches the monitor. It is created later, because it needs the logger factory that this provider is a part of.</summary>
    public void Attach(GenerationMonitor monitor) => _monitor = monitor;

    // The monitor itself writes what it logs about itself. Logging it here would cause an endless loop.
    public ILogger CreateLogger(string categoryName) =>
        categoryName == typeof(GenerationMonitor).FullName ? NullLogger.Instance : new MonitorLogger(this, categoryName);

    public void Dispose()
    {
        // The monitor belongs to the container.
    }

    private sealed class MonitorLogger(MonitorLoggerProvider provider, string category) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && provider._monitor is not null;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            ArgumentNullException.ThrowIfNull(formatter);
            if (!IsEnabled(logLevel))
                return;

            string? message = UserText.Of((state, exception), "The message", s => formatter(s.state, s.exception));
            provider._monitor?.Log(logLevel, string.IsNullOrEmpty(message) ? "(no message)" : message, exception, DataOf(state, eventId));
        }

        private Dictionary<string, object?> DataOf<TState>(TState state, EventId eventId)
        {
            var data = new Dictionary<string, object?>();
            foreach ((string key, object? value) in state as IEnumerable<KeyValuePair<string, object?>> ?? [])
            {
                if (!string.IsNullOrEmpty(key) && key != "{OriginalFormat}")
                    data[key] = value;
            }

            // Must be last, so that a placeholder of the same name does not hide the category.
            data["category"] = category;
            if (eventId.Id != 0)
                data["event_id"] = eventId.Id;
            if (eventId.Name is { Length: > 0 } name)
                data["event_name"] = name;
            return data;
        }
    }
}
