using System.Collections.Concurrent;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Evaluates the alert rules, on request and on a timer, and announces what is new.</summary>
/// <remarks>An evaluation takes the recorder's lock inside the lock of this type. Alerts that arise under the recorder's lock are therefore
/// queued, and announced by another thread.</remarks>
internal sealed class AlertWatch
{
    private readonly Lock _lock = new();
    private readonly AlertEngine _engine;
    private readonly AlertAnnouncer _announcer;
    private readonly MetricReader _reader;
    private readonly Clock _clock;
    private readonly TimeProvider _timeProvider;
    private readonly ConcurrentQueue<Alert> _waiting = new();
    private readonly Action<Exception> _timerFailed;
    private SafeTimer? _timer;
    private int _announcesWaiting;
    private bool _isStopped;

    public AlertWatch(
        AlertEngine engine,
        AlertAnnouncer announcer,
        MetricReader reader,
        Clock clock,
        TimeProvider timeProvider,
        Action<Exception> timerFailed)
    {
        _timerFailed = timerFailed;
        _engine = engine;
        _announcer = announcer;
        _reader = reader;
        _clock = clock;
        _timeProvider = timeProvider;
    }

    public IReadOnlyList<AlertStatus> Statuses
    {
        get
        {
            lock (_lock)
                return _engine.Statuses;
        }
    }

    /// <summary>Starts to evaluate on a timer. An interval of zero starts no timer.</summary>
    public void Start(TimeSpan interval)
    {
        if (interval <= TimeSpan.Zero)
            return;

        _timer = new SafeTimer(_timeProvider, () => Evaluate(), _timerFailed);
        _timer.Start(interval, interval);
    }

    /// <summary>Evaluates the rules. Returns when the handlers have been notified or have made no progress for their time limit.</summary>
    public IReadOnlyList<Alert> Check()
    {
        IReadOnlyList<Alert> firing = Evaluate();
        _announcer.FlushAsync().GetAwaiter().GetResult();
        return firing;
    }

    /// <summary>Queues an alert that does not come from a rule. May be called by any thread, under any lock.</summary>
    public void Enqueue(Alert alert)
    {
        _waiting.Enqueue(alert);
        if (Interlocked.Exchange(ref _announcesWaiting, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static watch => watch.AnnounceLater(), this, preferLocal: false);
    }

    /// <summary>Completes when the handlers have been notified of everything found so far.</summary>
    public Task FlushAsync()
    {
        AnnounceWaiting();
        return _announcer.FlushAsync();
    }

    /// <summary>Stops the timer. From now on, evaluations are no longer announced.</summary>
    public void Stop()
    {
        _timer?.Stop();
        Volatile.Write(ref _isStopped, true);
    }

    /// <summary>Announces the alerts that the last records caused, and refuses further alerts.</summary>
    public void BeginClose()
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out Alert? alert))
                _announcer.Announce([alert]);
            _announcer.BeginClose();
        }
    }

    /// <inheritdoc cref="AlertAnnouncer.Close"/>
    public void Close(long deadline) => _announcer.Close(deadline);

    private void AnnounceWaiting()
    {
        lock (_lock)
        {
            while (!_isStopped && _waiting.TryDequeue(out Alert? alert))
                _announcer.Announce([alert]);
        }
    }

    private void AnnounceLater()
    {
        // Before it looks: what comes behind its look finds that nobody will.
        Interlocked.Exchange(ref _announcesWaiting, 0);
        AnnounceWaiting();
    }

    private IReadOnlyList<Alert> Evaluate()
    {
        IReadOnlyList<Alert> firing;
        lock (_lock)
        {
            (firing, IReadOnlyList<Alert> news) = _engine.Evaluate(_timeProvider.GetUtcNow(), TimeSpan.FromTicks(_clock.Now), _reader);
            if (!_isStopped)
                _announcer.AnnounceEvaluation(news);
        }

        AnnounceWaiting();
        return firing;
    }
}
