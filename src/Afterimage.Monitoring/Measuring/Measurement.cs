using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Measuring;

/// <summary>What a measuring scope changes while it is open, so that copies of the scope's struct stay one scope. Reused: a scope knows its
/// own by the round.</summary>
internal sealed class Measurement
{
    private const int MaxKept = 256;

    private static readonly Stack<Measurement> Pool = [];

    private Clock? _clock;
    private long _start;

    /// <summary>How often it has been given back.</summary>
    public int Round { get; private set; }

    public bool IsTracked { get; set; }

    public TimeSpan? TimeToFirstToken { get; private set; }

    // A clock that is set by hand may have been set back.
    public TimeSpan Elapsed => TimeSpan.FromTicks(Math.Max(0, _clock!.Now - _start));

    public static Measurement Start(Clock clock)
    {
        Measurement? measurement;
        lock (Pool)
            Pool.TryPop(out measurement);

        measurement ??= new Measurement();
        measurement._clock = clock;
        measurement._start = clock.Now;
        return measurement;
    }

    public void MarkFirstToken() => TimeToFirstToken ??= Elapsed;

    public void Return()
    {
        Round++;
        IsTracked = false;
        TimeToFirstToken = null;
        _clock = null;
        lock (Pool)
        {
            if (Pool.Count < MaxKept)
                Pool.Push(this);
        }
    }
}
