using System.Collections.Concurrent;
using System.Diagnostics;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Questions;
using Afterimage.Monitoring.ClickHouse.Schema;
using Afterimage.Monitoring.Server.Runs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RunList = Afterimage.Monitoring.ClickHouse.Questions.RunList;

namespace Afterimage.Monitoring.Server.Cluster;

/// <summary>The runs in a cluster. Lists them every few seconds, and reads the figures of those to which lines were added.</summary>
internal sealed partial class ClusterRuns : BackgroundService, IRunSource
{
    /// <summary>The number of runs that are listed, the newest ones.</summary>
    private const int MaxRuns = 10_000;

    private const int RunsAtOnce = 50;
    private const int MaxDocuments = 32;
    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(2);

    // Lines of an old run that come after a long pause are noticed after this time at the latest.
    private static readonly TimeSpan FullInterval = TimeSpan.FromMinutes(30);

    private readonly Fleet _fleet;
    private readonly ClusterQueries _queries;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<ClusterRuns> _logger;
    private readonly ConcurrentDictionary<string, ClusterRun> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Id, RunView View), ((long, long) Stamp, Task<RunDocument> Document)> _documents = [];
    private readonly Lock _documentsGate = new();
    private long _version = 1;
    private DateTimeOffset _fullyCounted = DateTimeOffset.MinValue;

    public ClusterRuns(GenerationServerOptions options, TimeProvider timeProvider, ILogger<ClusterRuns> logger)
    {
        _fleet = new Fleet(options.Fleet!, timeProvider);
        _queries = new ClusterQueries(_fleet, options);
        (_timeProvider, _logger) = (timeProvider, logger);
        Root = FleetFigures.NameOf(options.Fleet!);
    }

    public RunPlace Place => RunPlace.Fleet;

    /// <inheritdoc/>
    public string Root { get; }

    /// <inheritdoc/>
    public long Version => Volatile.Read(ref _version);

    /// <inheritdoc/>
    public bool IsReady => AsOf is not null;

    /// <inheritdoc/>
    public DateTimeOffset? AsOf { get; private set; }

    /// <inheritdoc/>
    public string? Trouble { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<RunEntry> Entries => _entries.Values;

    private FleetCluster Cluster => _fleet.Cluster;

    /// <inheritdoc/>
    public RunEntry? Find(string id) => _entries.GetValueOrDefault(id);

    /// <inheritdoc/>
    public Task OpenAsync(RunEntry entry, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<RunDocument> DescribeAsync(RunEntry entry, RunView view, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // Pages that show the same share the questions, which therefore go on if one of them is closed.
        var run = (ClusterRun)entry;
        (long, long) stamp = (run.Version, view.Window is null ? 0 : now.Ticks / LeastInterval.Ticks);
        Task<RunDocument> document;
        lock (_documentsGate)
        {
            if (_documents.TryGetValue((run.Id, view), out var known) && known.Stamp == stamp && !known.Document.IsFaulted)
                document = known.Document;
            else
            {
                if (_documents.Count >= MaxDocuments)
                    _documents.Clear();
                document = ClusterQueries.GuardAsync(() => ClusterDocuments.ReadAsync(_fleet, run, view, now));
                _documents[(run.Id, view)] = (stamp, document);
            }
        }

        return document.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<QueryAnswer> FindCallsAsync(RunEntry entry, CallFilter filter, CancellationToken cancellationToken) =>
        _queries.FindCallsAsync((ClusterRun)entry, filter, cancellationToken);

    /// <inheritdoc/>
    public Task<QueryAnswer> FindEvaluationsAsync(RunEntry entry, string generationId, CancellationToken cancellationToken) =>
        _queries.FindEvaluationsAsync((ClusterRun)entry, generationId, cancellationToken);

    /// <inheritdoc/>
    public Task<QueryAnswer> QueryAsync(RunEntry entry, string sql, CancellationToken cancellationToken) =>
        _queries.QueryAsync(sql, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<RunComparison>> CompareAsync(IReadOnlyList<RunEntry> entries, CancellationToken cancellationToken)
    {
        FleetFilter[] filters = [.. entries.Cast<ClusterRun>().Select(entry => new FleetFilter { Run = entry.FleetId })];
        return ClusterQueries.GuardAsync(() => _fleet.CompareAsync(filters[0], filters[1..], cancellationToken));
    }

    public override void Dispose()
    {
        base.Dispose();
        _fleet.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                long began = Stopwatch.GetTimestamp();
                bool isComplete = await TryRefreshAsync(stoppingToken);

                // Questions of this kind take at most half of the time, unless there is much that has not been read at all.
                TimeSpan took = Stopwatch.GetElapsedTime(began);
                if (isComplete)
                    await Task.Delay(took > LeastInterval ? took : LeastInterval, _timeProvider, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server is stopping.
        }
    }

    private async Task<bool> TryRefreshAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ListAsync(cancellationToken);
            bool isComplete = await ReadAsync(cancellationToken);
            if (Trouble is not null)
                NextVersion();
            Trouble = null;
            return isComplete;
        }
        catch (Exception e) when (e is FleetException or FormatException or OverflowException or ArgumentException)
        {
            // Rows that somebody else has written must not end the server.
            string reason = e.FirstLine();
            if (Trouble != reason)
            {
                LogUnreadable(Root, reason);
                Trouble = reason;
                NextVersion();
            }

            return true;
        }
    }

    private long NextVersion() => Interlocked.Increment(ref _version);

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        await Cluster.StateAsync(cancellationToken);
        var all = new FilterSql(new FleetFilter(), Cluster.Schema.Database);
        IReadOnlyList<FleetRun> runs = await new RunList(Cluster).ListAsync(all, MaxRuns, cancellationToken);
        Dictionary<string, DateTimeOffset> seen = (await Cluster.RowsAsync(
                $"SELECT run, max(seen) FROM {Cluster.Schema.Database}.{FleetSchema.RunParts} GROUP BY run",
                cancellationToken))
            .ToDictionary(row => row[0], row => new DateTimeOffset(FleetFigures.Number(row[1]), TimeSpan.Zero), StringComparer.Ordinal);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach ((FleetRun run, string name) in Named(runs))
        {
            string id = RunEntry.IdOf(run.Id);
            ids.Add(id);
            ClusterRun entry = _entries.GetOrAdd(id, _ => new ClusterRun(id, run, name));
            if (entry.Found(run, name, seen.GetValueOrDefault(run.Id), Version + 1))
                NextVersion();
        }

        foreach (ClusterRun entry in _entries.Values.Where(entry => !ids.Contains(entry.Id)))
        {
            _entries.TryRemove(entry.Id, out _);
            NextVersion();
        }

        if (AsOf is null)
            NextVersion();
        AsOf = _timeProvider.GetUtcNow();
    }

    // Runs of several machines may have the same name, and so may runs of several directories of one machine.
    private static IEnumerable<(FleetRun Run, string Name)> Named(IEnumerable<FleetRun> runs) =>
        runs.GroupBy(run => run.Name, StringComparer.Ordinal).SelectMany(same =>
            same.Count() == 1
                ? same.Select(run => (run, run.Name))
                : same.GroupBy(run => run.Host, StringComparer.Ordinal).SelectMany(ofHost => ofHost.Select(run =>
                    (run, ofHost.Count() == 1 ? $"{run.Name} ({run.Host})" : $"{run.Name} ({run.Host}, {run.Path}, {Short(run.Id)})"))));

    private static string Short(string id) => id.Length > 8 ? id[^8..] : id;

    /// <summary>Reads runs to which lines were added, for some seconds.</summary>
    /// <returns><see langword="true"/> if none of them is left; otherwise, <see langword="false"/>.</returns>
    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = _timeProvider.GetUtcNow();
        bool isFull = now - _fullyCounted >= FullInterval;
        ClusterRun[] known = [.. _entries.Values.Where(run => run.Figures is not null && (isFull || run.MayGrow(now)))];
        var grown = new List<ClusterRun>();
        foreach (ClusterRun[] some in known.Chunk(MaxRuns / 10))
        {
            Dictionary<string, long> counts = await RunFigures.CountAsync(Cluster, some.Select(run => run.FleetId), cancellationToken);
            grown.AddRange(some.Where(run => counts.GetValueOrDefault(run.FleetId) != run.Figures!.Lines));
        }

        if (isFull)
            _fullyCounted = now;

        ClusterRun[] due =
        [
            .. grown.Concat(_entries.Values.Where(run => run.Figures is null))
                .OrderBy(run => run.Status)
                .ThenByDescending(run => run.Start),
        ];
        long began = Stopwatch.GetTimestamp();
        foreach (ClusterRun[] some in due.Chunk(RunsAtOnce))
        {
            Dictionary<string, RunFigures> figures = await RunFigures.ReadAsync(
                Cluster,
                [.. some.Select(run => run.FleetId)],
                RunDigest.SparkColumns,
                cancellationToken);
            foreach (ClusterRun run in some)
                run.Read(figures[run.FleetId], now, NextVersion());
            if (some[^1] != due[^1] && Stopwatch.GetElapsedTime(began) > LeastInterval)
                return false;
        }

        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The runs in {Root} cannot be listed: {Reason}")]
    private partial void LogUnreadable(string root, string reason);
}
