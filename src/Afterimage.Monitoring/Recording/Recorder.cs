using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Afterimage.Monitoring.Recording;

/// <summary>The recording path: per-thread buffers, and the pump that empties them into memory and the sinks.</summary>
/// <remarks>
/// User code runs neither on the recording thread nor on the pump. What the pump calls (the reducer and the sinks) must not fail. Records
/// are taken into memory (<see cref="IRecordReducer"/>) either by the pump or, before it gets to them, by a reader; only the pump passes
/// them to the sinks.
/// </remarks>
internal sealed class Recorder
{
    /// <summary>How long a record may stay in its buffer if nothing wakes the pump.</summary>
    private static readonly TimeSpan PumpInterval = TimeSpan.FromMilliseconds(200);

    private const int RefusingCapacity = 1;

    [ThreadStatic]
    private static ThreadBuffer? _lastBuffer;

    // Set once.
    private readonly Clock _clock;
    private readonly Action<long> _dropped;
    private readonly Action _refusing;
    private readonly int _bufferCapacity;
    private readonly Thread _pump;
    private readonly RecordBatchPool _batches = new();

    // Cleared when the pump ends: a thread keeps its last buffer, and with it this recorder, but not the monitor's memory.
    private IRecordReducer? _reducer;
    private IReadOnlyList<IRecordSink> _sinks;

    // Buffers are added and removed under _buffersLock; the array is replaced, never changed.
    private readonly Lock _buffersLock = new();
    private readonly ConcurrentDictionary<int, ThreadBuffer> _bufferByThread = new();
    private volatile ThreadBuffer[] _buffers = [];
    private long _retiredWritten;
    private long _retiredDropped;

    // Protects the reducer and the Applied of every buffer.
    private readonly Lock _applyLock = new();

    // The pump's mailbox. _pumpSleeps and _woken change under the lock of _mail; the former is also read without it, as a hint.
    private readonly object _mail = new();
    private readonly ConcurrentQueue<(Thread Requester, TaskCompletionSource<Task[]> Answer)> _flushRequests = new();
    private volatile bool _pumpSleeps;
    private bool _woken;
    private volatile bool _pumpEnded;

    // The stages of shutdown, in this order.
    private volatile bool _isClosed;
    private volatile bool _drainAndStop;
    private long _refused;

    public Recorder(
        Names names,
        Clock clock,
        IRecordReducer reducer,
        IReadOnlyList<IRecordSink> sinks,
        int bufferCapacity,
        BufferFullMode fullMode,
        Action<long> dropped,
        Action refusing)
    {
        Names = names;
        _clock = clock;
        _dropped = dropped;
        _refusing = refusing;
        FullMode = fullMode;
        _reducer = reducer;
        _sinks = sinks;
        _bufferCapacity = bufferCapacity;
        _pump = new Thread(Pump) { IsBackground = true, Name = "Afterimage pump" };
        _pump.UnsafeStart();
    }

    public Names Names { get; }

    public BufferFullMode FullMode { get; }

    public bool IsClosed => _isClosed;

    /// <summary>The number of records that came after <see cref="Close"/>.</summary>
    public long Refused => Volatile.Read(ref _refused);

    /// <summary>The number of records accepted so far, and of records refused because a buffer was full.</summary>
    public (long Recorded, long Dropped) Counts
    {
        get
        {
            lock (_buffersLock)
                return (_retiredWritten + _buffers.Sum(b => b.Written), _retiredDropped + _buffers.Sum(b => b.Dropped));
        }
    }

    /// <summary>The number of records passed to the sinks so far.</summary>
    public long Delivered
    {
        get
        {
            lock (_buffersLock)
                return _retiredWritten + _buffers.Sum(b => b.Freed);
        }
    }

    /// <summary>The buffer of the current thread.</summary>
    public ThreadBuffer Buffer
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ThreadBuffer? buffer = _lastBuffer;
            return buffer is not null && ReferenceEquals(buffer.Recorder, this) ? buffer : FindBuffer();
        }
    }

    /// <summary>Takes every record published so far into memory, and keeps memory unchanged until the scope is disposed.</summary>
    public Lock.Scope EnterApplied()
    {
        Lock.Scope scope = _applyLock.EnterScope();
        Apply();
        return scope;
    }

    /// <summary>Wakes the pump if it appears to be asleep. May miss a pump that is falling asleep; its interval makes up for
    /// that.</summary>
    /// <remarks>Does not wait for the lock: an interruption of the thread would be thrown there, for a record that has already been
    /// recorded.</remarks>
    public void Wake()
    {
        if (!_pumpSleeps || !Monitor.TryEnter(_mail))
            return;

        _woken = true;
        Monitor.Pulse(_mail);
        Monitor.Exit(_mail);
    }

    /// <summary>Counts a record that came too late, and reports the first one.</summary>
    public void Refuse()
    {
        if (Interlocked.Increment(ref _refused) == 1)
            _refusing();
    }

    public void WakeNow()
    {
        lock (_mail)
        {
            _woken = true;
            Monitor.Pulse(_mail);
        }
    }

    /// <summary>Completes when the sinks have received every record published before the call. Its result is the tasks in which the sinks
    /// make them durable, in the order of the sinks.</summary>
    public Task<Task[]> FlushAsync()
    {
        var request = new TaskCompletionSource<Task[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        _flushRequests.Enqueue((Thread.CurrentThread, request));
        WakeNow();

        // The pump may have checked its mailbox for the last time before this request arrived.
        if (_pumpEnded)
            AnswerFlushRequests();
        return request.Task;
    }

    /// <summary>Refuses further records, and passes all accepted ones to the sinks.</summary>
    /// <returns><see langword="true"/> if this was done within <paramref name="timeout"/>; otherwise, <see langword="false"/>, and the pump
    /// continues with it.</returns>
    public bool Close(TimeSpan timeout)
    {
        _isClosed = true;

        // The other half of ThreadBuffer.TryBegin: after this, a producer either has set IsWriting or sees IsClosed. It saves the recording
        // path a fence.
        Interlocked.MemoryBarrierProcessWide();
        foreach (ThreadBuffer buffer in _buffers)
            buffer.WakeProducer();

        _drainAndStop = true;
        WakeNow();
        if (Thread.CurrentThread == _pump)
            return false;

        return _pump.Join(timeout);
    }

    private ThreadBuffer FindBuffer()
    {
        Thread thread = Thread.CurrentThread;
        if (_bufferByThread.TryGetValue(thread.ManagedThreadId, out ThreadBuffer? buffer) && buffer.Owner == thread)
        {
            _lastBuffer = buffer;
            return buffer;
        }

        // A closed recorder lists no buffers. This buffer only refuses records.
        if (_isClosed)
            return _lastBuffer = new ThreadBuffer(this, thread, RefusingCapacity);

        buffer = new ThreadBuffer(this, thread, _bufferCapacity);
        lock (_buffersLock)
            _buffers = [.. _buffers, buffer];

        // The ID may have belonged to a thread that has ended. Its buffer stays listed until it is empty.
        _bufferByThread[thread.ManagedThreadId] = buffer;
        _lastBuffer = buffer;
        return buffer;
    }

    private void Pump()
    {
        long droppedBefore = 0;
        while (true)
        {
            bool last = _drainAndStop;
            if (last)
                WaitForLastWriters();
            using (EnterApplied())
            {
            }

            Deliver();
            AnswerFlushRequests();
            RetireBuffersOfDeadThreads();
            if (Counts.Dropped is var dropped && dropped > droppedBefore)
                _dropped(dropped);
            droppedBefore = dropped;
            if (last)
                break;

            Sleep();
        }

        _pumpEnded = true;
        AnswerFlushRequests();
        foreach (ThreadBuffer buffer in _buffers)
            buffer.Release();
        _reducer = null;
        _sinks = [];
    }

    // Nobody can begin a record any more, and threads that were waiting for room have been woken to be refused. Records that are being
    // written will therefore be finished in no time.
    private void WaitForLastWriters()
    {
        var spinner = default(SpinWait);
        while (_buffers.Any(b => b.IsWriting))
            spinner.SpinOnce();
    }

    private void Sleep()
    {
        lock (_mail)
        {
            if (!_woken)
            {
                _pumpSleeps = true;
                Monitor.Wait(_mail, PumpInterval);
                _pumpSleeps = false;
            }

            _woken = false;
        }
    }

    // Call under _applyLock.
    private void Apply()
    {
        _clock.Refresh();
        foreach (ThreadBuffer buffer in _buffers)
        {
            long written = buffer.Written;
            while (buffer.Applied < written)
            {
                Span<Record> records = buffer.Read(buffer.Applied, written);
                foreach (ref Record record in records)
                {
                    if (!record.Has(RecordFields.GivenTimestamp))
                        record.Timestamp = _clock.TimeOf(record.Timestamp);
                }

                _reducer!.Apply(records);
                buffer.Applied += records.Length;
            }
        }
    }

    private void Deliver()
    {
        RecordBatch? batch = null;
        foreach (ThreadBuffer buffer in _buffers)
        {
            // A reader may advance Applied in the meantime, but never move it back: everything below its present value may be freed.
            long applied;
            lock (_applyLock)
                applied = buffer.Applied;

            long freed = buffer.Freed;
            while (freed < applied)
            {
                batch ??= _batches.Rent();
                Span<Record> records = buffer.Read(freed, Math.Min(applied, freed + batch.Room));
                batch.Append(records, _clock.WallOffset);
                foreach (ref Record record in records)
                {
                    if (record.Details is not null)
                        record.Details = null;
                }

                freed += records.Length;
                buffer.Free(freed);
                if (batch.Room == 0)
                    HandOver(ref batch);
            }
        }

        if (batch is not null)
            HandOver(ref batch);
    }

    private void HandOver(ref RecordBatch? batch)
    {
        foreach (IRecordSink sink in _sinks)
            sink.Accept(batch!);
        batch!.Release();
        batch = null;
    }

    private void AnswerFlushRequests()
    {
        // Records made before a request are in the buffers when the request is seen. One more round includes them.
        int count = _flushRequests.Count;
        if (count == 0)
            return;

        using (EnterApplied())
        {
        }

        Deliver();
        for (int i = 0; i < count && _flushRequests.TryDequeue(out (Thread Requester, TaskCompletionSource<Task[]> Answer) request); i++)
            request.Answer.SetResult([.. _sinks.Select(sink => sink.FlushAsync(request.Requester))]);
    }

    private void RetireBuffersOfDeadThreads()
    {
        foreach (ThreadBuffer buffer in _buffers)
        {
            if (buffer.Owner.IsAlive || buffer.Freed < buffer.Written)
                continue;

            lock (_buffersLock)
            {
                _buffers = [.. _buffers.Where(b => b != buffer)];
                _retiredWritten += buffer.Written;
                _retiredDropped += buffer.Dropped;
            }

            _bufferByThread.TryRemove(new KeyValuePair<int, ThreadBuffer>(buffer.Owner.ManagedThreadId, buffer));
        }
    }
}
