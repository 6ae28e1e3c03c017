using System.Globalization;
using System.Runtime.CompilerServices;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Cluster;

/// <summary>The nodes of a cluster: which shard each belongs to, and which of them respond.</summary>
internal sealed class FleetCluster : IDisposable
{
    // After this time, a node that did not respond is tried again.
    private static readonly TimeSpan Rediscovery = TimeSpan.FromSeconds(10);

    private readonly FleetOptions _options;
    private readonly ClickHouseHttp _http;
    private readonly TimeProvider _timeProvider;
    private readonly SemaphoreSlim _discovering = new(1);
    private readonly Dictionary<ClickHouseNode, (string Shard, string Replica)> _places = [];
    private List<ClickHouseNode> _nodes = [];
    private IReadOnlyList<FleetShard> _shards = [];
    private bool _isComplete;
    private int _shardCount;
    private long _discovered;
    private int _first;

    /// <param name="options">The settings.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <exception cref="ArgumentException">A setting is not valid.</exception>
    /// <exception cref="FleetException">A file that the settings name cannot be read.</exception>
    public FleetCluster(FleetOptions options, TimeProvider? timeProvider = null)
    {
        options.Validate();
        _options = options;
        _timeProvider = timeProvider ?? TimeProvider.System;
        _http = new ClickHouseHttp(options);
        _nodes = [.. options.Urls.Select(url => new ClickHouseNode(_http, url))];
        Schema = new FleetSchema(options.Database, options.Cluster);
    }

    public FleetSchema Schema { get; }

    public FleetOptions Options => _options;

    /// <summary>Whether a replica of every shard has been reached.</summary>
    public bool HasAllShards => _shardCount > 0 && _shards.Count == _shardCount;

    /// <summary>Returns the shards that have been reached, by name.</summary>
    /// <exception cref="FleetException">No node can be reached, or a node has no place in the cluster.</exception>
    public async Task<IReadOnlyList<FleetShard>> ShardsAsync(CancellationToken cancellationToken)
    {
        if (_shards.Count > 0 && (_isComplete || _timeProvider.GetElapsedTime(_discovered) < Rediscovery))
            return _shards;

        await _discovering.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_shards.Count == 0 || (!_isComplete && _timeProvider.GetElapsedTime(_discovered) >= Rediscovery))
                await DiscoverAsync(cancellationToken).ConfigureAwait(false);
            return _shards;
        }
        finally
        {
            _discovering.Release();
        }
    }

    /// <summary>Sends a query to any node that responds.</summary>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public Task<string> AskAsync(string sql, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        AnyAsync(node => node.ReadAsync(sql, cancellationToken, timeout));

    /// <summary>Sends a query whose result is one number to any node that responds, and waits for it however long it takes.</summary>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public async Task<long> NumberAsync(string sql, CancellationToken cancellationToken) =>
        long.Parse(
            (await AskAsync(sql, cancellationToken, Timeout.InfiniteTimeSpan).ConfigureAwait(false)).Trim(),
            CultureInfo.InvariantCulture);

    /// <summary>Sends a query to any node that responds, and returns any number of rows of unescaped values as they are read.</summary>
    /// <param name="sql">The query, without a format.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public async IAsyncEnumerable<string[]> StreamAsync(string sql, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (string line in LinesAsync(sql, settings: "", cancellationToken).ConfigureAwait(false))
            yield return TabSeparated.Row(line);
    }

    /// <summary>Sends a query to any node that responds, and returns the lines of its result as they are read.</summary>
    /// <param name="sql">The query.</param>
    /// <param name="settings">Settings for the query, as a part of a URL that begins with &amp;; or nothing.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public async IAsyncEnumerable<string> LinesAsync(
        string sql,
        string settings,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (ClickHouseNode node, Stream stream) = await AnyAsync(
            async node => (node, await node.ReadStreamAsync(sql, settings, cancellationToken).ConfigureAwait(false))).ConfigureAwait(false);
        using var reader = new StreamReader(stream);
        while (true)
        {
            string? line;
            try
            {
                line = await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                throw node.Broken(e);
            }

            if (line is null)
                yield break;
            yield return line;
        }
    }

    /// <summary>Returns the rows of a result in tab-separated values, unescaped.</summary>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public async Task<IReadOnlyList<string[]>> RowsAsync(string sql, CancellationToken cancellationToken, TimeSpan? timeout = null) =>
        TabSeparated.Rows(await AskAsync(sql, cancellationToken, timeout).ConfigureAwait(false));

    /// <summary>Returns the state of the fleet.</summary>
    /// <exception cref="FleetException">No node responds, or there is no fleet.</exception>
    public async Task<FleetState> StateAsync(CancellationToken cancellationToken)
    {
        FleetState? state = await FindStateAsync(cancellationToken).ConfigureAwait(false);
        return state ?? throw new FleetException(
            $"There is no fleet in the database '{_options.Database}' yet. Run afterimage fleet init to create its tables.");
    }

    /// <summary>Returns the state of the fleet; <see langword="null"/> if there is no fleet.</summary>
    /// <exception cref="FleetException">No node responds.</exception>
    public async Task<FleetState?> FindStateAsync(CancellationToken cancellationToken)
    {
        try
        {
            // If several callers created the fleet at the same time, the first one counts.
            IReadOnlyList<string[]> rows = await RowsAsync(
                    "SELECT argMin(fleet, sequence), argMax(version, sequence), argMax(state, sequence), count(), "
                    + $"maxIf(state, startsWith(state, '{FleetRetention.RemovedBefore}')) FROM {_options.Database}.{FleetSchema.States}",
                    cancellationToken)
                .ConfigureAwait(false);
            return rows is [[var fleet, var version, var state, not "0", var removed]]
                ? new FleetState(
                    fleet,
                    int.Parse(version, CultureInfo.InvariantCulture),
                    state == "upgrading",
                    removed.Length == 0
                        ? null
                        : DateOnly.ParseExact(
                            removed[FleetRetention.RemovedBefore.Length..],
                            FleetRetention.DayFormat,
                            CultureInfo.InvariantCulture))
                : null;
        }
        catch (FleetException e) when (e.ErrorCode is ErrorCodes.UnknownTable or ErrorCodes.UnknownDatabase)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _discovering.Dispose();
    }

    private async Task<T> AnyAsync<T>(Func<ClickHouseNode, Task<T>> ask)
    {
        ClickHouseNode[] nodes = [.. _nodes];
        int first = _first;
        for (int i = 0; ; i++)
        {
            int index = (first + i) % nodes.Length;
            try
            {
                T answer = await ask(nodes[index]).ConfigureAwait(false);

                // The node that responded is tried first the next time.
                _first = index;
                return answer;
            }
            catch (FleetException e) when (ErrorCodes.IsOfNode(e.ErrorCode) && i < nodes.Length - 1)
            {
                // The next node may be well.
            }
        }
    }

    private async Task DiscoverAsync(CancellationToken cancellationToken)
    {
        string cluster = TabSeparated.Quote(_options.Cluster);
        IReadOnlyList<string[]> rows = await RowsAsync(
                $"SELECT shard_num, host_name FROM system.clusters WHERE cluster = {cluster} ORDER BY shard_num, replica_num",
                cancellationToken)
            .ConfigureAwait(false);
        if (rows.Count == 0)
            throw new FleetException(
                $"{_options.Urls[0].Authority} has no cluster '{_options.Cluster}' in its configuration (remote_servers).");

        _shardCount = rows.Select(row => row[0]).Distinct().Count();
        if (_options.Urls.Count == 1 && _nodes.Count == 1)
        {
            _nodes =
            [
                _nodes[0],
                .. rows.Select(row => new UriBuilder(_options.Urls[0]) { Host = row[1] }.Uri)
                    .Where(url => url != _options.Urls[0])
                    .Distinct()
                    .Select(url => new ClickHouseNode(_http, url)),
            ];
        }

        ClickHouseNode[] unknown = [.. _nodes.Where(node => !_places.ContainsKey(node))];
        (string Shard, string Replica)?[] places = await Task.WhenAll(unknown.Select(node => PlaceAsync(node, cancellationToken)))
            .ConfigureAwait(false);
        var taken = new HashSet<(string, string)>(_places.Values);
        for (int i = 0; i < unknown.Length; i++)
        {
            // One node may have two names.
            if (places[i] is not { } place)
                continue;
            if (taken.Add(place))
                _places.Add(unknown[i], place);
            else
                _nodes = [.. _nodes.Where(node => node != unknown[i])];
        }

        _shards =
        [
            .. _places.GroupBy(pair => pair.Value.Shard, pair => pair.Key, StringComparer.Ordinal)
                .OrderBy(shard => shard.Key, StringComparer.Ordinal)
                .Select(shard => new FleetShard(shard.Key, [.. shard])),
        ];
        _isComplete = _nodes.All(_places.ContainsKey);
        _discovered = _timeProvider.GetTimestamp();
        if (_shards.Count == 0)
            throw new FleetException("No node of the cluster can be reached.");
    }

    private static async Task<(string Shard, string Replica)?> PlaceAsync(ClickHouseNode node, CancellationToken cancellationToken)
    {
        try
        {
            Dictionary<string, string> macros = TabSeparated
                .Rows(await node.ReadAsync("SELECT macro, substitution FROM system.macros", cancellationToken).ConfigureAwait(false))
                .ToDictionary(row => row[0], row => row[1], StringComparer.Ordinal);
            return macros.TryGetValue("shard", out string? shard) && macros.TryGetValue("replica", out string? replica)
                ? (shard, replica)
                : throw new FleetException(
                    $"{node.Url.Authority} has no macros 'shard' and 'replica' in its configuration. "
                    + "They define its place in the cluster.")
                {
                    ErrorCode = 0,
                };
        }
        catch (FleetException e) when (ErrorCodes.IsOfNode(e.ErrorCode))
        {
            return null;
        }
    }
}
