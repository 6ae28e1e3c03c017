using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Reporting.Comparing;

/// <summary>How the points of two runs lie about a quantile of all of them together.</summary>
/// <remarks>
/// Many points may share the quantile's value. They count to the side that leaves the shares of both sides nearer to q, a choice that looks
/// at the points of both runs together only and so leaves Fisher's test exact.
/// </remarks>
internal struct PooledQuantile(double q, long count)
{
    // Of no points there is no quantile, and none will be taken.
    private readonly long _rank = count == 0 ? 0 : QuantileRank.Of(q, count);
    private bool _isFound;

    /// <summary>Points below, of either run.</summary>
    public long BelowA { get; private set; }

    /// <summary>Points below, of either run.</summary>
    public long BelowB { get; private set; }

    /// <summary>Whether there are points on both sides.</summary>
    public readonly bool Divides => BelowA + BelowB > 0 && BelowA + BelowB < count;

    /// <summary>The next greater value of the two runs.</summary>
    public void Take(long beforeA, long beforeB, long throughA, long throughB)
    {
        if (_isFound || throughA + throughB <= _rank)
            return;

        _isFound = true;
        double missBefore = Math.Abs(((double)(beforeA + beforeB) / count) - q);
        double missThrough = Math.Abs(((double)(throughA + throughB) / count) - q);
        (BelowA, BelowB) = missBefore < missThrough ? (beforeA, beforeB) : (throughA, throughB);
    }
}
