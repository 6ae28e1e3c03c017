using System.Threading.Channels;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>The planned units that are not in the cluster yet: which are being sent, which are waiting and until when, and the results of
/// the others. Thread-safe.</summary>
/// <param name="senders">The number of senders.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class ShipJobs(int senders, TimeProvider timeProvider)
{
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    // When this many units have been put aside, no new ones are planned: they would only wait behind these.
    private const int MaxAside = 16;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Channel<ShipJob> _handedOn = Channel.CreateBounded<ShipJob>(1);
    private readonly Lock _lock = new();

    // Used under the lock.
    private readonly List<ShipJob> _aside = [];
    private readonly HashSet<ShipJob> _underWay = [];
    private readonly Stack<UnitRows> _spareRows = new();
    private readonly Dictionary<string, (DateTimeOffset Until, TimeSpan Length)> _pauses = new(StringComparer.Ordinal);
    private long _shippedLines;
    private long _shippedBytes;
    private long _foundLines;
    private long _failures;
    private string? _lastFailure;
    private DateTimeOffset _lastSuccess = timeProvider.GetUtcNow();
    private int _turn;

    public DateTimeOffset LastSuccess
    {
        get
        {
            lock (_lock)
                return _lastSuccess;
        }
    }

    public bool MayCut
    {
        get
        {
            lock (_lock)
                return _aside.Count < MaxAside;
        }
    }

    private DateTimeOffset Now => timeProvider.GetUtcNow();

    /// <summary>Returns the shard for the next unit: the available shards take turns.</summary>
    public string? NextShard(IReadOnlyList<string> shards)
    {
        lock (_lock)
        {
            for (int i = 0; i < shards.Count; i++)
            {
                string shard = shards[_turn++ % shards.Count];
                if (!_pauses.TryGetValue(shard, out var pause) || pause.Until <= Now)
                    return shard;
            }
        }

        return null;
    }

    /// <summary>Adds units to be passed on later.</summary>
    public void AddAside(IEnumerable<ShipJob> jobs)
    {
        lock (_lock)
            _aside.AddRange(jobs);
    }

    /// <summary>Removes and returns a unit that was put aside and is due.</summary>
    public ShipJob? NextAside()
    {
        lock (_lock)
        {
            int index = _aside.FindIndex(job => job.NotBefore <= Now);
            if (index < 0)
                return null;

            ShipJob job = _aside[index];
            _aside.RemoveAt(index);
            return job;
        }
    }

    /// <summary>Passes a unit to the senders when one of them is free.</summary>
    public async Task HandOnAsync(ShipJob job, CancellationToken cancellationToken)
    {
        lock (_lock)
            _underWay.Add(job);
        await _handedOn.Writer.WriteAsync(job, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns the units passed to the senders. Each goes to one of them.</summary>
    public IAsyncEnumerable<ShipJob> HandedOnAsync(CancellationToken cancellationToken) => _handedOn.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Records that a unit is in the cluster.</summary>
    /// <returns><see langword="true"/> if it was the last; otherwise, <see langword="false"/>.</returns>
    public bool Done(ShipJob job, int found)
    {
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
            return _aside.Count + _underWay.Count == 0;
        }
    }

    /// <summary>Puts a unit aside for a time.</summary>
    public void PutAside(ShipJob job, TimeSpan pause)
    {
        lock (_lock)
        {
            _underWay.Remove(job);
            job.NotBefore = Now + pause;
            _aside.Add(job);
            GiveBack(job);
        }
    }

    /// <summary>Puts a unit aside that could not be sent, for longer after each failure. Its shard waits as well.</summary>
    public void PutAside(ShipJob job, Exception failure)
    {
        lock (_lock)
        {
            PutAside(job, Min(FirstPause * Math.Pow(2, job.Failures++), LongestPause));
            if (failure is FleetException)
            {
                TimeSpan length = _pauses.TryGetValue(job.Unit.Shard, out var before) ? Min(before.Length * 2, LongestPause) : FirstPause;
                _pauses[job.Unit.Shard] = (Now + length, length);
            }

            Fail(failure);
        }
    }

    /// <summary>Records a failure.</summary>
    public void Fail(Exception exception)
    {
        lock (_lock)
        {
            _failures++;
            _lastFailure = exception.FirstLine();
        }
    }

    public UnitRows SpareRows()
    {
        lock (_lock)
            return _spareRows.TryPop(out UnitRows? rows) ? rows : new UnitRows();
    }

    /// <summary>Returns rows that are free again. A few are kept for reuse.</summary>
    public void GiveBack(UnitRows rows)
    {
        lock (_lock)
        {
            if (_spareRows.Count < senders + 1)
                _spareRows.Push(rows);
        }
    }

    /// <summary>Returns the status of shipping, including the parts of runs that are not in units yet.</summary>
    public ShippingStatus Status(IReadOnlyCollection<RunShipper> runs)
    {
        lock (_lock)
        {
            DateTimeOffset now = Now;
            long pending = _aside.Concat(_underWay).Sum(job => (long)job.Unit.Lines);
            long unread = runs.Sum(run => run.UnreadBytes);
            double lineLength = _shippedLines > 0 && _shippedBytes > 0 ? (double)_shippedBytes / _shippedLines : 200;
            DateTimeOffset?[] since =
            [
                .. _aside.Concat(_underWay).Select(job => (DateTimeOffset?)job.Since),
                .. runs.Select(run => run.UnreadSince),
            ];
            return new ShippingStatus
            {
                ShippedLines = _shippedLines,
                FoundLines = _foundLines,
                PendingLines = pending,
                UnreadBytes = unread,
                LagLines = pending + (long)Math.Ceiling(unread / lineLength),
                Lag = since.Min() is { } oldest ? now - oldest : null,
                Failures = _failures,
                LastFailure = _lastFailure,
                IsComplete = pending == 0 && unread == 0 && runs.All(run => !run.HasPart),
            };
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private void GiveBack(ShipJob job)
    {
        if (job.Rows is { } rows)
            GiveBack(rows);
        job.Rows = null;
    }
}
