namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>
/// A sum in two doubles, the second of which holds what the first could not (Knuth's TwoSum). It is the live monitor's arithmetic, so that
/// the sum of the same points comes out as the same double, in whatever order they come.
/// </summary>
internal struct CompensatedSum
{
    private double _high;
    private double _low;

    // Past the range of double the low part is NaN, the high part is the infinity that it should be.
    public readonly double Value => double.IsFinite(_high) ? _high + _low : _high;

    /// <summary>Adds <paramref name="value"/> as often as <paramref name="times"/> says, at most 2^53 times.</summary>
    public void Add(double value, long times)
    {
        double product = value * times;
        _low += Math.FusedMultiplyAdd(value, times, -product);
        double sum = _high + product;
        double virtualPart = sum - _high;
        _low += (_high - (sum - virtualPart)) + (product - virtualPart);
        _high = sum;
    }

    /// <summary>Adds another sum.</summary>
    public void Add(CompensatedSum other)
    {
        Add(other._high, 1);
        _low += double.IsFinite(other._high) ? other._low : 0;
    }
}
