using System.Collections;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>The operations on shards that a shipper needs.</summary>
internal interface IShardClient
{
    /// <summary>Inserts rows on one of a shard's replicas, as one block: either all or none. If it fails, it is unknown which.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="replica">The index of the replica, which wraps around.</param>
    /// <param name="table">The table.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="FleetException">The insertion failed.</exception>
    Task InsertAsync(string shard, int replica, LineTable table, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken);

    /// <summary>Counts lines on a replica that has caught up with its shard.</summary>
    /// <returns>The lines of a unit that the shard has.</returns>
    /// <exception cref="FleetException">No replica has caught up.</exception>
    Task<BitArray> CountAsync(string shard, string run, ShipUnit unit, CancellationToken cancellationToken);

    /// <summary>Returns the number of replicas of a shard that can be tried.</summary>
    int Replicas(string shard);
}
