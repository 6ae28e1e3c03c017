using Afterimage.Cli.Simulation;

namespace Afterimage.Cli.Tests;

public sealed class TraceClockTests
{
    private static readonly DateTimeOffset Start = new(2023, 11, 16, 18, 15, 46, TimeSpan.Zero);

    private readonly TraceClock _clock = new(Start);
    private readonly List<double> _fired = [];

    private ITimer Timer(double dueSeconds, double periodSeconds) => _clock.CreateTimer(
        _ => _fired.Add((_clock.GetUtcNow() - Start).TotalSeconds), null, Seconds(dueSeconds), Seconds(periodSeconds));

    private static TimeSpan Seconds(double seconds) => seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);

    [Fact]
    public void It_stands_still_until_it_is_moved_and_never_goes_back()
    {
        long before = _clock.GetTimestamp();
        _clock.AdvanceTo(Start.AddSeconds(2.5));
        _clock.AdvanceTo(Start);

        Assert.Equal(Start.AddSeconds(2.5), _clock.GetUtcNow());
        Assert.Equal(TimeSpan.FromSeconds(2.5), _clock.GetElapsedTime(before));
        Assert.Equal(TimeSpan.Zero, _clock.GetLocalNow().Offset);
    }

    [Fact]
    public void Timers_fire_in_order_each_at_its_own_time()
    {
        using ITimer every = Timer(2, 2);
        using ITimer once = Timer(3, -1);
        using ITimer never = Timer(-1, -1);

        _clock.AdvanceTo(Start.AddSeconds(6.5));

        Assert.Equal([2, 3, 4, 6], _fired);
        Assert.Equal(Start.AddSeconds(6.5), _clock.GetUtcNow());
    }

    [Fact]
    public void A_timer_can_be_changed_and_stopped()
    {
        ITimer timer = Timer(1, 1);
        _clock.AdvanceTo(Start.AddSeconds(1));
        timer.Change(Seconds(10), Seconds(-1));
        _clock.AdvanceTo(Start.AddSeconds(20));
        timer.Change(Seconds(1), Seconds(1));
        timer.Dispose();
        _clock.AdvanceTo(Start.AddSeconds(30));

        Assert.Equal([1, 11], _fired);
    }

    [Fact]
    public void A_pause_of_years_is_slept_through_after_its_first_day()
    {
        using ITimer timer = Timer(3600, 3600);

        _clock.AdvanceTo(DateTimeOffset.MaxValue);

        Assert.Equal(25, _fired.Count);
        Assert.Equal(24 * 3600, _fired[23]);
        Assert.Equal((DateTimeOffset.MaxValue - Start).TotalSeconds, _fired[24]);
    }
}
