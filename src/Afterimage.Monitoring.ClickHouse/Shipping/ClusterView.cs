using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>The cluster as a shipper last saw it: its shards, and the state of its fleet.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="shards">Its shards.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class ClusterView(FleetCluster cluster, ShardClient shards, TimeProvider timeProvider) : IDisposable
{
    private readonly SemaphoreSlim _refreshing = new(1);
    private FleetState? _state;
    private DateTimeOffset _stateAt = DateTimeOffset.MinValue;

    /// <summary>The shards that can be reached, by name.</summary>
    public IReadOnlyList<string> Shards { get; private set; } = [];

    /// <summary>Whether the cluster has been seen at all.</summary>
    public bool IsKnown => _state is not null;

    /// <summary>The state of the fleet. Must only be used if <see cref="IsKnown"/> is true.</summary>
    public FleetState State => _state!;

    /// <summary>Updates the view, unless that was done just now.</summary>
    /// <exception cref="FleetException">No node responds, or the fleet cannot be shipped to.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _refreshing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (timeProvider.GetUtcNow() - _stateAt >= FleetSetup.StateAge)
                await RefreshNowAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    /// <summary>Returns the version of the schema.</summary>
    /// <exception cref="FleetException">The schema is about to change, or no node responds.</exception>
    public async ValueTask<int> VersionAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        return State.IsUpgrading
            ? throw new FleetException("The tables of the cluster are about to change. Shipping continues after the change.")
            : State.Version;
    }

    public void Dispose() => _refreshing.Dispose();

    private async Task RefreshNowAsync(CancellationToken cancellationToken)
    {
        Shards = await shards.RefreshAsync(cancellationToken).ConfigureAwait(false);
        FleetState state = await cluster.StateAsync(cancellationToken).ConfigureAwait(false);
        if (_state is not null && state.Id != _state.Id)
            throw new FleetException("The fleet of the cluster was created anew. Restart the shipper.");
        if (_state?.Version != state.Version)
            await CheckColumnsAsync(cancellationToken).ConfigureAwait(false);
        (_state, _stateAt) = (state, timeProvider.GetUtcNow());
    }

    private async Task CheckColumnsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string[]> rows = await cluster
            .RowsAsync($"SELECT table, name FROM system.columns WHERE database = '{cluster.Schema.Database}'", cancellationToken)
            .ConfigureAwait(false);
        ILookup<string, string> there = rows.ToLookup(row => row[0], row => row[1], StringComparer.Ordinal);
        foreach (LineTable table in LineTable.All)
        {
            if (table.Columns.FirstOrDefault(column => !there[table.LocalName].Contains(column.Name)) is { } missing)
                throw new FleetException(
                    $"The tables of the cluster have an earlier version, without {table.Name}.{missing.Name}. "
                    + "Run afterimage fleet init to upgrade them.");
        }
    }
}
