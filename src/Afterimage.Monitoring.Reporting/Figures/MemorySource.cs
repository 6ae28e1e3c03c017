using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>The points in a monitor's memory, stamped at or after a moment.</summary>
internal sealed class MemorySource(IEnumerable<RetainedPoints> points, DateTimeOffset since) : IMetricSource
{
    private const string UnknownModel = "unknown";

    private readonly ILookup<string, RetainedPoints> _points = points.ToLookup(chunk => chunk.Metric, StringComparer.Ordinal);
    private Dictionary<string, long>? _pointCounts;

    public IReadOnlyDictionary<string, long> PointCounts =>
        _pointCounts ??= _points.ToDictionary(metric => metric.Key, metric => (long)Points(metric.Key).Count(), StringComparer.Ordinal);

    public MetricSeries Read(string metric)
    {
        var times = new List<long>();
        var points = new List<double>();
        foreach ((RetainedPoints chunk, int index) in Points(metric))
        {
            times.Add(chunk.UtcTicks(index));
            points.Add(chunk.Value(index));
        }

        long[] ticks = [.. times];
        double[] values = [.. points];
        if (values.Length == 0)
            return new MetricSeries(default, []);

        Array.Sort(ticks, values);
        var extent = new SeriesExtent(values.Length, ticks[0], ticks[^1], values.Min(), values.Max(), Mean(values));
        return new MetricSeries(
            extent,
            extent.Count <= MetricSeries.MaxPoints ? Single(ticks, values) : InParts(MetricSeries.GridOf(extent), ticks, values));
    }

    public SeriesExtent ReadExtent(string metric) => Read(metric).Extent;

    public (IReadOnlyList<ModelQuantiles> Models, int Count) LatencyByModel
    {
        get
        {
            (string Model, double[] Values)[] models =
            [
                .. Points("generation_time")
                    .GroupBy(
                        point => point.Chunk.Model(point.Index) ?? UnknownModel,
                        point => point.Chunk.Value(point.Index),
                        StringComparer.Ordinal)
                    .Select(model => (model.Key, model.Order().ToArray()))
                    .OrderByDescending(model => model.Item2.Length).ThenBy(model => model.Key, StringComparer.Ordinal),
            ];
            return ([.. models.Take(IMetricSource.MaxModels).Select(model => Quantiles(model.Model, model.Values))], models.Length);
        }
    }

    public (IReadOnlyList<ModelSums> Models, int Others) SumsByModel(string metric, TimeGrid grid, int maxModels)
    {
        var sums = new Dictionary<string, double[]>(StringComparer.Ordinal);
        foreach ((RetainedPoints chunk, int index) in Points(metric))
        {
            string model = chunk.Model(index) ?? UnknownModel;
            if (!sums.TryGetValue(model, out double[]? parts))
                sums.Add(model, parts = new double[grid.Count]);
            if (grid.PartOf(chunk.UtcTicks(index)) is var part && part >= 0 && part < grid.Count)
                parts[part] += Figure.Drawn(chunk.Value(index));
        }

        KeyValuePair<string, double[]>[] models =
        [
            .. sums.OrderByDescending(model => model.Value.Sum()).ThenBy(model => model.Key, StringComparer.Ordinal),
        ];
        double[][] others = [.. models.Skip(maxModels).Select(model => model.Value)];
        List<ModelSums> shown = [.. models.Take(maxModels).Select(model => new ModelSums(model.Key, model.Value))];
        if (others.Length > 0)
            shown.Add(new ModelSums(null, [.. Enumerable.Range(0, grid.Count).Select(part => others.Sum(model => model[part]))]));
        return (shown, others.Length);
    }

    private static SeriesMark[] Single(long[] ticks, double[] values) =>
        [.. ticks.Zip(values, (time, value) => new SeriesMark(time, 1, value, value, value))];

    private static SeriesMark[] InParts(TimeGrid grid, long[] ticks, double[] values)
    {
        var marks = new List<SeriesMark>();
        for (int start = 0; start < values.Length;)
        {
            int part = grid.PartOf(ticks[start]);
            int end = start + 1;
            while (end < values.Length && grid.PartOf(ticks[end]) == part)
                end++;

            double[] sorted = values[start..end];
            Array.Sort(sorted);
            marks.Add(new SeriesMark(grid.Middle(part), sorted.Length, Mean(sorted), Quantile(sorted, 0.05), Quantile(sorted, 0.95)));
            start = end;
        }

        return [.. marks];
    }

    private static ModelQuantiles Quantiles(string model, double[] sorted) => new(
        model,
        sorted.Length,
        Quantile(sorted, 0.05),
        Quantile(sorted, 0.25),
        Quantile(sorted, 0.5),
        Quantile(sorted, 0.75),
        Quantile(sorted, 0.95),
        Quantile(sorted, 0.99));

    private static double Mean(double[] values)
    {
        var sum = default(CompensatedSum);
        foreach (double value in values)
            sum.Add(value, 1);
        return sum.Mean(values.Length);
    }

    private static double Quantile(double[] sorted, double q) => sorted[(int)QuantileRank.Of(q, sorted.Length)];

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
