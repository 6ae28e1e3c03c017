using System.Collections;
using System.Threading.Channels;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.ClickHouse.Schema;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Ships the runs below a directory: looks at them again and again, has units cut, and sends them.</summary>
/// <remarks>
/// One loop looks, cuts and reads; a few senders send. A unit that no replica takes is put aside, without its rows, and read again when its
/// time comes: memory is bounded by the units that are being sent, and no shard waits for another.
/// </remarks>
internal sealed class Shipper : IAsyncDisposable
{
    private const int Senders = 2;

    // As many that no replica takes, and nothing new is cut: it would only wait behind them.
    private const int MaxAside = 16;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly FleetCluster _cluster;
    private readonly ShardClient _shardClient;
    private readonly string _root;
    private readonly ShippingOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly IProgress<ShippingStatus>? _progress;
    private readonly Channel<Job> _jobs = Channel.CreateBounded<Job>(1);
    private readonly Dictionary<string, RunShipper> _runs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _finished = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _partsSent = new(StringComparer.Ordinal);
    private readonly Stack<UnitRows> _spareRows = new();
    private readonly Dictionary<string, (DateTimeOffset Until, TimeSpan Length)> _pauses = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changed = new(0);

    // Under the lock.
    private readonly List<Job> _aside = [];
    private readonly HashSet<Job> _underWay = [];
    private long _shippedLines;
    private long _shippedBytes;
    private long _foundLines;
    private long _failures;
    private string? _lastFailure;
    private DateTimeOffset _lastSuccess;

    private readonly SemaphoreSlim _refreshing = new(1);
    private FleetState? _state;
    private DateTimeOffset _stateAt = DateTimeOffset.MinValue;
    private bool _hasFailed;
    private Dictionary<string, long>? _limits;
    private IReadOnlyList<string> _shards = [];
    private int _runCount;
    private int _othersCount;
    private int _turn;

    public Shipper(
        FleetCluster cluster,
        string root,
        ShippingOptions options,
        TimeProvider timeProvider,
        IProgress<ShippingStatus>? progress)
    {
        _cluster = cluster;
        _shardClient = new ShardClient(cluster);
        _root = root;
        _options = options;
        _timeProvider = timeProvider;
        _progress = progress;
        _lastSuccess = timeProvider.GetUtcNow();
    }

    private DateTimeOffset Now => _timeProvider.GetUtcNow();

    /// <summary>Ships until it is cancelled, or all is shipped where that is asked for.</summary>
    /// <returns>How far it came.</returns>
    /// <exception cref="FleetException">Nothing could be shipped for as long as was given.</exception>
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
                if (_options.Once && Now - _lastSuccess >= _options.GiveUpAfter)
                    throw new FleetException(status.LastFailure ?? "Nothing could be shipped.");

                pause = hasWorked ? _options.PollInterval : Min(pause * 1.5, _options.PollInterval * 5);
                await _changed.WaitAsync(_options.Once ? FirstPause : pause, cancellationToken).ConfigureAwait(false);
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
        _refreshing.Dispose();
        return ValueTask.CompletedTask;
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    /// <returns>Whether anything was sent on its way.</returns>
    private async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        _hasFailed = false;
        if (!await TryAsync(() => RefreshAsync(cancellationToken), cancellationToken).ConfigureAwait(false))
            return false;

        // What comes while a shipper works that ships once is for the next.
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

    /// <summary>Does something that can fail without an end to everything.</summary>
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
            Fail(e);
            return false;
        }
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _refreshing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Now - _stateAt >= FleetSetup.StateAge)
                await RefreshNowAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _refreshing.Release();
        }
    }

    private async ValueTask<int> VersionAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        return _state!.IsUpgrading
            ? throw new FleetException("The cluster's tables are about to change; shipping goes on when they have.")
            : _state.Version;
    }

    private async Task RefreshNowAsync(CancellationToken cancellationToken)
    {

        _shards = await _shardClient.RefreshAsync(cancellationToken).ConfigureAwait(false);
        FleetState state = await _cluster.StateAsync(cancellationToken).ConfigureAwait(false);
        if (_state is not null && state.Id != _state.Id)
            throw new FleetException("The cluster's fleet is another one than before: it was made anew. Start the shipper again.");
        if (_state?.Version != state.Version)
            await CheckColumnsAsync(cancellationToken).ConfigureAwait(false);
        (_state, _stateAt) = (state, Now);
    }

    private async Task CheckColumnsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<string[]> rows = await _cluster
            .RowsAsync($"SELECT table, name FROM system.columns WHERE database = '{_cluster.Schema.Database}'", cancellationToken)
            .ConfigureAwait(false);
        ILookup<string, string> there = rows.ToLookup(row => row[0], row => row[1], StringComparer.Ordinal);
        foreach (LineTable table in LineTable.All)
        {
            if (table.Columns.FirstOrDefault(column => !there[table.LocalName].Contains(column.Name)) is { } missing)
                throw new FleetException(
                    $"The cluster's tables are of an earlier version: they have no {table.Name}.{missing.Name}. "
                    + "afterimage fleet init brings them up to date.");
        }
    }

    /// <summary>Takes a run on, unless it is, or is finished, or another shipper has it.</summary>
    private async Task TakeAsync(RunListing listing, CancellationToken cancellationToken)
    {
        if (_runs.TryGetValue(listing.Directory, out RunShipper? known))
        {
            known.LookAt(listing, _limits);
            return;
        }

        if (_finished.TryGetValue(listing.Directory, out string? signature) && signature == listing.Signature)
            return;

        RunShipper? run = RunShipper.TryOpen(listing.Directory, _state!.Id, _timeProvider);
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
        lock (_lock)
        {
            foreach (ShipUnit unit in run.Left)
                _aside.Add(new Job(run, unit, Delivery.OfKnown(Now), Now));
        }

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
        while (MayCut() && NextShard() is { } shard)
        {
            await TryAsync(() => RefreshAsync(cancellationToken), cancellationToken).ConfigureAwait(false);
            if (_state!.IsUpgrading)
                break;

            UnitRows rows = SpareRows();
            ShipUnit? unit = null;
            bool isCut = await TryAsync(
                () =>
                {
                    unit = run.PlanNext(rows, shard, _state.Version, _options.MaxDelay, _options.Once);
                    return Task.CompletedTask;
                },
                cancellationToken).ConfigureAwait(false);
            if (!isCut || unit is null)
            {
                GiveBack(rows);
                break;
            }

            // What may be there though this checkpoint knows nothing of it is counted first.
            Job job = run.IsRecovered
                ? new Job(run, unit, Delivery.OfKnown(Now), Now)
                : new Job(run, unit, Delivery.OfNew(), Now) { Rows = rows };
            hasWorked = true;
            if (run.IsRecovered)
            {
                GiveBack(rows);
                lock (_lock)
                    _aside.Add(job);
            }
            else
            {
                await HandOnAsync(job, cancellationToken).ConfigureAwait(false);
            }

            await SendAsideAsync(cancellationToken).ConfigureAwait(false);
        }

        return hasWorked;
    }

    private bool MayCut()
    {
        lock (_lock)
            return _aside.Count < MaxAside;
    }

    /// <summary>The shard of the next unit: each in turn, of those that take any.</summary>
    private string? NextShard()
    {
        lock (_lock)
        {
            for (int i = 0; i < _shards.Count; i++)
            {
                string shard = _shards[_turn++ % _shards.Count];
                if (!_pauses.TryGetValue(shard, out var pause) || pause.Until <= Now)
                    return shard;
            }
        }

        return null;
    }

    /// <summary>Sends what was put aside and whose time has come.</summary>
    private async Task<bool> SendAsideAsync(CancellationToken cancellationToken)
    {
        bool hasWorked = false;
        while (!_state!.IsUpgrading && NextAside() is { } job)
        {
            hasWorked = true;
            await HandOnAsync(job, cancellationToken).ConfigureAwait(false);
        }

        return hasWorked;
    }

    private Job? NextAside()
    {
        lock (_lock)
        {
            int index = _aside.FindIndex(job => job.NotBefore <= Now);
            if (index < 0)
                return null;

            Job job = _aside[index];
            _aside.RemoveAt(index);
            return job;
        }
    }

    private async Task HandOnAsync(Job job, CancellationToken cancellationToken)
    {
        lock (_lock)
            _underWay.Add(job);
        await _jobs.Writer.WriteAsync(job, cancellationToken).ConfigureAwait(false);
    }

    private UnitRows SpareRows()
    {
        lock (_lock)
            return _spareRows.TryPop(out UnitRows? rows) ? rows : new UnitRows();
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        using var sender = new UnitSender(_shardClient, VersionAsync, _timeProvider);
        try
        {
            await foreach (Job job in _jobs.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                await SendAsync(sender, job, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // What is on its way is in the checkpoints.
        }
    }

    private async Task SendAsync(UnitSender sender, Job job, CancellationToken cancellationToken)
    {
        try
        {
            (bool isWhole, int found) = await sender
                .DeliverAsync(job.Run.Run, job.Unit, job.Delivery, PlacesOf(job), job.Rows, Read, cancellationToken)
                .ConfigureAwait(false);
            if (isWhole)
                Done(job, found);
            else
                PutAside(job, Delivery.MaxLateness, failure: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TimeSpan pause = Min(FirstPause * Math.Pow(2, job.Failures++), LongestPause);
            PutAside(job, pause, e);
        }

        UnitRows Read(BitArray? present)
        {
            job.Rows ??= SpareRows();
            job.Run.Read(job.Unit, job.Rows, present);
            return job.Rows;
        }
    }

    private IEnumerable<string> PlacesOf(Job job)
    {
        if (!job.Run.IsRecovered)
            return [job.Unit.Shard];
        return _cluster.HasAllShards
            ? _shards
            : throw new FleetException("A checkpoint was lost, and what is there is counted when every shard can be reached.");
    }

    private void Done(Job job, long found)
    {
        job.Run.Done(job.Unit);
        lock (_lock)
        {
            _underWay.Remove(job);
            _shippedLines += job.Unit.Lines - found;
            _foundLines += found;
            _shippedBytes += Math.Max(0, job.Unit.End - job.Unit.Start);
            _lastFailure = null;
            _lastSuccess = Now;
            _pauses.Remove(job.Unit.Shard);
            GiveBack(job);
            if (_options.Once && _aside.Count + _underWay.Count == 0 && _changed.CurrentCount == 0)
                _changed.Release();
        }
    }

    private void PutAside(Job job, TimeSpan pause, Exception? failure)
    {
        lock (_lock)
        {
            _underWay.Remove(job);
            job.NotBefore = Now + pause;
            _aside.Add(job);
            GiveBack(job);
            if (failure is FleetException)
            {
                TimeSpan length = _pauses.TryGetValue(job.Unit.Shard, out var before) ? Min(before.Length * 2, LongestPause) : FirstPause;
                _pauses[job.Unit.Shard] = (Now + length, length);
            }
        }

        if (failure is not null)
            Fail(failure);
    }

    private void GiveBack(Job job)
    {
        if (job.Rows is { } rows)
            GiveBack(rows);
        job.Rows = null;
    }

    // A few are kept for the next.
    private void GiveBack(UnitRows rows)
    {
        lock (_lock)
        {
            if (_spareRows.Count < Senders + 1)
                _spareRows.Push(rows);
        }
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

    /// <summary>Lets go of runs that are wholly shipped and that nobody writes, so that they cost no handle.</summary>
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

    private void Fail(Exception exception)
    {
        lock (_lock)
        {
            _failures++;
            _lastFailure = exception.FirstLine();
        }
    }

    private ShippingStatus Status()
    {
        lock (_lock)
        {
            DateTimeOffset now = Now;
            long pending = _aside.Concat(_underWay).Sum(job => (long)job.Unit.Lines);
            long unread = _runs.Values.Sum(run => run.UnreadBytes);
            double lineLength = _shippedLines > 0 && _shippedBytes > 0 ? (double)_shippedBytes / _shippedLines : 200;
            DateTimeOffset?[] since =
            [
                .. _aside.Concat(_underWay).Select(job => (DateTimeOffset?)job.Since),
                .. _runs.Values.Select(run => run.UnreadSince),
            ];
            return new ShippingStatus
            {
                Runs = _runCount,
                RunsOfOthers = _othersCount,
                ShippedLines = _shippedLines,
                FoundLines = _foundLines,
                PendingLines = pending,
                UnreadBytes = unread,
                LagLines = pending + (long)Math.Ceiling(unread / lineLength),
                Lag = since.Min() is { } oldest ? now - oldest : null,
                Failures = _failures,
                LastFailure = _lastFailure,
                IsComplete = pending == 0 && unread == 0 && !_hasFailed && _state is not null && _runs.Values.All(run => !run.HasPart),
            };
        }
    }

    private sealed class Job(RunShipper run, ShipUnit unit, Delivery delivery, DateTimeOffset since)
    {
        public RunShipper Run => run;

        public ShipUnit Unit => unit;

        public Delivery Delivery => delivery;

        /// <summary>Since when it is known.</summary>
        public DateTimeOffset Since { get; } = since;

        public UnitRows? Rows { get; set; }

        public DateTimeOffset NotBefore { get; set; } = since;

        public int Failures { get; set; }
    }
}
