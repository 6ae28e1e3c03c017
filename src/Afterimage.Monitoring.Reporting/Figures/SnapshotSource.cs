using System.Globalization;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Reporting.Snapshots;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>The points of a snapshot. DuckDB sums them up: no more than what is drawn leaves it.</summary>
internal sealed class SnapshotSource(LogSnapshot snapshot) : IMetricSource
{
    private const string Model = "coalesce(model_name, 'unknown')";

    private (IReadOnlyList<ModelQuantiles> Models, int Count)? _latencyByModel;
    private Dictionary<string, long>? _pointCounts;

    public IReadOnlyDictionary<string, long> PointCounts =>
        _pointCounts ??= snapshot
            .Query(
                $"""
                SELECT metric, count(*) FROM points
                WHERE isfinite(value)
                    AND (metric IN ({PointSource.WellKnown}) OR starts_with(metric, {LogSnapshot.Quote(Names.ScorePrefix)}))
                GROUP BY 1
                """
            )
            .Select(row => (Metric: row.GetString(0), Count: row.GetInt64(1)))
            .ToDictionary(metric => metric.Metric, metric => metric.Count, StringComparer.Ordinal);

    public MetricSeries Read(string metric)
    {
        SeriesExtent extent = ReadExtent(metric);
        if (extent.Count == 0)
            return new MetricSeries(extent, []);
        if (!new MetricSeries(extent, []).IsInParts)
        {
            return new MetricSeries(
                extent,
                [
                    .. snapshot.Query($"SELECT ticks, value FROM {Points(metric)} ORDER BY 1")
                        .Select(row => new SeriesMark(Ticks(row, 0), 1, row.GetDouble(1), row.GetDouble(1), row.GetDouble(1))),
                ]);
        }

        // A part has so many points that the rank, which DuckDB takes a place higher than the project does, makes no difference to the eye.
        TimeGrid grid = MetricSeries.GridOf(extent);
        return new MetricSeries(
            extent,
            [
                .. snapshot
                    .Query(
                        $"""
                        SELECT {PartOf(grid)} AS part, count(*), {PointSource.Mean("value")},
                            quantile_disc(value, 0.05), quantile_disc(value, 0.95)
                        FROM {Points(metric)} GROUP BY 1 ORDER BY 1
                        """
                    )
                    .Select(row => new SeriesMark(
                        grid.Middle((int)row.GetInt64(0)),
                        row.GetInt64(1),
                        row.GetDouble(2),
                        row.GetDouble(3),
                        row.GetDouble(4))),
            ]);
    }

    public SeriesExtent ReadExtent(string metric) =>
        snapshot
            .Query($"SELECT count(*), min(ticks), max(ticks), min(value), max(value), {PointSource.Mean("value")} FROM {Points(metric)}")
            .Select(row =>
                row.GetInt64(0) == 0
                    ? default
                    : new SeriesExtent(row.GetInt64(0), Ticks(row, 1), Ticks(row, 2), row.GetDouble(3), row.GetDouble(4), row.GetDouble(5)))
            .ToArray()[0];

    public (IReadOnlyList<ModelQuantiles> Models, int Count) LatencyByModel => _latencyByModel ??= ReadLatencyByModel();

    public (IReadOnlyList<ModelSums> Models, int Others) SumsByModel(string metric, TimeGrid grid, int maxModels)
    {
        var models = new Dictionary<string, double[]>(StringComparer.Ordinal);
        double[]? others = null;
        int count = 0;
        foreach (
            DuckDBDataReader row in snapshot.Query(
                $"""
                WITH sums AS MATERIALIZED (
                        SELECT {Model} AS model, {PartOf(grid)} AS part, sum({Figure.DrawnSql("value")}) AS total FROM {Points(
                    metric)} GROUP BY ALL HAVING part BETWEEN 0 AND {grid.Count - 1}),
                    shown AS (SELECT model FROM sums GROUP BY model ORDER BY sum(total) DESC, model LIMIT {maxModels})
                SELECT CASE WHEN model IN (FROM shown) THEN model END AS name, part, sum(total), (SELECT count(DISTINCT model) FROM sums)
                FROM sums GROUP BY ALL
                """
            ))
        {
            double[]? parts;
            if (row.IsDBNull(0))
                parts = others ??= new double[grid.Count];
            else if (!models.TryGetValue(row.GetString(0), out parts))
                models.Add(row.GetString(0), parts = new double[grid.Count]);
            parts[row.GetInt64(1)] = row.GetDouble(2);
            count = (int)row.GetInt64(3);
        }

        List<ModelSums> result =
        [
            .. models
                .Select(model => new ModelSums(model.Key, model.Value))
                .OrderByDescending(model => model.Sums.Sum())
                .ThenBy(model => model.Model, StringComparer.Ordinal),
        ];
        if (others is not null)
            result.Add(new ModelSums(null, others));
        return (result, count - models.Count);
    }

    private static string Points(string metric) => $"(SELECT * FROM ({PointSource.Points(metric)}) WHERE isfinite(value))";

    private static long Ticks(DuckDBDataReader row, int column) => RecordTime.OfUnix(row.GetInt64(column));

    private static string PartOf(TimeGrid grid) =>
        string.Create(CultureInfo.InvariantCulture, $"(ticks - {grid.FirstTicks - DateTime.UnixEpoch.Ticks}) // {grid.Width}");

    private (IReadOnlyList<ModelQuantiles> Models, int Count) ReadLatencyByModel()
    {
        string points = Points("generation_time");
        int all = 0;
        List<(string Model, long Count)> models = [];
        foreach (
            DuckDBDataReader row in snapshot.Query(
                $"""
                WITH counts AS MATERIALIZED (SELECT {Model} AS model, count(*) AS times FROM {points} GROUP BY 1)
                SELECT model, times, (SELECT count(*) FROM counts) FROM counts ORDER BY times DESC, model LIMIT {IMetricSource.MaxModels}
                """
            ))
        {
            models.Add((row.GetString(0), row.GetInt64(1)));
            all = (int)row.GetInt64(2);
        }

        return ([.. models.Select(model => Quantiles(points, model.Model, model.Count))], all);
    }

    // One sort and one walk a model: DuckDB's own quantiles take another rank, and to number the points costs it ten times as much.
    private ModelQuantiles Quantiles(string points, string model, long count)
    {
        long[] places = [.. ((double[])[0.05, 0.25, 0.5, 0.75, 0.95, 0.99]).Select(q => QuantileRank.Of(q, count))];
        var values = new double[places.Length];
        int found = 0;
        long place = 0;
        foreach (
            DuckDBDataReader row in snapshot.Query($"SELECT value FROM {points} WHERE {Model} = {LogSnapshot.Quote(model)} ORDER BY value"))
        {
            for (; found < places.Length && places[found] == place; found++)
                values[found] = row.GetDouble(0);
            if (found == places.Length)
                break;
            place++;
        }

        return new ModelQuantiles(model, count, values[0], values[1], values[2], values[3], values[4], values[5]);
    }
}
