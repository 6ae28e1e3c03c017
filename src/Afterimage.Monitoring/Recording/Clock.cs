using System.Diagnostics;

namespace Afterimage.Monitoring.Recording;

/// <summary>The monitor's timeline: UTC at its start, and from then on the time measured by the monotonic clock, whatever happens to the
/// wall clock.</summary>
/// <remarks>
/// Windows and intervals are measured on the timeline. Written times are wall-clock times: the timeline plus <see cref="WallOffset"/>,
/// which is zero until the wall clock is set. If the UTC clock of a <see cref="TimeProvider"/> stands still while its timestamps are the
/// system's, a program sets the clock manually; the timeline is then the UTC clock itself.
/// </remarks>
internal sealed class Clock
{
    /// <summary>The difference of the wall clock beyond which it counts as set. It is more than reading two clocks in succession takes,
    /// even on a busy machine.</summary>
    private const long Tolerance = TimeSpan.TicksPerSecond / 20;

    private readonly TimeProvider _timeProvider;
    private readonly bool _isSetByHand;
    private readonly double _ticksPerTimestamp;
    private readonly long _startTicks;
    private readonly long _startTimestamp;
    private long _wallOffset;

    public Clock(TimeProvider timeProvider)
    {
        _timeProvider = timeProvider;
        _isSetByHand = timeProvider != TimeProvider.System && StandsStill(timeProvider);
        _ticksPerTimestamp = (double)TimeSpan.TicksPerSecond / timeProvider.TimestampFrequency;
        _startTicks = timeProvider.GetUtcNow().UtcTicks;
        _startTimestamp = timeProvider.GetTimestamp();
    }

    /// <summary>The current time on the timeline, in UTC ticks.</summary>
    public long Now => TimeOf(Stamp);

    /// <summary>The current time in the clock's own units. <see cref="TimeOf"/> converts it to a time, off the recording path.</summary>
    public long Stamp => _isSetByHand ? _timeProvider.GetUtcNow().UtcTicks : _timeProvider.GetTimestamp();

    /// <summary>The offset from the timeline to wall-clock time, as of the last <see cref="Refresh"/>.</summary>
    public long WallOffset => Volatile.Read(ref _wallOffset);

    /// <summary>Returns the start of a window that ends now, on the timeline; <see cref="long.MinValue"/> if the window includes
    /// everything.</summary>
    public long WindowStart(TimeSpan window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.Zero);
        long now = Now;
        return window.Ticks >= now ? long.MinValue : now - window.Ticks;
    }

    /// <summary>Returns the time of a <see cref="Stamp"/> on the timeline, in UTC ticks.</summary>
    public long TimeOf(long stamp) => _isSetByHand ? stamp : _startTicks + (long)((stamp - _startTimestamp) * _ticksPerTimestamp);

    /// <summary>Checks whether the wall clock has been set.</summary>
    public void Refresh()
    {
        if (_isSetByHand)
            return;

        long before = Now;
        long offset = _timeProvider.GetUtcNow().UtcTicks - before;

        // If this thread was held up between reading the two clocks, the difference does not mean that the wall clock has been set.
        if (Math.Abs(offset - WallOffset) > Tolerance && Now - before < Tolerance)
            Volatile.Write(ref _wallOffset, offset);
    }

    private static bool StandsStill(TimeProvider timeProvider)
    {
        long before = Stopwatch.GetTimestamp();
        long timestamp = timeProvider.GetTimestamp();
        if (timestamp < before || timestamp > Stopwatch.GetTimestamp())
            return false;

        // The resolution of a UTC clock is 100 ns.
        DateTimeOffset first = timeProvider.GetUtcNow();
        while (Stopwatch.GetElapsedTime(before) < TimeSpan.FromMicroseconds(10))
            Thread.SpinWait(1);
        return timeProvider.GetUtcNow() == first;
    }
}
