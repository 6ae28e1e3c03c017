using System.Globalization;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Plotting;

/// <summary>The points of a snapshot. DuckDB sums them up: no more than what is drawn leaves it.</summary>
internal sealed class SnapshotSource(LogSnapshot snapshot) : IMetricSource
{
    private (IReadOnlyList<ModelQuantiles> Models, int Count)? _latencyByModel;

    public IReadOnlyCollection<string> MetricNames { get; } =
        [.. snapshot.Query("SELECT DISTINCT metric FROM points WHERE isfinite(value) ORDER BY 1").Select(row => row.GetString(0))];

    public MetricSeries Read(string metric)
    {
        string filter = Filter(metric);
        SeriesExtent extent = ReadExtent(metric);
        if (extent.Count == 0)
            return new MetricSeries(extent, []);
        if (!new MetricSeries(extent, []).IsInParts)
        {
            return new MetricSeries(
                extent,
                [
                    .. snapshot.Query($"SELECT epoch_us(timestamp), value FROM points {filter} ORDER BY 1")
                        .Select(row => new SeriesMark(Ticks(row, 0), 1, row.GetDouble(1), row.GetDouble(1), row.GetDouble(1))),
                ]);
        }

        // A part has so many points that the rank, which DuckDB takes a place higher than the project does, makes no difference to the eye.
        TimeGrid grid = MetricSeries.GridOf(extent);
        return new MetricSeries(
            extent,
            [
                .. snapshot.Query($"""
                    SELECT {PartOf(grid)} AS part, count(*), sum(value), quantile_disc(value, 0.05), quantile_disc(value, 0.95)
                    FROM points {filter} GROUP BY 1 ORDER BY 1
                    """).Select(row => new SeriesMark(grid.Middle((int)row.GetInt64(0)), row.GetInt64(1), row.GetDouble(2), row.GetDouble(3), row.GetDouble(4))),
            ]);
    }

    public SeriesExtent ReadExtent(string metric) => snapshot
        .Query($"SELECT count(*), min(epoch_us(timestamp)), max(epoch_us(timestamp)), min(value), max(value), avg(value) FROM points {Filter(metric)}")
        .Select(row => row.GetInt64(0) == 0 ? default : new SeriesExtent(row.GetInt64(0), Ticks(row, 1), Ticks(row, 2), row.GetDouble(3), row.GetDouble(4), row.GetDouble(5)))
        .ToArray()[0];

    public (IReadOnlyList<ModelQuantiles> Models, int Count) LatencyByModel => _latencyByModel ??= ReadLatencyByModel();

    public (IReadOnlyList<ModelSums> Models, int Others) SumsByModel(string metric, TimeGrid grid, int maxModels)
    {
        string sums = $"""
            SELECT coalesce(model_name, 'unknown') AS model, {PartOf(grid)} AS part, sum(value) AS total
            FROM points {Filter(metric)} GROUP BY ALL HAVING part BETWEEN 0 AND {grid.Count - 1}
            """;
        var models = new Dictionary<string, double[]>(StringComparer.Ordinal);
        double[]? others = null;
        foreach (DuckDBDataReader row in snapshot.Query($"""
            WITH sums AS MATERIALIZED ({sums}), shown AS (SELECT model FROM sums GROUP BY model ORDER BY sum(total) DESC, model LIMIT {maxModels})
            SELECT CASE WHEN model IN (FROM shown) THEN model END AS name, part, sum(total) FROM sums GROUP BY ALL
            """))
        {
            double[]? parts;
            if (row.IsDBNull(0))
                parts = others ??= new double[grid.Count];
            else if (!models.TryGetValue(row.GetString(0), out parts))
                models.Add(row.GetString(0), parts = new double[grid.Count]);
            parts[row.GetInt64(1)] = row.GetDouble(2);
        }

        List<ModelSums> result =
        [
            .. models.Select(model => new ModelSums(model.Key, model.Value)).OrderByDescending(model => model.Sums.Sum()).ThenBy(model => model.Model, StringComparer.Ordinal),
        ];
        if (others is null)
            return (result, 0);
        result.Add(new ModelSums(null, others));
        return (result, (int)snapshot.Scalar($"SELECT count(DISTINCT model) FROM ({sums})") - models.Count);
    }

    private (IReadOnlyList<ModelQuantiles> Models, int Count) ReadLatencyByModel()
    {
        string points = $"SELECT coalesce(model_name, 'unknown') AS model, value FROM points {Filter("generation_time")}";
        string ranks = string.Join(", ", ((string[])["0.05", "0.25", "0.5", "0.75", "0.95", "0.99"]).Select(q => $"max(value) FILTER (place = floor({q} * (points - 1)))"));
        return (
            [
                .. snapshot.Query($"""
                    WITH shown AS (SELECT model, count(*) AS points FROM ({points}) GROUP BY model ORDER BY points DESC, model LIMIT {IMetricSource.MaxModels})
                    SELECT model, points, {ranks}
                    FROM (SELECT model, points, value, row_number() OVER (PARTITION BY model ORDER BY value) - 1 AS place FROM ({points}) JOIN shown USING (model))
                    GROUP BY model, points ORDER BY points DESC, model
                    """).Select(row => new ModelQuantiles(
                        row.GetString(0), row.GetInt64(1), row.GetDouble(2), row.GetDouble(3), row.GetDouble(4), row.GetDouble(5), row.GetDouble(6), row.GetDouble(7))),
            ],
            (int)snapshot.Scalar($"SELECT count(DISTINCT model) FROM ({points})"));
    }

    private static long Ticks(DuckDBDataReader row, int column) => DateTime.UnixEpoch.Ticks + (row.GetInt64(column) * TimeSpan.TicksPerMicrosecond);

    private static string PartOf(TimeGrid grid) => string.Create(
        CultureInfo.InvariantCulture,
        $"(epoch_us(timestamp) - {(grid.FirstTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond}) // {grid.Width / TimeSpan.TicksPerMicrosecond}");

    private static string Filter(string metric) => $"WHERE metric = {LogSnapshot.Quote(metric)} AND isfinite(value)";
}
