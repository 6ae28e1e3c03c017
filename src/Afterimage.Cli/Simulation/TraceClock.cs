namespace Afterimage.Cli.Simulation;

/// <summary>A clock that stands still until it is advanced. Timers fire within the call that advances the clock past them, each at its own
/// time.</summary>
/// <remarks>An advance by more than a day is treated as if the machine slept after the first day: each timer that is due fires once at the
/// end.</remarks>
internal sealed class TraceClock(DateTimeOffset start) : TimeProvider
{
    // A trace can pause for years, in which not every minute matters.
    private static readonly TimeSpan LongestPause = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private DateTimeOffset _now = start;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Advances the clock to <paramref name="time"/>. The clock never goes back.</summary>
    public void AdvanceTo(DateTimeOffset time)
    {
        DateTimeOffset now = GetUtcNow();
        if (time - now > LongestPause)
        {
            FireUntil(now + LongestPause);
            SleepUntil(time);
        }

        FireUntil(time);
    }

    private void FireUntil(DateTimeOffset time)
    {
        while (TakeDueTimer(time) is { } timer)
            timer.Fire();
    }

    private void SleepUntil(DateTimeOffset time)
    {
        lock (_lock)
        {
            foreach (Timer timer in _timers)
                timer.Defer(time);
        }
    }

    private Timer? TakeDueTimer(DateTimeOffset time)
    {
        lock (_lock)
        {
            Timer? due = null;
            foreach (Timer timer in _timers)
            {
                if (timer.Due <= time && (due is null || timer.Due < due.Due))
                    due = timer;
            }

            DateTimeOffset next = due?.Due ?? time;
            if (next > _now)
                _now = next;
            due?.Rearm();
            return due;
        }
    }

    private sealed class Timer(TraceClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public DateTimeOffset Due { get; private set; }

        public void Fire() => callback(state);

        public void Defer(DateTimeOffset time) => Due = time > Due ? time : Due;

        public void Rearm()
        {
            if (_period > TimeSpan.Zero && DateTimeOffset.MaxValue - Due >= _period)
                Due += _period;
            else
                clock._timers.Remove(this);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    Due = clock._now + dueTime;
                    clock._timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
