using System.Diagnostics.Metrics;
using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Afterimage.Monitoring.Tests.Telemetry;

/// <summary>The instruments of the OpenTelemetry GenAI client metrics. They are fed off the recording path: flush before looking.</summary>
public sealed class MeterTests
{
    [Fact]
    public void The_meter_of_a_factory_is_the_factorys_to_dispose()
    {
        using var factory = new OneMeterFactory();
        using var run = new MonitorRun(meterFactory: factory);
        Assert.Equal("Afterimage.Monitoring", factory.Meter!.Name);
        run.Monitor.Dispose();

        using var collector = new MetricCollector<long>(factory.Meter, "after");
        factory.Meter.CreateCounter<long>("after").Add(1);
        Assert.Single(collector.GetMeasurementSnapshot());
    }

    [Fact]
    public void Without_a_factory_the_monitor_has_a_meter_of_its_own_until_it_is_disposed()
    {
        using var listener = new MeterListener();
        var published = new List<Instrument>();
        var completed = new List<Instrument>();
        MonitorRun? run = null;
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name != "Afterimage.Monitoring")
                return;
            lock (published)
                published.Add(instrument);
            l.EnableMeasurementEvents(instrument);
        };
        listener.MeasurementsCompleted = (instrument, _) =>
        {
            lock (completed)
                completed.Add(instrument);
        };
        listener.Start();
        using (run = new MonitorRun())
            run.Monitor.TrackGeneration(TimeSpan.Zero, true);

        // Monitors of tests that run beside this one may be among them.
        lock (published)
            Assert.Contains(published, i => i.Name == "gen_ai.client.token.usage");
        lock (completed)
            Assert.Contains(completed, i => i.Name == "gen_ai.client.token.usage");
    }

    private static string[] Tags<T>(CollectedMeasurement<T> measurement)
        where T : struct => [.. measurement.Tags.Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal)];

    private sealed class OneMeterFactory : IMeterFactory
    {
        public Meter? Meter { get; private set; }

        public Meter Create(MeterOptions options) => Meter = new Meter(options.Name, options.Version, options.Tags, scope: this);

        public void Dispose() => Meter?.Dispose();
    }
}
