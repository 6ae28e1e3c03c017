using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Reporting.Plotting;

/// <summary>The finite points of one metric, by time.</summary>
internal sealed record MetricPoints(long[] UtcTicks, double[] Values)
{
    public int Count => Values.Length;
}

/// <summary>Where figures have their points from.</summary>
internal interface IMetricSource
{
    IReadOnlyCollection<string> MetricNames { get; }

    MetricPoints Read(string metric);

    /// <summary>The values of a metric by model, those without a model under "unknown", the most frequent model first.</summary>
    IReadOnlyList<(string Model, double[] Values)> ReadByModel(string metric);
}

/// <summary>The points in a monitor's memory, stamped at or after a moment.</summary>
internal sealed class MemorySource(IEnumerable<RetainedPoints> points, DateTimeOffset since) : IMetricSource
{
    private const string UnknownModel = "unknown";

    private readonly ILookup<string, RetainedPoints> _points = points.ToLookup(chunk => chunk.Metric, StringComparer.Ordinal);

    public IReadOnlyCollection<string> MetricNames => [.. _points.Select(metric => metric.Key)];

    public MetricPoints Read(string metric)
    {
        var ticks = new List<long>();
        var values = new List<double>();
        foreach ((RetainedPoints chunk, int index) in Points(metric))
        {
            ticks.Add(chunk.UtcTicks(index));
            values.Add(chunk.Value(index));
        }

        long[] keys = [.. ticks];
        double[] items = [.. values];
        Array.Sort(keys, items);
        return new MetricPoints(keys, items);
    }

    public IReadOnlyList<(string Model, double[] Values)> ReadByModel(string metric) =>
    [
        .. Points(metric).GroupBy(point => point.Chunk.Model(point.Index) ?? UnknownModel, point => point.Chunk.Value(point.Index), StringComparer.Ordinal)
            .Select(model => (model.Key, model.ToArray()))
            .OrderByDescending(model => model.Item2.Length).ThenBy(model => model.Key, StringComparer.Ordinal),
    ];

    private IEnumerable<(RetainedPoints Chunk, int Index)> Points(string metric)
    {
        foreach (RetainedPoints chunk in _points[metric])
        {
            for (int i = 0; i < chunk.Count; i++)
            {
                if (chunk.UtcTicks(i) >= since.UtcTicks)
                    yield return (chunk, i);
            }
        }
    }
}

/// <summary>The points of a snapshot.</summary>
internal sealed class SnapshotSource(LogSnapshot snapshot) : IMetricSource
{
    public IReadOnlyCollection<string> MetricNames { get; } = [.. snapshot.Query("SELECT DISTINCT metric FROM points WHERE isfinite(value)").Select(row => row.GetString(0))];

    public MetricPoints Read(string metric)
    {
        string filter = Filter(metric);
        long count = snapshot.Scalar($"SELECT count(*) FROM points {filter}");
        var points = new MetricPoints(new long[count], new double[count]);
        int index = 0;
        foreach (var row in snapshot.Query($"SELECT epoch_us(timestamp), value FROM points {filter} ORDER BY 1"))
        {
            points.UtcTicks[index] = DateTime.UnixEpoch.Ticks + (row.GetInt64(0) * TimeSpan.TicksPerMicrosecond);
            points.Values[index++] = row.GetDouble(1);
        }

        return points;
    }

    public IReadOnlyList<(string Model, double[] Values)> ReadByModel(string metric)
    {
        var models = new Dictionary<string, List<double>>(StringComparer.Ordinal);
        foreach (var row in snapshot.Query($"SELECT coalesce(model_name, 'unknown'), value FROM points {Filter(metric)}"))
        {
            string model = row.GetString(0);
            if (!models.TryGetValue(model, out List<double>? values))
                models.Add(model, values = []);
            values.Add(row.GetDouble(1));
        }

        return [.. models.Select(model => (model.Key, model.Value.ToArray())).OrderByDescending(model => model.Item2.Length).ThenBy(model => model.Key, StringComparer.Ordinal)];
    }

    private static string Filter(string metric) => $"WHERE metric = {LogSnapshot.Quote(metric)} AND isfinite(value)";
}
