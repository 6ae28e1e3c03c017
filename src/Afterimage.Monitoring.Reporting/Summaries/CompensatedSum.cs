namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>
/// A sum in two doubles, the second of which holds what does not fit into the first (Knuth's TwoSum). It uses the live monitor's
/// arithmetic, so that the sum of the same points is the same double, whatever their order.
/// </summary>
internal struct CompensatedSum
{
    private const double Unit = 18446744073709551616d;

    private double _high;
    private double _low;

    // The same in units of 2^64, which no number of points carries past the range of double.
    private double _scaled;

    /// <summary>The sum; past the range of double its end.</summary>
    public readonly double Value =>
        double.IsFinite(_high + _low) ? _high + _low : Math.Clamp(_scaled * Unit, double.MinValue, double.MaxValue);

    /// <summary>Adds <paramref name="value"/> the given number of times, at most 2^53.</summary>
    public void Add(double value, long times)
    {
        _scaled += value / Unit * times;
        double product = value * times;
        _low += Math.FusedMultiplyAdd(value, times, -product);
        double sum = _high + product;
        double virtualPart = sum - _high;
        _low += (_high - (sum - virtualPart)) + (product - virtualPart);
        _high = sum;
    }

    /// <summary>The mean of so many: within the range of double where their sum is not.</summary>
    public readonly double Mean(long count) => double.IsFinite(_high + _low)
        ? Value / count
        : Math.Clamp(_scaled / count * Unit, double.MinValue, double.MaxValue);

    /// <summary>Adds another sum.</summary>
    public void Add(CompensatedSum other)
    {
        double scaled = _scaled + other._scaled;
        Add(other._high, 1);
        _low += other._low;
        _scaled = scaled;
    }
}
