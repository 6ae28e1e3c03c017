using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Measuring;

/// <summary>The mutable state of an open measuring scope, shared by all copies of the scope's struct. Instances are reused: a scope
/// recognizes its own by the round.</summary>
internal sealed class Measurement
{
    private const int MaxKept = 256;

    private static readonly Stack<Measurement> Pool = [];

    private Clock? _clock;
    private long _start;

    /// <summary>The number of times that this instance has been returned.</summary>
    public int Round { get; private set; }

    public bool IsTracked { get; set; }

    public TimeSpan? TimeToFirstToken { get; private set; }

    // A manual clock may have been set back.
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
