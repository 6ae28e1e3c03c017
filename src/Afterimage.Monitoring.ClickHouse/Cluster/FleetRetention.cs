using System.Globalization;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Cluster;

/// <summary>Removes old months.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class FleetRetention(FleetCluster cluster, TimeProvider timeProvider)
{
    /// <summary>The beginning of a state that says which day's lines were kept from. It is followed by the day.</summary>
    public const string RemovedBefore = "removed before ";

    /// <summary>The format of that day, in which days are in the order of their texts.</summary>
    public const string DayFormat = "yyyy-MM-dd";

    // A statement on a shard waits for all of its replicas.
    private static readonly TimeSpan OnShard = TimeSpan.FromMinutes(3);

    public async Task<FleetRemoval> RemoveAsync(DateOnly keptFrom, CancellationToken cancellationToken)
    {
        FleetState state = await cluster.StateAsync(cancellationToken).ConfigureAwait(false);
        if (state.IsUpgrading)
            throw new FleetException("The tables of the fleet are being upgraded. Run afterimage fleet init, and try again.");

        IReadOnlyList<FleetShard> shards = await cluster.ShardsAsync(cancellationToken).ConfigureAwait(false);
        if (!cluster.HasAllShards)
            throw new FleetException("Nothing was removed, because no node of one of the shards can be reached.");

        // The state comes first, so that an audit in the meantime finds no fault.
        string day = keptFrom.ToString(DayFormat, CultureInfo.InvariantCulture);
        await cluster
            .AskAsync(
                cluster.Schema.InsertState(state.Id, state.Version, RemovedBefore + day, timeProvider.GetUtcNow().UtcTicks),
                cancellationToken)
            .ConfigureAwait(false);
        long lines = 0;
        foreach (FleetShard shard in shards)
        {
            foreach (LineTable table in LineTable.All)
                lines += await RemoveAsync(shard.Replicas[0], table, keptFrom, cancellationToken).ConfigureAwait(false);
        }

        return new FleetRemoval { KeptFrom = keptFrom, Lines = lines };
    }

    private async Task<long> RemoveAsync(ClickHouseNode node, LineTable table, DateOnly keptFrom, CancellationToken cancellationToken)
    {
        string local = $"{cluster.Schema.Database}.{table.LocalName}";
        await node.ReadAsync($"SYSTEM SYNC REPLICA {local}", cancellationToken, OnShard).ConfigureAwait(false);
        IReadOnlyList<string[]> months = TabSeparated.Rows(
            await node
                .ReadAsync(
                    $"""
                    SELECT partition, sum(rows) FROM system.parts
                    WHERE database = '{cluster.Schema.Database}' AND table = '{table.LocalName}' AND active
                        AND toUInt32(partition) < {keptFrom.ToString("yyyyMM", CultureInfo.InvariantCulture)}
                    GROUP BY partition
                    """,
                    cancellationToken)
                .ConfigureAwait(false));
        foreach (string[] month in months)
        {
            await node
                .ReadAsync($"ALTER TABLE {local} DROP PARTITION {month[0]}", cancellationToken, OnShard)
                .ConfigureAwait(false);
        }

        return months.Sum(month => long.Parse(month[1], CultureInfo.InvariantCulture));
    }
}
