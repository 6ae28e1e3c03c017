using System.Collections.Concurrent;
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
    public async Task Without_a_factory_monitors_share_a_meter_that_the_end_of_one_does_not_end()
    {
        using var one = new MonitorRun();
        var other = new MonitorRun();
        string model = Guid.NewGuid().ToString();
        var completed = new ConcurrentQueue<Instrument>();
        var durations = new ConcurrentQueue<double>();
        var directories = new ConcurrentQueue<object?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, l) =>
            {
                if (
                    instrument.Meter is { Name: "Afterimage.Monitoring", Scope: null }
                    && instrument.Name is "gen_ai.client.operation.duration" or "afterimage.records.recorded")
                    l.EnableMeasurementEvents(instrument);
            },
            MeasurementsCompleted = (instrument, _) => completed.Enqueue(instrument),
        };

        // Monitors of tests that run beside this one are on the meter too.
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) =>
        {
            if (tags.ToArray().Any(t => Equals(t.Value, model)))
                durations.Enqueue(value);
        });
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => directories.Enqueue(tags.ToArray().Single().Value));
        listener.Start();
        other.Monitor.TrackGeneration(TimeSpan.FromSeconds(2), true, new() { ModelName = model });
        other.Dispose();
        one.Monitor.TrackGeneration(TimeSpan.FromSeconds(3), true, new() { ModelName = model });
        await one.Monitor.FlushAsync(Limits.Token);
        listener.RecordObservableInstruments();

        Assert.Empty(completed);
        Assert.Equal([2, 3], durations);
        Assert.Contains(one.Monitor.LogDirectory!, directories);
        Assert.DoesNotContain(other.Monitor.LogDirectory!, directories);
    }

    private sealed class OneMeterFactory : IMeterFactory
    {
        public Meter? Meter { get; private set; }

        public Meter Create(MeterOptions options) => Meter = new Meter(options.Name, options.Version, options.Tags, scope: this);

        public void Dispose() => Meter?.Dispose();
    }
}
