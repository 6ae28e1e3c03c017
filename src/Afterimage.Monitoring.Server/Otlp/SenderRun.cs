using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The run of one sender: a monitor on a directory of its own, and the spans that are not recorded yet.</summary>
internal sealed class SenderRun
{
    // A monitor has a buffer for each thread that records, and requests come on many.
    private const int BufferCapacity = 512;
    private const int MaxRetainedPoints = 262_144;
    private const int MaxReleasedAtOnce = 8_192;

    private readonly Lock _lock = new();
    private readonly SenderId _sender;
    private readonly OtlpOptions _options;
    private readonly TimeProvider _time;
    private readonly SpanMemory _memory;
    private readonly OtlpStatistics _statistics;
    private readonly GenerationMonitor _monitor;
    private readonly HeldSpansFile _file;
    private readonly HeldSpans _held;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<GenerationSpan> _record;
    private long _lastUse;
    private bool _isEnding;

    // Records made, and how many of them are known to be on the disk.
    private long _recorded;
    private long _flushed;
    private bool _isFailing;

    // Whether the file lacks spans that are held.
    private bool _isFileBehind;

    private SenderRun(
        SenderId sender,
        OtlpOptions options,
        TimeProvider time,
        SpanMemory memory,
        OtlpStatistics statistics,
        GenerationMonitor monitor,
        HeldSpansFile file)
    {
        _sender = sender;
        _options = options;
        _time = time;
        _memory = memory;
        _statistics = statistics;
        _monitor = monitor;
        _file = file;
        _held = new HeldSpans(options.HoldTime);
        _lastUse = time.GetTimestamp();
        _record = Record;
    }

    /// <summary>Spans that wait for those above them.</summary>
    public int HeldCount
    {
        get
        {
            lock (_lock)
                return _held.Count;
        }
    }

    /// <summary>Ends when the run has ended and its directory is free.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Begins a run, or goes on with it where its directory exists.</summary>
    /// <exception cref="IOException">The directory cannot be read or written.</exception>
    public static SenderRun Open(
        SenderId sender,
        OtlpOptions options,
        TimeProvider time,
        SpanMemory memory,
        OtlpStatistics statistics,
        ILoggerFactory? loggerFactory)
    {
        string directory = Path.GetFullPath(Path.Combine(options.RootDirectory, sender.DirectoryName()));
        var settings = new GenerationMonitorOptions { BufferCapacity = BufferCapacity, MaxRetainedPoints = MaxRetainedPoints };
        options.ConfigureMonitor?.Invoke(settings);
        settings.LogDirectory = directory;

        bool isSynced = settings.Durability == Durability.Synced;
        HeldSpansFile file = HeldSpansFile.Open(directory, isSynced, out List<GenerationSpan> held);
        try
        {
            List<GenerationSpan> early = RecordedSpans.AddTo(memory, directory);
            SenderFile.Write(directory, sender);
            var monitor = new GenerationMonitor(settings, time, loggerFactory);
            var run = new SenderRun(sender, options, time, memory, statistics, monitor, file);
            run.Resume(held, early);
            return run;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Records what a request brought, or holds it, and ends when it survives the end of the process.</summary>
    /// <returns>False where the run is ending: then nothing was taken.</returns>
    /// <exception cref="OtlpRefusedException">It could not be written. It may be sent again.</exception>
    public async ValueTask<bool> TakeAsync(SenderBatch batch)
    {
        // On a disk that takes nothing the monitor keeps what it has; more must not come.
        if (Volatile.Read(ref _isFailing))
            await FlushAsync().ConfigureAwait(false);

        lock (_lock)
        {
            if (_isEnding)
                return false;
            _lastUse = _time.GetTimestamp();
            try
            {
                Take(batch);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unavailable(e);
            }
        }

        await FlushAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>Records what has waited long enough. Called every second.</summary>
    /// <returns>Whether the run has ended, of a sender that has been silent for too long.</returns>
    public async Task<bool> TickAsync()
    {
        try
        {
            await ReleaseAsync(TimeSpan.Zero).ConfigureAwait(false);
        }
        catch (OtlpRefusedException)
        {
            // The monitor goes on trying, and says so itself.
            return false;
        }

        lock (_lock)
        {
            KeepHeld();
            if (_held.Count > 0 || _recorded != _flushed || _time.GetElapsedTime(_lastUse) < _options.IdleTimeout)
                return false;
            _isEnding = true;
        }

        await EndAsync().ConfigureAwait(false);
        return true;
    }

    /// <summary>Records what is held and ends the run.</summary>
    public async Task EndAsync()
    {
        lock (_lock)
            _isEnding = true;
        try
        {
            await ReleaseAsync(_options.HoldTime).ConfigureAwait(false);
            lock (_lock)
                KeepHeld();
        }
        catch (OtlpRefusedException)
        {
            // What is held stays in its file, from where the next run takes it.
        }

        await _monitor.DisposeAsync().ConfigureAwait(false);
        _file.Dispose();
        _ended.TrySetResult();
    }

    /// <summary>Records and flushes what is due, or will be in the time that is given.</summary>
    private async Task ReleaseAsync(TimeSpan ahead)
    {
        bool hasMore = true;
        while (hasMore)
        {
            // Not more at once than the monitor can keep while the disk takes nothing.
            await FlushAsync().ConfigureAwait(false);
            lock (_lock)
                hasMore = _held.ReleaseDue(Now() + ahead.Ticks, MaxReleasedAtOnce, _record);
        }

        await FlushAsync().ConfigureAwait(false);
    }

    private void Resume(List<GenerationSpan> held, List<GenerationSpan> early)
    {
        _held.ResumeReleased(early, Now());
        List<GenerationSpan> missing = [.. held.Where(span => _memory.Add(span.Key))];
        _file.Rewrite(missing);
        _held.Resume(missing, Now());
    }

    private void Take(SenderBatch batch)
    {
        List<GenerationSpan> fresh = new(batch.Generations.Count);
        foreach (GenerationSpan span in batch.Generations)
        {
            if (_memory.Add(span.Key))
                fresh.Add(span);
        }

        List<GenerationSpan> waiting = [];
        int merged = _held.Add(batch.Links, fresh, Now(), _record, waiting.Add);
        int repeated = batch.Generations.Count - fresh.Count;
        foreach (EvaluationEvent evaluation in batch.Evaluations)
        {
            if (!_memory.Add(evaluation.Key))
            {
                repeated++;
                continue;
            }

            OtlpRecording.Record(_monitor, _sender, evaluation);
            _recorded++;
        }

        _statistics.CountTaken(batch.Generations.Count, batch.Evaluations.Count, merged, repeated);

        // What an earlier request could not bring to the file comes first: its spans are dropped when they come again.
        if (_isFileBehind)
            _file.Rewrite(_held.Waiting);
        else if (waiting.Count > 0)
            Append(waiting);
        _isFileBehind = false;
    }

    private void Append(List<GenerationSpan> waiting)
    {
        _isFileBehind = true;
        _file.Append(waiting);
    }

    private void Record(GenerationSpan span)
    {
        OtlpRecording.Record(_monitor, _sender, span);
        _recorded++;
    }

    private async ValueTask FlushAsync()
    {
        long recorded;
        lock (_lock)
        {
            recorded = _recorded;
            if (recorded == _flushed)
                return;
        }

        try
        {
            await _monitor.FlushAsync().ConfigureAwait(false);
            Volatile.Write(ref _isFailing, false);
        }
        catch (IOException e)
        {
            Volatile.Write(ref _isFailing, true);
            throw Unavailable(e);
        }

        lock (_lock)
            _flushed = Math.Max(_flushed, recorded);
    }

    private void KeepHeld()
    {
        if (_recorded != _flushed || _isFileBehind)
            return;
        try
        {
            _file.Keep(_held.Count, () => _held.Waiting);
        }
        catch (IOException)
        {
            // It stays larger than it need be.
        }
    }

    private long Now() => _time.GetElapsedTime(0).Ticks;

    private static OtlpRefusedException Unavailable(Exception e) =>
        new(OtlpRefusal.Unavailable, "The records could not be written.", e);
}
