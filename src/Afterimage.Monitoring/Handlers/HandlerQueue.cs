// This file is long because it is one protocol: what a handler receives, when it is given up, and what is counted depend on each other.
using System.Diagnostics;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Handlers;

/// <summary>The result of passing one item to a handler.</summary>
/// <param name="FailedRecords">The number of records in the item that the handler lost.</param>
/// <param name="Failures">The number of calls that threw.</param>
/// <param name="Error">The first exception.</param>
internal readonly record struct HandlerOutcome(int FailedRecords, int Failures, Exception? Error);

/// <summary>What a queue needs to know about its handler.</summary>
internal sealed record HandlerContract<T>(string Name, Func<T, HandlerOutcome> Handle)
{
    /// <summary>Handles an item part by part, since one of them makes the handler refuse the whole. Default: it has no parts.</summary>
    public Func<T, HandlerOutcome>? HandleParts { get; init; }

    /// <summary>Called when the queue has no further need of an item, handled or not.</summary>
    public Action<T>? Release { get; init; }

    public Action? Flush { get; init; }

    /// <summary>Called when the time to shut down is over, to end the current call.</summary>
    public Action? Abort { get; init; }

    /// <summary>See <see cref="IMetricHandler.IsLossless"/>.</summary>
    public bool IsLossless { get; init; }

    /// <summary>Whether who gives an item waits for room in the queue, for as long as the handler gets on.</summary>
    public bool WaitsForRoom { get; init; }

    /// <summary>Records that may wait.</summary>
    public int Capacity { get; init; } = 262_144;
}

/// <summary>What all queues have in common.</summary>
internal static class HandlerQueue
{
    /// <summary>Minimum time to say what could not be written at shutdown.</summary>
    private static readonly TimeSpan LastWordTime = TimeSpan.FromSeconds(1);

    /// <summary>A deadline that leaves time for what is said last.</summary>
    public static long WithLastWord(long deadline) =>
        Math.Max(deadline, Stopwatch.GetTimestamp() + (long)(LastWordTime.TotalSeconds * Stopwatch.Frequency));
}

/// <summary>The wall around one handler: a bounded queue and a thread of its own, so that its slowness and its exceptions stay
/// here.</summary>
/// <remarks>The handler's code may fail, hang, and call back into the monitor; nothing else here may fail. The thread starts with the first
/// item.</remarks>
internal sealed class HandlerQueue<T>
    where T : class
{
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(1);

    /// <summary>How often an item fails before it may be the item that is at fault.</summary>
    private const int AttemptsBeforeDoubt = 5;

    /// <summary>What a call has that is told to end.</summary>
    private static readonly TimeSpan AbortTime = TimeSpan.FromSeconds(1);

    // Set once.
    private readonly HandlerContract<T> _contract;
    private readonly TimeSpan _timeLimit;
    private readonly TroubleLog _troubleLog;

    // All fields below change under the lock of _gate.
    private readonly object _gate = new();
    private readonly Queue<Work> _queue = new();
    private Thread? _thread;
    private long _pending;
    private long _lastProgress;
    private bool _isHandling;
    private bool _closing;
    private bool _ended;

    private long _written;
    private long _failed;
    private long _dropped;
    private long _failures;
    private string? _lastError;

    public HandlerQueue(HandlerContract<T> contract, TimeSpan timeLimit, TroubleLog troubleLog)
    {
        _contract = contract;
        _timeLimit = timeLimit;
        _troubleLog = troubleLog;
    }

    public HandlerStatistics Statistics
    {
        get
        {
            lock (_gate)
                return new HandlerStatistics
                {
                    Name = _contract.Name,
                    Written = _written,
                    Failed = _failed,
                    Dropped = _dropped,
                    Pending = _pending,
                    Failures = _failures,
                    LastError = _lastError,
                    IsStalled = IsStalled,
                };
        }
    }

    /// <summary>Whether nothing is waiting for the handler. The handler may still be busy with its last item.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _queue.Count == 0;
        }
    }

    /// <summary>Whether the current thread is the handler's own.</summary>
    public bool IsCurrentThread => Thread.CurrentThread == _thread;

    // Call under _gate.
    private bool IsStalled => (_pending > 0 || _isHandling) && Stopwatch.GetElapsedTime(_lastProgress) >= _timeLimit;

    /// <summary>Gives the handler an item. Waits for room if the contract says so and the handler gets on; else drops what does not
    /// fit.</summary>
    /// <param name="item">The item.</param>
    /// <param name="weight">The number of records in the item.</param>
    /// <returns><see langword="true"/> if the handler will receive the item; otherwise, <see langword="false"/>.</returns>
    public bool Enqueue(T item, int weight)
    {
        bool hasEnded;
        lock (_gate)
        {
            while (
                !_ended
                && _pending > 0
                && _pending + weight > _contract.Capacity
                && _contract.WaitsForRoom
                && !IsCurrentThread
                && !IsStalled)
                Monitor.Wait(_gate, TimeUntilStalled());

            hasEnded = _ended;
            if (!hasEnded && (_pending == 0 || _pending + weight <= _contract.Capacity))
            {
                if (_pending == 0)
                    _lastProgress = Stopwatch.GetTimestamp();
                _pending += weight;
                EnqueueWork(new Work(item, weight, Flushed: null));
                return true;
            }

            _dropped += weight;
        }

        _contract.Release?.Invoke(item);
        if (!hasEnded)
            _troubleLog.ReportDropping(_contract.Name);
        return false;
    }

    /// <summary>Completes when everything enqueued so far has been handled and flushed. The wait for a handler that is not lossless is
    /// limited to its time limit.</summary>
    /// <param name="requester">The requesting thread. The handler's own thread is not kept waiting, as it would wait for itself.</param>
    /// <exception cref="IOException">A lossless handler could not write the records, or makes no progress.</exception>
    public async Task FlushAsync(Thread requester)
    {
        if (requester == _thread)
            return;

        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_ended || (_thread is null && _pending == 0))
                return;
            if (!_contract.IsLossless && IsStalled)
                return;
            EnqueueWork(new Work(Item: null, Weight: 0, flushed));
        }

        while (true)
        {
            try
            {
                await flushed.Task.WaitAsync(_timeLimit).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException) when (!_contract.IsLossless)
            {
                return;
            }
            catch (TimeoutException)
            {
                lock (_gate)
                {
                    if (Stopwatch.GetElapsedTime(_lastProgress) >= _timeLimit)
                        throw CouldNotWrite(new TimeoutException($"The handler made no progress for {_timeLimit.TotalSeconds:0.###} s."));
                }
            }
        }
    }

    /// <summary>Tells the handler's thread to end when the queue is empty.</summary>
    public void BeginClose()
    {
        lock (_gate)
        {
            _closing = true;
            if (_queue.Count > 0)
                StartThread();
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Lets the handler finish what is queued.</summary>
    /// <param name="deadline">The deadline, as a value of <see cref="Stopwatch.GetTimestamp"/>. What is left then counts as failed.</param>
    /// <returns><see langword="true"/> if the handler has ended, so that it may be disposed; otherwise, <see langword="false"/>.</returns>
    public bool Close(long deadline)
    {
        BeginClose();

        // A handler that disposes its own monitor cannot wait for itself. It finishes after it has returned.
        if (IsCurrentThread)
            return false;

        bool finished = _thread is null || _thread.Join(Remaining(deadline));
        End();
        if (!finished && _contract.Abort is { } abort)
        {
            abort();
            finished = _thread!.Join(AbortTime);
        }

        return finished;
    }

    /// <summary>Lets the handler finish what is queued, and disposes the handler if it has ended.</summary>
    /// <param name="deadline">The deadline, as for <see cref="Close(long)"/>.</param>
    /// <param name="handler">The handler.</param>
    public void Close(long deadline, object? handler)
    {
        if (!Close(deadline) || handler is not IDisposable disposable)
            return;

        try
        {
            disposable.Dispose();
        }
        catch (Exception e)
        {
            // The records of this handler are written, but those of the other handlers are not yet.
            ReportFailure(e);
        }
    }

    public void ReportFailure(Exception error)
    {
        lock (_gate)
        {
            _failures++;
            _lastError = UserText.MessageOf(error);
        }

        _troubleLog.ReportFailure(_contract.Name, error);
    }

    private static TimeSpan Remaining(long deadline)
    {
        TimeSpan remaining = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), deadline);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    private TimeSpan TimeUntilStalled()
    {
        TimeSpan remaining = _timeLimit - Stopwatch.GetElapsedTime(_lastProgress);
        return remaining > TimeSpan.FromMilliseconds(1) ? remaining : TimeSpan.FromMilliseconds(1);
    }

    // Call under _gate.
    private void EnqueueWork(Work work)
    {
        _queue.Enqueue(work);
        StartThread();
        Monitor.PulseAll(_gate);
    }

    // Call under _gate. A process may have neither memory nor descriptors for a thread. That must not end it: what is queued waits for the
    // next attempt.
    private void StartThread()
    {
        if (_thread is not null)
            return;

        var thread = new Thread(Run) { IsBackground = true, Name = $"Afterimage {_contract.Name}" };
        try
        {
            thread.UnsafeStart();
            _thread = thread;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            _failures++;
            _lastError = $"The handler's thread could not be started: {e.Message}";
        }
    }

    private void Run()
    {
        while (true)
        {
            Work work;
            lock (_gate)
            {
                while (_queue.Count == 0)
                {
                    if (_closing || _ended)
                        return;
                    Monitor.Wait(_gate);
                }

                work = _queue.Dequeue();
                _isHandling = work.Item is not null;
                if (_isHandling && _pending == 0)
                    _lastProgress = Stopwatch.GetTimestamp();
            }

            if (work.Item is null)
            {
                Flush(work.Flushed!);
                continue;
            }

            for (Work? next = work; next is not null;)
                next = Handle(next.Value);
        }
    }

    /// <returns>What was taken from the queue meanwhile, and is to be handled next.</returns>
    private Work? Handle(Work work)
    {
        Work? behind = null;
        TimeSpan retryDelay = FirstRetryDelay;
        for (int attempt = 1; ; attempt++)
        {
            HandlerOutcome outcome = Call(work.Item!, work.Weight);
            if (Settle(work, outcome, isFinal: !_contract.IsLossless))
                break;

            _troubleLog.ReportFailure(_contract.Name, outcome.Error!);
            FailWaitingFlushes(outcome.Error!);
            if (attempt >= AttemptsBeforeDoubt && IsDoubtful(outcome.Error!) && TakesBehind(ref behind))
            {
                SetAside(work, outcome.Error!);
                break;
            }

            if (!WaitToRetry(retryDelay))
                break;
            retryDelay = retryDelay * 2 < LongestRetryDelay ? retryDelay * 2 : LongestRetryDelay;
        }

        _contract.Release?.Invoke(work.Item!);
        return behind;
    }

    // A disk that fails takes back what it refused when it is mended; an item that cannot be written stays one.
    private static bool IsDoubtful(Exception error) => error is not (IOException or UnauthorizedAccessException);

    /// <summary>Counts what became of an item.</summary>
    /// <returns>Whether it is done with, rather than to be tried again.</returns>
    private bool Settle(Work work, HandlerOutcome outcome, bool isFinal)
    {
        string? error = outcome.Error is null ? null : UserText.MessageOf(outcome.Error);
        lock (_gate)
        {
            _failures += outcome.Failures;
            _lastError = error ?? _lastError;
            if (_ended)
                return true;
            if (outcome.Error is not null && !isFinal)
                return false;

            _written += work.Weight - outcome.FailedRecords;
            _failed += outcome.FailedRecords;
            _pending -= work.Weight;
            _isHandling = false;
            _lastProgress = Stopwatch.GetTimestamp();
            Monitor.PulseAll(_gate);
            return true;
        }
    }

    /// <summary>Whether the handler takes what is behind an item that it refuses: then it is the item that is at fault.</summary>
    /// <param name="behind">What it was given and refused as well.</param>
    private bool TakesBehind(ref Work? behind)
    {
        lock (_gate)
        {
            if (behind is null && _queue.TryPeek(out Work first) && first.Item is not null)
                behind = _queue.Dequeue();
        }

        if (behind is not { Item: { } item } next || !Settle(next, Call(item, next.Weight), isFinal: false))
            return false;

        _contract.Release?.Invoke(item);
        behind = null;
        return true;
    }

    private void SetAside(Work work, Exception error)
    {
        HandlerOutcome outcome = new(work.Weight, Failures: 0, error);
        if (_contract.HandleParts is { } handleParts)
            outcome = handleParts(work.Item!);
        Settle(work, outcome, isFinal: true);
        _troubleLog.ReportSetAside(_contract.Name, outcome.FailedRecords, outcome.Error ?? error);
    }

    private HandlerOutcome Call(T item, int weight)
    {
        HandlerOutcome outcome;
        try
        {
            outcome = _contract.Handle(item);
        }
        catch (Exception e)
        {
            outcome = new HandlerOutcome(weight, Failures: 1, e);
        }

        if (outcome.Error is not null && !_contract.IsLossless)
            _troubleLog.ReportFailure(_contract.Name, outcome.Error);
        return outcome;
    }

    private void Flush(TaskCompletionSource flushed)
    {
        try
        {
            _contract.Flush?.Invoke();
            flushed.SetResult();
        }
        catch (Exception e)
        {
            ReportFailure(e);
            flushed.SetException(CouldNotWrite(e));
        }
    }

    private bool WaitToRetry(TimeSpan delay)
    {
        long until = Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency);
        lock (_gate)
        {
            for (TimeSpan left = delay; left > TimeSpan.Zero && !_ended; left = Remaining(until))
                Monitor.Wait(_gate, left);
            return !_ended;
        }
    }

    // Callers that are waiting for a flush learn at once that it has failed, and may try again.
    private void FailWaitingFlushes(Exception error)
    {
        List<TaskCompletionSource> waiting = [];
        lock (_gate)
        {
            for (int i = _queue.Count; i > 0; i--)
            {
                Work work = _queue.Dequeue();
                if (work.Flushed is { } flushed)
                    waiting.Add(flushed);
                else
                    _queue.Enqueue(work);
            }
        }

        foreach (TaskCompletionSource flushed in waiting)
            flushed.SetException(CouldNotWrite(error));
    }

    private IOException CouldNotWrite(Exception error) => new($"{_contract.Name} could not write: {UserText.MessageOf(error)}", error);

    // After this, nothing is accepted or counted any more, not even the item that the handler is still busy with.
    private void End()
    {
        Work[] left;
        lock (_gate)
        {
            _ended = true;
            _failed += _pending;
            _pending = 0;
            _isHandling = false;
            left = [.. _queue];
            _queue.Clear();
            Monitor.PulseAll(_gate);
        }

        foreach (Work work in left)
        {
            if (work.Item is { } item)
                _contract.Release?.Invoke(item);
            work.Flushed?.SetException(CouldNotWrite(new TimeoutException("The shutdown timeout has passed.")));
        }
    }

    private readonly record struct Work(T? Item, int Weight, TaskCompletionSource? Flushed);
}
