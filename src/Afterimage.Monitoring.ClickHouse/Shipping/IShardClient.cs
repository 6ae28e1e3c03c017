using System.Collections;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>What a shipper does with shards.</summary>
internal interface IShardClient
{
    /// <summary>Inserts rows on one of a shard's replicas: a block, in together or not at all. Where it fails, nobody knows.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="replica">Which of its replicas, counted on from any.</param>
    /// <param name="table">The table.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="FleetException">It failed.</exception>
    Task InsertAsync(string shard, int replica, LineTable table, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken);

    /// <summary>Counts on a replica that has caught up with its shard.</summary>
    /// <returns>Which lines of a unit the shard has.</returns>
    /// <exception cref="FleetException">No replica has caught up.</exception>
    Task<BitArray> CountAsync(string shard, string run, ShipUnit unit, CancellationToken cancellationToken);

    /// <summary>How many replicas of a shard can be tried.</summary>
    int Replicas(string shard);
}
