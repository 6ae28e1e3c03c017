using System.Collections;
using System.Globalization;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Accesses the shards of a cluster.</summary>
/// <param name="cluster">The cluster. Its shards must be known.</param>
internal sealed class ShardClient(FleetCluster cluster) : IShardClient
{
    private Dictionary<string, FleetShard> _shards = [];

    /// <summary>Updates the shards that can be reached.</summary>
    public async Task<IReadOnlyList<string>> RefreshAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<FleetShard> shards = await cluster.ShardsAsync(cancellationToken).ConfigureAwait(false);
        if (shards.Count != _shards.Count || shards.Any(shard => !_shards.TryGetValue(shard.Name, out FleetShard? known) || known != shard))
            _shards = shards.ToDictionary(shard => shard.Name, StringComparer.Ordinal);
        return [.. shards.Select(shard => shard.Name)];
    }

    /// <inheritdoc/>
    public int Replicas(string shard) => _shards.TryGetValue(shard, out FleetShard? found) ? found.Replicas.Count : 0;

    /// <inheritdoc/>
    public Task InsertAsync(string shard, int replica, LineTable table, ReadOnlyMemory<byte> rows, CancellationToken cancellationToken)
    {
        IReadOnlyList<ClickHouseNode> replicas = Of(shard);
        return replicas[replica % replicas.Count].InsertAsync(
            $"INSERT INTO {cluster.Schema.Database}.{table.LocalName} ({table.ColumnNames}) FORMAT RowBinary",
            rows,
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<BitArray> CountAsync(string shard, string run, ShipUnit unit, CancellationToken cancellationToken)
    {
        string table = $"{cluster.Schema.Database}.{unit.Table}_local";
        string lines = string.Create(
            CultureInfo.InvariantCulture,
            $"SELECT DISTINCT line FROM {table} WHERE run = {TabSeparated.Quote(run)} AND file = {TabSeparated.Quote(unit.File)} "
            + $"AND line >= {unit.First} AND line < {unit.First + unit.Lines}");
        FleetException? failure = null;
        foreach (ClickHouseNode replica in Of(shard))
        {
            try
            {
                // Also wait for data that another replica has accepted and this one has not fetched yet.
                await replica.ReadAsync($"SYSTEM SYNC REPLICA {table}", cancellationToken).ConfigureAwait(false);
                var present = new BitArray(unit.Lines);
                foreach (string[] row in TabSeparated.Rows(await replica.ReadAsync(lines, cancellationToken).ConfigureAwait(false)))
                    present[(int)(uint.Parse(row[0], CultureInfo.InvariantCulture) - unit.First)] = true;
                return present;
            }
            catch (FleetException e)
            {
                failure = e;
            }
        }

        throw failure!;
    }

    private IReadOnlyList<ClickHouseNode> Of(string shard) =>
        _shards.TryGetValue(shard, out FleetShard? found)
            ? found.Replicas
            : throw new FleetException($"No node of the shard '{shard}' can be reached.");
}
