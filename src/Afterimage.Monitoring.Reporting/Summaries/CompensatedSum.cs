namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>
/// A sum in two doubles, the second of which holds what does not fit into the first (Knuth's TwoSum). It uses the live monitor's
/// arithmetic, so that the sum of the same points is the same double, whatever their order.
/// </summary>
internal struct CompensatedSum
{
    private double _high;
    private double _low;

    // Beyond the range of double, the low part is NaN, and the high part is the infinity that is the result.
    public readonly double Value => double.IsFinite(_high) ? _high + _low : _high;

    /// <summary>Adds <paramref name="value"/> the given number of times, at most 2^53.</summary>
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
