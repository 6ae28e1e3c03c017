using System.Globalization;
using Afterimage.Monitoring.ClickHouse.Cluster;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>The calls of a run over time, in columns of equal width.</summary>
/// <param name="cluster">The cluster.</param>
internal sealed class TimeColumns(FleetCluster cluster)
{
    private static readonly string[] Sums = ["success_rate", "prompt_token_count", "completion_token_count", "cost_usd"];
    private static readonly string[] Quantiles = ["generation_time", "time_to_first_token"];

    /// <summary>Returns the columns that have calls, by number since 1970.</summary>
    /// <param name="filter">The records.</param>
    /// <param name="width">The width of a column, in ticks.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public async Task<SortedDictionary<long, TimeColumn>> ReadAsync(FleetFilter filter, long width, CancellationToken cancellationToken)
    {
        string where = $"event IN ('generation', 'evaluation') AND {new FilterSql(filter, cluster.Schema.Database).Records}";
        string column = string.Create(CultureInfo.InvariantCulture, $"toString(intDiv(ticks, {width}))");
        var groups = new PointGroups(cluster);
        var all = new SortedDictionary<long, TimeColumn>();
        Add(await groups.ReadAsync(column, Sums, where, PointGroups.Coarse, null, cancellationToken).ConfigureAwait(false));
        Add(await groups.ReadAsync(column, Quantiles, where, PointGroups.Fine, null, cancellationToken).ConfigureAwait(false));
        foreach (string[] row in await cluster
            .RowsAsync(
                $"SELECT {column} AS column, count(), sum(score) FROM {cluster.Schema.Database}.record_lines "
                + $"ARRAY JOIN score_values AS score WHERE isFinite(score) AND {where} GROUP BY column",
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false))
            At(row[0]).MeanScore = double.Parse(row[2], CultureInfo.InvariantCulture) / FleetFigures.Number(row[1]);
        return all;

        void Add(Dictionary<(string Key, string Metric), PointBuckets> points)
        {
            foreach (((string key, string metric), PointBuckets values) in points.Where(group => group.Value.Count > 0))
                At(key).Points.Add(metric, values);
        }

        TimeColumn At(string key)
        {
            long number = FleetFigures.Number(key);
            if (!all.TryGetValue(number, out TimeColumn? found))
                all.Add(number, found = new TimeColumn());
            return found;
        }
    }
}

/// <summary>The calls in one column.</summary>
internal sealed class TimeColumn
{
    /// <summary>The points of some metrics.</summary>
    public Dictionary<string, PointBuckets> Points { get; } = new(StringComparer.Ordinal);

    /// <summary>The mean of all scores; null if there are none.</summary>
    public double? MeanScore { get; set; }
}
