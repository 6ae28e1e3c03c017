using System.Diagnostics.Metrics;

namespace Afterimage.Monitoring.Handlers;

/// <summary>The monitor's own health, read from its statistics when somebody collects.</summary>
internal sealed class HealthInstruments : IDisposable
{
    private readonly KeyValuePair<string, object?> _directory;
    private volatile Func<MonitorStatistics>? _statistics;

    /// <param name="meter">Where the instruments are made. It may be shared, and outlive the monitor.</param>
    /// <param name="logDirectory">Tells monitors on one meter apart.</param>
    /// <param name="statistics">Called when somebody collects.</param>
    public HealthInstruments(Meter meter, string logDirectory, Func<MonitorStatistics> statistics)
    {
        _directory = new KeyValuePair<string, object?>("afterimage.log_directory", logDirectory);
        _statistics = statistics;
        meter.CreateObservableCounter("afterimage.records.recorded", () => Observe(s => s.Recorded), "{record}", "Records accepted by the monitor.");
        meter.CreateObservableCounter("afterimage.records.dropped", () => Observe(s => s.Dropped), "{record}", "Records refused because a buffer was full.");
        meter.CreateObservableUpDownCounter("afterimage.handler.queue.length", () => ObserveHandlers(h => h.Pending), "{record}", "Records that wait for a handler.");
        meter.CreateObservableCounter("afterimage.handler.records.lost", () => ObserveHandlers(h => h.Failed + h.Dropped), "{record}", "Records lost on the way to a handler.");
        meter.CreateObservableCounter("afterimage.handler.failures", () => ObserveHandlers(h => h.Failures), "{failure}", "Calls of a handler that threw.");
    }

    /// <summary>Lets go of the monitor: a factory's meter lives on.</summary>
    public void Dispose() => _statistics = null;

    private IEnumerable<Measurement<long>> Observe(Func<MonitorStatistics, long> value) =>
        _statistics?.Invoke() is { } statistics ? [new Measurement<long>(value(statistics), _directory)] : [];

    private IEnumerable<Measurement<long>> ObserveHandlers(Func<HandlerStatistics, long> value) =>
        _statistics?.Invoke() is { } statistics
            ? statistics.Handlers.Select(h => new Measurement<long>(value(h), _directory, new("afterimage.handler", h.Name)))
            : [];
}
