using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The run of one sender: a monitor with a directory of its own, and the spans that have not been recorded yet.</summary>
internal sealed class SenderRun
{
    // Small, because a monitor has a buffer for each recording thread, and requests arrive on many threads.
    private const int BufferCapacity = 512;
    private const int MaxRetainedPoints = 262_144;
    private const int MaxReleasedAtOnce = 8_192;

    private readonly Lock _lock = new();
    private readonly OtlpOptions _options;
    private readonly TimeProvider _time;
    private readonly SpanMemory _memory;
    private readonly OtlpStatistics _statistics;
    private readonly GenerationMonitor _monitor;
    private readonly OtlpRecording _recording;
    private readonly HeldSpansFile _file;
    private readonly HeldSpans _held;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<GenerationSpan> _record;
    private long _lastUse;
    private bool _isEnding;

    // The number of records made, and how many of them are known to be on the disk.
    private long _recorded;
    private long _flushed;
    private bool _isFailing;

    // Whether waiting spans are missing from the file.
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
        _options = options;
        _time = time;
        _memory = memory;
        _statistics = statistics;
        _monitor = monitor;
        _recording = new OtlpRecording(monitor, sender);
        _file = file;
        _held = new HeldSpans(options.HoldTime);
        _lastUse = time.GetTimestamp();
        _record = Record;
    }

    /// <summary>The number of spans that are waiting for those above them.</summary>
    public int HeldCount
    {
        get
        {
            lock (_lock)
                return _held.Count;
        }
    }

    /// <summary>Completes when the run has ended and its directory is free.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Begins a run, or continues it if its directory exists.</summary>
    /// <exception cref="IOException">The directory cannot be read or written to.</exception>
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

    /// <summary>Records or holds the data of a request. Completes when the data survives the end of the process.</summary>
    /// <returns><see langword="true"/> if the data was accepted; <see langword="false"/> if the run is ending.</returns>
    /// <exception cref="OtlpRefusedException">The data could not be written. The request may be sent again.</exception>
    public async ValueTask<bool> TakeAsync(SenderBatch batch)
    {
        // While the disk accepts no data, the monitor keeps what it has. No more must be added.
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

    /// <summary>Records the spans that have waited long enough. Called every second.</summary>
    /// <returns><see langword="true"/> if the run has ended because its sender has been silent for too long; otherwise,
    /// <see langword="false"/>.</returns>
    public async Task<bool> TickAsync()
    {
        try
        {
            await ReleaseAsync(TimeSpan.Zero).ConfigureAwait(false);
        }
        catch (OtlpRefusedException)
        {
            // The monitor keeps trying, and reports the failure itself.
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

    /// <summary>Records the waiting spans and ends the run.</summary>
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
            // The waiting spans stay in their file, from which the next run takes them.
        }

        await _monitor.DisposeAsync().ConfigureAwait(false);
        _file.Dispose();
        _ended.TrySetResult();
    }

    /// <summary>Records and flushes the spans that are due now or within the given time.</summary>
    private async Task ReleaseAsync(TimeSpan ahead)
    {
        bool hasMore = true;
        while (hasMore)
        {
            // Release no more at once than the monitor can keep while the disk accepts no data.
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

            _recording.Record(evaluation);
            _recorded++;
        }

        _statistics.CountTaken(batch.Generations.Count, batch.Evaluations.Count, merged, repeated);

        // Spans that an earlier request could not write to the file come first, because they are dropped if they are sent again.
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
        _recording.Record(span);
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
            // The file stays larger than necessary.
        }
    }

    private long Now() => _time.GetElapsedTime(0).Ticks;

    private static OtlpRefusedException Unavailable(Exception e) =>
        new(OtlpRefusal.Unavailable, "The records could not be written.", e);
}
