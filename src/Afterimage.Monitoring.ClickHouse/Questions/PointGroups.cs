using System.Globalization;
using System.Runtime.InteropServices;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>Queries the points of records, grouped by a key and by metric.</summary>
/// <remarks>
/// Servers count points by the first bits of their values: sign, exponent and some digits. Such buckets can be added up across servers, and
/// each shard sends its buckets only. With seven digits, all points of a bucket are within 0.8 % of each other. Servers also add up the
/// remaining digits, as integers, in two parts so that the sums do not overflow. Sums are therefore as exact as those of all points.
/// </remarks>
/// <param name="cluster">The cluster.</param>
internal sealed class PointGroups(FleetCluster cluster)
{
    /// <summary>The number of bits that are not part of a bucket with seven digits.</summary>
    public const int Fine = 45;

    /// <summary>The same with no digit, for sums.</summary>
    public const int Coarse = 52;

    /// <summary>The low part of the remaining digits. It can be added up 2^38 times.</summary>
    private const int LowBits = 26;

    /// <summary>Returns the points by key and metric.</summary>
    /// <param name="key">An SQL expression of the key.</param>
    /// <param name="metrics">The requested metrics of calls; null: all metrics.</param>
    /// <param name="where">The condition for the records.</param>
    /// <param name="precision"><see cref="Fine"/> or <see cref="Coarse"/>.</param>
    /// <param name="nameOf">Returns the metric under which a metric counts.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public async Task<Dictionary<(string Key, string Metric), PointBuckets>> ReadAsync(
        string key,
        IReadOnlyCollection<string>? metrics,
        string where,
        int precision,
        Func<string, string>? nameOf = null,
        CancellationToken cancellationToken = default)
    {
        var groups = new Dictionary<(string, string), PointBuckets>();
        string sql = Sql(key, metrics, where, precision);
        await foreach (string[] row in cluster.StreamAsync(sql, cancellationToken).ConfigureAwait(false))
        {
            ref PointBuckets? group = ref CollectionsMarshal.GetValueRefOrAddDefault(
                groups,
                (row[0], nameOf is null ? row[1] : nameOf(row[1])),
                out _);
            group ??= new PointBuckets();
            group.Add(Parse(row[2]) << precision, (long)Parse(row[3]), Parse(row[4]), Parse(row[5]), LowBits, (row[6], row[7]));
        }

        return groups;
    }

    private string Sql(string key, IReadOnlyCollection<string>? metrics, string where, int precision)
    {
        string only = metrics is null ? "" : $" AND point.1 IN ({string.Join(", ", metrics.Select(metric => $"'{metric}'"))})";
        const string Value = "assumeNotNull(point.2)";
        const string Bits = $"reinterpretAsUInt64(reinterpretAsString({Value}))";
        return string.Create(CultureInfo.InvariantCulture, $"""
            SELECT {key} AS key, point.1 AS metric, bitShiftRight({Bits}, {precision}) AS bucket, count(),
                sum(bitShiftRight(bitAnd({Bits}, {(1UL << precision) - 1}), {LowBits})), sum(bitAnd({Bits}, {(1UL << LowBits) - 1})),
                min({Value}), max({Value})
            FROM {cluster.Schema.Database}.record_lines ARRAY JOIN {FleetSchema.PointsOf(metrics)} AS point
            WHERE event != 'skipped' AND {where}{only} GROUP BY key, metric, bucket
            """);
    }

    private static ulong Parse(string number) => ulong.Parse(number, CultureInfo.InvariantCulture);
}
