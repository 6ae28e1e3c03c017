using System.Diagnostics.Metrics;

namespace Afterimage.Monitoring.Tests.Support;

/// <summary>Makes one meter of a name, of this test's own.</summary>
internal sealed class TestMeterFactory : IMeterFactory
{
    private readonly Dictionary<string, Meter> _meters = [];

    public Meter Create(MeterOptions options)
    {
        options.Scope = this;
        if (!_meters.TryGetValue(options.Name, out Meter? meter))
            _meters.Add(options.Name, meter = new Meter(options));
        return meter;
    }

    public void Dispose()
    {
        foreach (Meter meter in _meters.Values)
            meter.Dispose();
    }
}
