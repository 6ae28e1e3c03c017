using System.Runtime.InteropServices;
using Afterimage.Monitoring;
using BenchmarkDotNet.Attributes;

namespace Afterimage.Benchmarks;

/// <summary><c>GetMetrics</c> over the default window of five minutes, which takes the younger half of the points: they are spread evenly
/// over ten.</summary>
[Measured(warmups: 3, iterations: 11, once: false)]
public class Queries
{
    private const string Metric = "latency";

    private TemporaryDirectory _directory = null!;
    private GenerationMonitor _monitor = null!;
    private List<(long Timestamp, double Value)> _list = [];

    [Params(10_000, 100_000, 1_000_000, 10_000_000)]
    public int Points { get; set; }

    [GlobalSetup(Targets = [nameof(GetMetrics), nameof(GetMetricsAndQuantiles)])]
    public void SetUpMonitor()
    {
        _directory = new TemporaryDirectory();
        _monitor = new GenerationMonitor(new GenerationMonitorOptions
        {
            LogDirectory = _directory.Path,
            WriteFiles = false,
            MetricsInterval = TimeSpan.Zero,
            MaxRetainedPoints = 20_000_000,
        });
        ForEachPoint((timestamp, value) => _monitor.RecordMetric(Metric, value, timestamp: timestamp));
        MetricAggregate aggregate = _monitor.GetMetrics(Metric);
        if (aggregate.Count < Points * 0.4 || aggregate.Count > Points * 0.6)
            throw new InvalidOperationException($"The window takes {aggregate.Count} of {Points} points.");
    }

    [GlobalSetup(Targets = [nameof(ScanList), nameof(ScanListAndSort)])]
    public void SetUpList()
    {
        _list = new List<(long, double)>(Points);
        ForEachPoint((timestamp, value) => _list.Add((timestamp.UtcTicks, value)));
    }

    [GlobalCleanup(Targets = [nameof(GetMetrics), nameof(GetMetricsAndQuantiles)])]
    public void CleanUp()
    {
        _monitor.Dispose();
        _directory.Dispose();
    }

    [Benchmark(Baseline = true)]
    public double GetMetrics() => _monitor.GetMetrics(Metric).Mean;

    [Benchmark]
    public double GetMetricsAndQuantiles()
    {
        MetricAggregate aggregate = _monitor.GetMetrics(Metric);
        return aggregate.Quantile(0.5) + aggregate.Quantile(0.95) + aggregate.Quantile(0.99);
    }

    /// <summary>Count, sum, least and greatest of what is in the window.</summary>
    [Benchmark]
    public double ScanList()
    {
        long from = DateTime.UtcNow.Ticks - TimeSpan.FromMinutes(5).Ticks;
        (long count, double sum, double min, double max) = (0, 0, double.PositiveInfinity, double.NegativeInfinity);
        foreach ((long timestamp, double value) in CollectionsMarshal.AsSpan(_list))
        {
            if (timestamp < from)
                continue;
            count++;
            sum += value;
            min = Math.Min(min, value);
            max = Math.Max(max, value);
        }

        return (sum / count) + min + max;
    }

    /// <summary>The same, and three quantiles by sorting.</summary>
    [Benchmark]
    public double ScanListAndSort()
    {
        long from = DateTime.UtcNow.Ticks - TimeSpan.FromMinutes(5).Ticks;
        var values = new List<double>();
        foreach ((long timestamp, double value) in CollectionsMarshal.AsSpan(_list))
        {
            if (timestamp >= from)
                values.Add(value);
        }

        values.Sort();
        return values[(int)(0.5 * (values.Count - 1))]
            + values[(int)(0.95 * (values.Count - 1))]
            + values[(int)(0.99 * (values.Count - 1))];
    }

    /// <summary>Latencies as they are: log-normal, median 1.5 s.</summary>
    private void ForEachPoint(Action<DateTimeOffset, double> add)
    {
        var random = new Random(42);
        DateTimeOffset end = DateTimeOffset.UtcNow;
        double step = TimeSpan.FromMinutes(10).Ticks / (double)Points;
        for (int i = 0; i < Points; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            add(end.AddTicks(-(long)((Points - i) * step)), 1.5 * Math.Exp(0.5 * normal));
        }
    }
}
