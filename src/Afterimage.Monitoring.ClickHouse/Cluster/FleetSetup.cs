using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Cluster;

/// <summary>Creates the tables of a fleet, or upgrades them.</summary>
/// <param name="cluster">The cluster.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class FleetSetup(FleetCluster cluster, TimeProvider timeProvider)
{
    // A statement on a cluster waits for every node.
    private static readonly TimeSpan OnCluster = TimeSpan.FromMinutes(3);

    /// <summary>The maximum time until every shipper has noticed a coming upgrade and has stopped sending.</summary>
    public static readonly TimeSpan StateAge = TimeSpan.FromSeconds(5);

    private FleetSchema Schema => cluster.Schema;

    /// <summary>Creates what does not exist. If columns are missing, shippers first stop and let what they are sending arrive: after the
    /// upgrade, servers would not recognize it if it were sent again.</summary>
    /// <param name="tables">The tables of lines as they should be.</param>
    /// <param name="cancellationToken">A token to cancel the operation. The next call continues from there.</param>
    /// <exception cref="FleetException">A node cannot be reached, or refuses a request.</exception>
    public async Task<FleetInitialization> RunAsync(IReadOnlyList<LineTable> tables, CancellationToken cancellationToken)
    {
        await cluster.ShardsAsync(cancellationToken).ConfigureAwait(false);
        await ExecuteAsync(Schema.Tables(), cancellationToken).ConfigureAwait(false);
        FleetState? state = await cluster.FindStateAsync(cancellationToken).ConfigureAwait(false);
        bool isNew = state is null;
        if (isNew)
        {
            await SayAsync(Guid.CreateVersion7().ToString(), 1, "ready", cancellationToken).ConfigureAwait(false);
            state = await cluster.StateAsync(cancellationToken).ConfigureAwait(false);
        }

        var added = new List<string>();
        foreach (LineTable table in tables)
        {
            FleetColumn[] missing = await MissingAsync(table, cancellationToken).ConfigureAwait(false);
            if (missing.Length == 0)
                continue;

            if (!state!.IsUpgrading)
                state = await DrainAsync(state, cancellationToken).ConfigureAwait(false);
            await ExecuteAsync(Schema.AddColumns(table, missing), cancellationToken).ConfigureAwait(false);
            added.AddRange(missing.Select(column => $"{table.Name}.{column.Name}"));
        }

        if (isNew || added.Count > 0 || !await HasViewsAsync(cancellationToken).ConfigureAwait(false))
            await ExecuteAsync(Schema.Views(), cancellationToken).ConfigureAwait(false);
        if (state!.IsUpgrading)
            await SayAsync(state.Id, state.Version + 1, "ready", cancellationToken).ConfigureAwait(false);
        return new FleetInitialization
        {
            FleetId = state.Id,
            IsNew = isNew,
            Version = state.IsUpgrading ? state.Version + 1 : state.Version,
            AddedColumns = added,
        };
    }

    /// <summary>Returns the columns that a table lacks on any node.</summary>
    private async Task<FleetColumn[]> MissingAsync(LineTable table, CancellationToken cancellationToken)
    {
        var common = new HashSet<string>(table.Columns.Select(column => column.Name), StringComparer.Ordinal);
        foreach (ClickHouseNode node in await NodesAsync(cancellationToken).ConfigureAwait(false))
        {
            string columns = await node
                .ReadAsync(
                    $"SELECT name FROM system.columns WHERE database = '{Schema.Database}' AND table = '{table.LocalName}'",
                    cancellationToken)
                .ConfigureAwait(false);
            common.IntersectWith(TabSeparated.Rows(columns).Select(row => row[0]));
        }

        return [.. table.Columns.Where(column => !common.Contains(column.Name))];
    }

    private async Task<FleetState> DrainAsync(FleetState state, CancellationToken cancellationToken)
    {
        await SayAsync(state.Id, state.Version, "upgrading", cancellationToken).ConfigureAwait(false);
        ClickHouseNode[] nodes = await NodesAsync(cancellationToken).ConfigureAwait(false);
        foreach (ClickHouseNode node in nodes)
            await WaitForAsync(
                    node,
                    $"SELECT argMax(state, sequence) = 'upgrading' FROM {Schema.Database}.{FleetSchema.States}",
                    cancellationToken)
                .ConfigureAwait(false);

        // Shippers check the state before they send anything, unless they have checked it within this time.
        await Task.Delay(2 * StateAge, timeProvider, cancellationToken).ConfigureAwait(false);
        foreach (ClickHouseNode node in nodes)
            await WaitForAsync(
                    node,
                    $"SELECT count() = 0 FROM system.processes WHERE query LIKE 'INSERT INTO {Schema.Database}.%'",
                    cancellationToken)
                .ConfigureAwait(false);
        return state with { IsUpgrading = true };
    }

    private async Task WaitForAsync(ClickHouseNode node, string sql, CancellationToken cancellationToken)
    {
        while ((await node.ReadAsync(sql, cancellationToken).ConfigureAwait(false)).Trim() != "1")
            await Task.Delay(TimeSpan.FromMilliseconds(200), timeProvider, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ClickHouseNode[]> NodesAsync(CancellationToken cancellationToken) =>
        [.. (await cluster.ShardsAsync(cancellationToken).ConfigureAwait(false)).SelectMany(shard => shard.Replicas)];

    private async Task<bool> HasViewsAsync(CancellationToken cancellationToken) =>
        (await cluster
            .AskAsync($"SELECT count() FROM system.tables WHERE database = '{Schema.Database}' AND name = 'runs'", cancellationToken)
            .ConfigureAwait(false)).Trim() == "1";

    private async Task SayAsync(string fleet, int version, string state, CancellationToken cancellationToken) =>
        await cluster
            .AskAsync(Schema.InsertState(fleet, version, state, timeProvider.GetUtcNow().UtcTicks), cancellationToken)
            .ConfigureAwait(false);

    private async Task ExecuteAsync(IEnumerable<string> statements, CancellationToken cancellationToken)
    {
        foreach (string sql in statements)
        {
            foreach (string[] row in await cluster.RowsAsync(sql, cancellationToken, OnCluster).ConfigureAwait(false))
            {
                // The columns are host, port, status, error, …
                if (row.Length > 3 && row[2] != "0")
                    throw new FleetException($"{row[0]}:{row[1]} refused (error {row[2]}): {row[3].TrimEnd('.')}.");
            }
        }
    }
}
