using System.Collections;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Ships the runs below a directory: scans it repeatedly, has units planned, and sends them.</summary>
/// <remarks>
/// One loop scans, plans and reads; a few senders send. A unit that no replica accepts is put aside without its rows, and read again when
/// it is due. Memory is therefore bounded by the units that are being sent, and no shard waits for another.
/// </remarks>
internal sealed class Shipper : IAsyncDisposable
{
    private const int Senders = 2;

    private readonly FleetCluster _cluster;
    private readonly ShardClient _shardClient;
    private readonly ClusterView _view;
    private readonly ShipJobs _jobs;
    private readonly string _root;
    private readonly ShippingOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly IProgress<ShippingStatus>? _progress;
    private readonly Dictionary<string, RunShipper> _runs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _finished = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _partsSent = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changed = new(0);
    private bool _hasFailed;
    private Dictionary<string, long>? _limits;
    private int _runCount;
    private int _othersCount;

    public Shipper(
        FleetCluster cluster,
        string root,
        ShippingOptions options,
        TimeProvider timeProvider,
        IProgress<ShippingStatus>? progress)
    {
        _cluster = cluster;
        _shardClient = new ShardClient(cluster);
        _view = new ClusterView(cluster, _shardClient, timeProvider);
        _jobs = new ShipJobs(Senders, timeProvider);
        _root = root;
        _options = options;
        _timeProvider = timeProvider;
        _progress = progress;
    }

    private DateTimeOffset Now => _timeProvider.GetUtcNow();

    /// <summary>Ships until cancelled or, if only one pass is requested, until everything is shipped.</summary>
    /// <returns>The final status.</returns>
    /// <exception cref="FleetException">Nothing could be shipped for the given time.</exception>
    /// <exception cref="IOException">The directory cannot be listed.</exception>
    public async Task<ShippingStatus> RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] senders = [.. Enumerable.Range(0, Senders).Select(_ => Task.Run(() => SendAsync(ending.Token), CancellationToken.None))];
        try
        {
            TimeSpan pause = _options.PollInterval;
            while (true)
            {
                bool hasWorked = await PassAsync(cancellationToken).ConfigureAwait(false);
                ShippingStatus status = Status();
                _progress?.Report(status);
                if (_options.Once && status.IsComplete)
                    return status;
                if (_options.Once && Now - _jobs.LastSuccess >= _options.GiveUpAfter)
                    throw new FleetException(status.LastFailure ?? "Nothing could be shipped.");

                pause = hasWorked ? _options.PollInterval : Min(pause * 1.5, _options.PollInterval * 5);
                await _changed.WaitAsync(_options.Once ? ShipJobs.FirstPause : pause, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(senders).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync()
    {
        foreach (RunShipper run in _runs.Values)
            run.Dispose();
        _changed.Dispose();
        _view.Dispose();
        return ValueTask.CompletedTask;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <returns><see langword="true"/> if anything was sent; otherwise, <see langword="false"/>.</returns>
    private async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        _hasFailed = false;
        if (!await TryAsync(() => _view.RefreshAsync(cancellationToken), cancellationToken).ConfigureAwait(false))
            return false;

        // A shipper that ships once leaves data that arrives while it works to the next shipper.
        IReadOnlyList<RunListing> listings = RunListing.Of(_root);
        if (_options.Once)
            _limits ??= listings.SelectMany(run => run.Files).ToDictionary(file => file.Path, file => file.Length, StringComparer.Ordinal);
        _runCount = listings.Count;
        _othersCount = 0;
        bool hasWorked = await SendAsideAsync(cancellationToken).ConfigureAwait(false);
        foreach (RunListing listing in listings)
        {
            bool isTaken = await TryAsync(() => TakeAsync(listing, cancellationToken), cancellationToken).ConfigureAwait(false);
            if (isTaken && _runs.TryGetValue(listing.Directory, out RunShipper? run))
                hasWorked |= await CutAsync(run, cancellationToken).ConfigureAwait(false);
        }

        await TryAsync(() => SendPartsAsync(listings, cancellationToken), cancellationToken).ConfigureAwait(false);
        Finish();
        return hasWorked;
    }

    /// <summary>Does work whose failure must not end the shipping.</summary>
    private async Task<bool> TryAsync(Func<Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work().ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _hasFailed = true;
            _jobs.Fail(e);
            return false;
        }
    }

    /// <summary>Opens a run, unless it is already open or finished, or another shipper has it.</summary>
    private async Task TakeAsync(RunListing listing, CancellationToken cancellationToken)
    {
        if (_runs.TryGetValue(listing.Directory, out RunShipper? known))
        {
            known.LookAt(listing, _limits);
            return;
        }

        if (_finished.TryGetValue(listing.Directory, out string? signature) && signature == listing.Signature)
            return;

        RunShipper? run = RunShipper.TryOpen(listing.Directory, _view.State.Id, _timeProvider);
        if (run is null)
        {
            _othersCount++;
            return;
        }

        try
        {
            if (run.IsNew)
            {
                string id = RunIdentity.Of(listing);
                run.Begin(id, await IsKnownAsync(id, cancellationToken).ConfigureAwait(false));
            }

            run.LookAt(listing, _limits);
        }
        catch
        {
            run.Dispose();
            throw;
        }

        _runs.Add(listing.Directory, run);
        _jobs.AddAside(run.Left.Select(unit => new ShipJob(run, unit, Delivery.OfKnown(Now), Now)));
        await SendAsideAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsKnownAsync(string run, CancellationToken cancellationToken)
    {
        foreach (LineTable table in LineTable.All)
        {
            string count = await _cluster
                .AskAsync(
                    $"SELECT count() FROM {_cluster.Schema.Database}.{table.Name} WHERE run = {TabSeparated.Quote(run)}",
                    cancellationToken)
                .ConfigureAwait(false);
            if (count.Trim() != "0")
                return true;
        }

        return false;
    }

    private async Task<bool> CutAsync(RunShipper run, CancellationToken cancellationToken)
    {
        bool hasWorked = false;
        while (_jobs.MayCut && _jobs.NextShard(_view.Shards) is { } shard)
        {
            await TryAsync(() => _view.RefreshAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
            if (_view.State.IsUpgrading)
                break;

            UnitRows rows = _jobs.SpareRows();
            ShipUnit? unit = null;
            bool isCut = await TryAsync(
                () =>
                {
                    unit = run.PlanNext(rows, shard, _view.State.Version, _options.MaxDelay, _options.Once);
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
            if (!isCut || unit is null)
            {
                _jobs.GiveBack(rows);
                break;
            }

            // Lines that may be there although this checkpoint does not know them are counted first.
            ShipJob job = run.IsRecovered
                ? new ShipJob(run, unit, Delivery.OfKnown(Now), Now)
                : new ShipJob(run, unit, Delivery.OfNew(), Now) { Rows = rows };
            hasWorked = true;
            if (run.IsRecovered)
            {
                _jobs.GiveBack(rows);
                _jobs.AddAside([job]);
            }
            else
            {
                await _jobs.HandOnAsync(job, cancellationToken).ConfigureAwait(false);
            }

            await SendAsideAsync(cancellationToken).ConfigureAwait(false);
        }

        return hasWorked;
    }

    /// <summary>Sends the units that were put aside and are due.</summary>
    private async Task<bool> SendAsideAsync(CancellationToken cancellationToken)
    {
        bool hasWorked = false;
        while (!_view.State.IsUpgrading && _jobs.NextAside() is { } job)
        {
            hasWorked = true;
            await _jobs.HandOnAsync(job, cancellationToken).ConfigureAwait(false);
        }

        return hasWorked;
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        using var sender = new UnitSender(_shardClient, _view.VersionAsync, _timeProvider);
        try
        {
            await foreach (ShipJob job in _jobs.HandedOnAsync(cancellationToken).ConfigureAwait(false))
                await SendAsync(sender, job, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The units that are being sent are in the checkpoints.
        }
    }

    private async Task SendAsync(UnitSender sender, ShipJob job, CancellationToken cancellationToken)
    {
        try
        {
            (bool isWhole, int found) = await sender
                .DeliverAsync(job.Run.Run, job.Unit, job.Delivery, PlacesOf(job), job.Rows, Read, cancellationToken)
                .ConfigureAwait(false);
            if (isWhole)
                Done(job, found);
            else
                _jobs.PutAside(job, Delivery.MaxLateness);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _jobs.PutAside(job, e);
        }

        UnitRows Read(BitArray? present)
        {
            job.Rows ??= _jobs.SpareRows();
            job.Run.Read(job.Unit, job.Rows, present);
            return job.Rows;
        }
    }

    private IEnumerable<string> PlacesOf(ShipJob job)
    {
        if (!job.Run.IsRecovered)
            return [job.Unit.Shard];
        return _cluster.HasAllShards
            ? _view.Shards
            : throw new FleetException("A checkpoint was lost. Its lines can be counted only when every shard can be reached.");
    }

    private void Done(ShipJob job, int found)
    {
        job.Run.Done(job.Unit);
        bool isLast = _jobs.Done(job, found);
        if (_options.Once && isLast && _changed.CurrentCount == 0)
            _changed.Release();
    }

    private async Task SendPartsAsync(IReadOnlyList<RunListing> listings, CancellationToken cancellationToken)
    {
        List<string> rows = [];
        var sent = new List<(string Directory, string Rows)>();
        foreach (RunListing listing in listings)
        {
            if (!_runs.TryGetValue(listing.Directory, out RunShipper? run))
                continue;

            string now = PartsOf(listing, run, DateTimeOffset.MinValue);
            if (_partsSent.GetValueOrDefault(listing.Directory) == now)
                continue;
            rows.AddRange(RunPart.RowsOf(listing, run.Run, _root, _options.Service, Now));
            sent.Add((listing.Directory, now));
        }

        foreach (string[] some in rows.Chunk(500))
        {
            await _cluster
                .AskAsync(
                    $"INSERT INTO {_cluster.Schema.Database}.{FleetSchema.RunParts} ({RunPart.Columns}) "
                    + $"VALUES {string.Join(", ", some.Select(row => $"({row})"))}",
                    cancellationToken)
                .ConfigureAwait(false);
        }

        foreach ((string directory, string text) in sent)
            _partsSent[directory] = text;
    }

    private string PartsOf(RunListing listing, RunShipper run, DateTimeOffset now) =>
        string.Join('\n', RunPart.RowsOf(listing, run.Run, _root, _options.Service, now));

    /// <summary>Closes runs that are completely shipped and not being written, so that they use no handle.</summary>
    private void Finish()
    {
        foreach (RunShipper run in _runs.Values.ToArray())
        {
            run.LookAt(run.Listing, _limits);
            if (run.IsOpen || run.PendingUnits > 0 || run.UnreadBytes > 0 || run.HasPart
                || _partsSent.GetValueOrDefault(run.Directory) != PartsOf(run.Listing, run, DateTimeOffset.MinValue))
                continue;

            _finished[run.Directory] = run.Listing.Signature;
            _runs.Remove(run.Directory);
            run.Dispose();
        }
    }

    private ShippingStatus Status()
    {
        ShippingStatus status = _jobs.Status(_runs.Values);
        return status with
        {
            Runs = _runCount,
            RunsOfOthers = _othersCount,
            IsComplete = status.IsComplete && !_hasFailed && _view.IsKnown,
        };
    }
}
