using System.Diagnostics;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Recording;

/// <summary>The monitor's line of time: UTC at its start, and from then on what the monotonic clock has measured, whatever is done to the
/// wall clock.</summary>
/// <remarks>
/// Windows and intervals are measured on the line. What is written is wall-clock time: the line plus <see cref="WallOffset"/>, which is
/// zero until somebody sets the wall clock. A <see cref="TimeProvider"/> whose UTC clock stands still while its timestamps are the system's
/// is a clock that a program sets by hand: there the line is the UTC clock itself.
/// </remarks>
internal sealed class Clock
{
    /// <summary>What the wall clock may differ by before it counts as set: more than reading two clocks one after the other takes, even on
    /// a busy machine.</summary>
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

    /// <summary>Now, on the line, in UTC ticks.</summary>
    public long Now => TimeOf(Stamp);

    /// <summary>Now, as the clock counts: <see cref="TimeOf"/> makes a time of it, off the recording path.</summary>
    public long Stamp => _isSetByHand ? _timeProvider.GetUtcNow().UtcTicks : _timeProvider.GetTimestamp();

    /// <summary>What to add to the line for wall-clock time, as of the last <see cref="Refresh"/>.</summary>
    public long WallOffset => Volatile.Read(ref _wallOffset);

    /// <summary>Where a window that ends now begins, on the line; <see cref="long.MinValue"/> where it takes in everything.</summary>
    public long WindowStart(TimeSpan window)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(window, TimeSpan.Zero);
        long now = Now;
        return window.Ticks >= now ? long.MinValue : now - window.Ticks;
    }

    /// <summary>The time on the line, in UTC ticks, of a <see cref="Stamp"/>.</summary>
    public long TimeOf(long stamp) => _isSetByHand ? stamp : _startTicks + (long)((stamp - _startTimestamp) * _ticksPerTimestamp);

    /// <summary>Looks whether the wall clock has been set.</summary>
    public void Refresh()
    {
        if (_isSetByHand)
            return;

        long before = Now;
        long offset = _timeProvider.GetUtcNow().UtcTicks - before;

        // A thread that was held up between the two clocks has not seen the wall clock jump.
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
