using System.Runtime.InteropServices;
using Afterimage.Monitoring;
using BenchmarkDotNet.Attributes;

namespace Afterimage.Benchmarks;

/// <summary>Figures by model, of one tag, and over time, of a million generations in two hours by fifty models and a hundred
/// tenants.</summary>
[Measured(warmups: 3, iterations: 11, once: false)]
public class Slices
{
    private const string Metric = "generation_time";
    private const int Generations = 1_000_000;
    private const int Buckets = 120;

    private static readonly TimeSpan Time = TimeSpan.FromHours(2);
    private static readonly string[] Models = [.. Enumerable.Range(0, 50).Select(i => $"model-{i:00}")];
    private static readonly string[] Tenants = [.. Enumerable.Range(0, 100).Select(i => $"tenant-{i:00}")];
    private static readonly MetricQuery All = new() { Window = Time };
    private static readonly MetricQuery Tenant = new() { Window = Time, Tag = new("tenant", Tenants[7]) };

    private readonly List<(long Timestamp, string Model, double Seconds)> _list = [];
    private GenerationMonitor _monitor = null!;

    [GlobalSetup]
    public void SetUp()
    {
        var options = new GenerationMonitorOptions { WriteFiles = false, MetricsInterval = TimeSpan.Zero };
        options.Dimensions.Add("tenant");
        _monitor = new GenerationMonitor(options);
        DateTimeOffset start = DateTimeOffset.UtcNow - Time;
        for (int i = 0; i < Generations; i++)
        {
            DateTimeOffset time = start + (Time * ((double)i / Generations));
            string model = Models[i % Models.Length];
            TimeSpan duration = Sample.Duration(i);
            _monitor.TrackGeneration(
                duration,
                true,
                new()
                {
                    ModelName = model,
                    Timestamp = time,
                    Tags = [new("tenant", Tenants[i / Models.Length % Tenants.Length])],
                });
            _list.Add((time.UtcTicks, model, duration.TotalSeconds));
        }

        if (_monitor.GetMetricsBy(Metric, "model_name", All).Count != Models.Length)
            throw new InvalidOperationException("Not every model is there.");
    }

    [GlobalCleanup]
    public void CleanUp() => _monitor.Dispose();

    [Benchmark(Baseline = true)]
    public double ByModel() => _monitor.GetMetricsBy(Metric, "model_name", All)[Models[7]].Mean;

    [Benchmark]
    public double OfOneTenant() => _monitor.GetMetrics(Metric, Tenant).Mean;

    [Benchmark]
    public double TimeSeriesAndQuantiles()
    {
        double sum = 0;
        foreach (MetricBucket bucket in _monitor.GetTimeSeries(Metric, Time / Buckets, All))
            sum += bucket.Aggregate.Quantile(0.5) + bucket.Aggregate.Quantile(0.95) + bucket.Aggregate.Quantile(0.99);
        return sum;
    }

    /// <summary>Count, sum, least and greatest by model of what is in the window.</summary>
    [Benchmark]
    public double ScanListByModel()
    {
        long from = (DateTime.UtcNow - Time).Ticks;
        var models = new Dictionary<string, (long Count, double Sum, double Min, double Max)>();
        foreach ((long timestamp, string model, double value) in CollectionsMarshal.AsSpan(_list))
        {
            if (timestamp < from)
                continue;
            ref (long Count, double Sum, double Min, double Max) known =
                ref CollectionsMarshal.GetValueRefOrAddDefault(models, model, out bool isKnown);
            known = isKnown
                ? (known.Count + 1, known.Sum + value, Math.Min(known.Min, value), Math.Max(known.Max, value))
                : (1, value, value, value);
        }

        return models[Models[7]].Sum / models[Models[7]].Count;
    }
}
