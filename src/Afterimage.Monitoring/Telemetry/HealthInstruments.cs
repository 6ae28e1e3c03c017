using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;

namespace Afterimage.Monitoring.Telemetry;

/// <summary>Reports the health of the monitors that share a meter, read from their statistics when the instruments are collected.</summary>
/// <remarks>One set of instruments serves all of them. It stays with the meter, so that monitors that come and go leave nothing
/// behind.</remarks>
internal sealed class HealthInstruments
{
    private static readonly ConditionalWeakTable<Meter, HealthInstruments> OfMeters = [];

    private readonly Lock _lock = new();
    private Source[] _sources = [];

    private HealthInstruments(Meter meter)
    {
        meter.CreateObservableCounter(
            "afterimage.records.recorded",
            () => Observe(s => s.Recorded),
            "{record}",
            "Records accepted by the monitor.");
        meter.CreateObservableCounter(
            "afterimage.records.dropped",
            () => Observe(s => s.Dropped),
            "{record}",
            "Records refused because a buffer was full.");
        meter.CreateObservableUpDownCounter(
            "afterimage.handler.queue.length",
            () => ObserveHandlers(h => h.Pending),
            "{record}",
            "Records that wait for a handler.");
        meter.CreateObservableCounter(
            "afterimage.handler.records.lost",
            () => ObserveHandlers(h => h.Failed + h.Dropped),
            "{record}",
            "Records lost on the way to a handler.");
        meter.CreateObservableCounter(
            "afterimage.handler.failures",
            () => ObserveHandlers(h => h.Failures),
            "{failure}",
            "Calls of a handler that threw.");
    }

    /// <summary>Adds a monitor to be observed until the return value is disposed.</summary>
    /// <param name="meter">The meter of the instruments.</param>
    /// <param name="logDirectory">The log directory, which distinguishes the monitors on one meter.</param>
    /// <param name="statistics">Called when the instruments are collected.</param>
    public static IDisposable Add(Meter meter, string logDirectory, Func<MonitorStatistics> statistics)
    {
        HealthInstruments instruments = OfMeters.GetValue(meter, static m => new HealthInstruments(m));
        var source = new Source(instruments, new("afterimage.log_directory", logDirectory), statistics);
        lock (instruments._lock)
            instruments._sources = [.. instruments._sources, source];
        return source;
    }

    private IEnumerable<Measurement<long>> Observe(Func<MonitorStatistics, long> value) =>
        Volatile.Read(ref _sources).Select(source => new Measurement<long>(value(source.Statistics()), source.Directory));

    private IEnumerable<Measurement<long>> ObserveHandlers(Func<HandlerStatistics, long> value) =>
        Volatile
            .Read(ref _sources)
            .SelectMany(source =>
                source
                    .Statistics()
                    .Handlers.Select(h => new Measurement<long>(value(h), source.Directory, new("afterimage.handler", h.Name))));

    private sealed record Source(HealthInstruments Instruments, KeyValuePair<string, object?> Directory, Func<MonitorStatistics> Statistics)
        : IDisposable
    {
        public void Dispose()
        {
            lock (Instruments._lock)
                Instruments._sources = [.. Instruments._sources.Where(source => !ReferenceEquals(source, this))];
        }
    }
}
