using System.Collections.Concurrent;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Evaluates the alert rules, on request and on a timer, and announces what is new.</summary>
/// <remarks>Evaluating takes the recorder's lock inside of this one. Alerts that come up under the recorder's lock are therefore queued,
/// and announced by another thread.</remarks>
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

    /// <summary>Begins to evaluate on a timer; with an interval of zero it does not.</summary>
    public void Start(TimeSpan interval)
    {
        if (interval <= TimeSpan.Zero)
            return;

        _timer = new SafeTimer(_timeProvider, () => Evaluate(), _timerFailed);
        _timer.Start(interval, interval);
    }

    /// <summary>Evaluates the rules, and returns when the handlers have heard of it or have stood still for their time limit.</summary>
    public IReadOnlyList<Alert> Check()
    {
        IReadOnlyList<Alert> firing = Evaluate();
        _announcer.FlushAsync().GetAwaiter().GetResult();
        return firing;
    }

    /// <summary>Takes an alert that is no rule's. Any thread may call, under any lock.</summary>
    public void Enqueue(Alert alert)
    {
        _waiting.Enqueue(alert);
        if (Interlocked.Exchange(ref _announcesWaiting, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static watch => watch.AnnounceLater(), this, preferLocal: false);
    }

    /// <summary>Ends when the handlers have heard of everything that was found so far.</summary>
    public Task FlushAsync()
    {
        AnnounceWaiting();
        return _announcer.FlushAsync();
    }

    /// <summary>Ends the timer. From now on evaluations are announced to nobody.</summary>
    public void Stop()
    {
        _timer?.Stop();
        Volatile.Write(ref _isStopped, true);
    }

    /// <summary>Announces what the last records gave rise to, and refuses further alerts.</summary>
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
