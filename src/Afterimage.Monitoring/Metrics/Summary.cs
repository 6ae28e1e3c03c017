using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Afterimage.Monitoring.Metrics;

/// <summary>Count, sum, spread and extremes of a set of points; two of them merge into that of the union.</summary>
/// <remarks>
/// The sum is kept in two doubles (Knuth's TwoSum: the second holds what the first could not), so that it does not depend on the order of
/// the points. The spread is the sum of squared deviations from the mean, merged by Chan, Golub and LeVeque's formula, which does not lose
/// its digits where the mean is large and the spread small, as sums of squares do.
/// </remarks>
internal struct Summary
{
    public long Count;
    public double Min;
    public double Max;
    private double _sumHigh;
    private double _sumLow;
    private double _squaredDeviations;

    // Only where the sum, or that of the squares, is past the range of double: the mean and the deviation are within it all the same.
    private double _mean;
    private double _deviation;

    /// <summary>The sum; past the range of double its end.</summary>
    public readonly double Sum => IsSumKnown ? _sumHigh + _sumLow : Math.Clamp(_mean * Count, double.MinValue, double.MaxValue);

    public readonly double Mean => Count == 0 ? 0 : IsSumKnown ? Sum / Count : _mean;

    /// <summary>Of the whole population: divided by the count.</summary>
    public readonly double StandardDeviation =>
        Count == 0 ? 0 : double.IsFinite(_squaredDeviations) ? Math.Sqrt(_squaredDeviations / Count) : _deviation;

    private readonly bool IsSumKnown => double.IsFinite(_sumHigh + _sumLow);

    public static Summary Of(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            return default;

        // The widest vectors there are: the sum is a chain of additions, each of which waits for the one before. Where a machine has none
        // this wide, the compiler takes several narrower ones, which do not wait for each other.
        var summary = new Summary { Count = values.Length };
        ReadOnlySpan<Vector512<double>> vectors = MemoryMarshal.Cast<double, Vector512<double>>(values);
        ReadOnlySpan<double> rest = values[(vectors.Length * Vector512<double>.Count)..];

        var high = Vector512<double>.Zero;
        var low = Vector512<double>.Zero;
        var min = Vector512.Create(double.PositiveInfinity);
        var max = Vector512.Create(double.NegativeInfinity);
        foreach (Vector512<double> vector in vectors)
        {
            Vector512<double> sum = high + vector;
            Vector512<double> virtualPart = sum - high;
            low += (high - (sum - virtualPart)) + (vector - virtualPart);
            high = sum;
            min = Vector512.Min(min, vector);
            max = Vector512.Max(max, vector);
        }

        summary.Min = double.PositiveInfinity;
        summary.Max = double.NegativeInfinity;
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
        {
            summary.AddToSum(high[lane]);
            summary._sumLow += low[lane];
            summary.Min = Math.Min(summary.Min, min[lane]);
            summary.Max = Math.Max(summary.Max, max[lane]);
        }

        foreach (double value in rest)
        {
            summary.AddToSum(value);
            summary.Min = Math.Min(summary.Min, value);
            summary.Max = Math.Max(summary.Max, value);
        }

        double mean = summary.IsSumKnown ? summary.Mean : 0;
        var means = Vector512.Create(mean);
        var squares = Vector512<double>.Zero;
        foreach (Vector512<double> vector in vectors)
        {
            Vector512<double> deviation = vector - means;
            squares += deviation * deviation;
        }

        summary._squaredDeviations = Vector512.Sum(squares);
        foreach (double value in rest)
            summary._squaredDeviations += (value - mean) * (value - mean);
        if (!summary.IsSumKnown || !double.IsFinite(summary._squaredDeviations))
            summary.Scale(values);
        return summary;
    }

    public void Merge(in Summary other)
    {
        if (other.Count == 0)
            return;
        if (Count == 0)
        {
            this = other;
            return;
        }

        Summary before = this;
        double delta = other.Mean - Mean;
        _squaredDeviations += other._squaredDeviations + (delta * delta * ((double)Count * other.Count / (Count + other.Count)));
        Count += other.Count;
        AddToSum(other._sumHigh);
        _sumLow += other._sumLow;
        Min = Math.Min(Min, other.Min);
        Max = Math.Max(Max, other.Max);
        if (IsSumKnown && double.IsFinite(_squaredDeviations))
            return;

        double mean = (before.Mean * ((double)before.Count / Count)) + (other.Mean * ((double)other.Count / Count));
        _deviation = Together(before, other, mean);
        _mean = Math.Clamp(mean, Min, Max);
    }

    /// <summary>The deviation of the union, by parts of a scale, of which no square is past the range of double.</summary>
    private static double Together(in Summary a, in Summary b, double mean)
    {
        double scale = Math.Max(Math.Max(Math.Abs(a.Min), Math.Abs(a.Max)), Math.Max(Math.Abs(b.Min), Math.Abs(b.Max)));
        return scale == 0 ? 0 : scale * Math.Sqrt((Squares(a) + Squares(b)) / (a.Count + b.Count));

        double Squares(in Summary part)
        {
            double deviation = part.StandardDeviation / scale;
            double distance = (part.Mean / scale) - (mean / scale);
            return part.Count * ((deviation * deviation) + (distance * distance));
        }
    }

    /// <summary>Has mean and deviation by parts of the largest value.</summary>
    private void Scale(ReadOnlySpan<double> values)
    {
        double scale = Math.Max(Math.Abs(Min), Math.Abs(Max));
        double mean = 0;
        foreach (double value in values)
            mean += value / scale / values.Length;
        double squares = 0;
        foreach (double value in values)
            squares += ((value / scale) - mean) * ((value / scale) - mean);
        _mean = Math.Clamp(mean * scale, Min, Max);
        _deviation = scale * Math.Sqrt(squares / values.Length);
    }

    private void AddToSum(double value)
    {
        double sum = _sumHigh + value;
        double virtualPart = sum - _sumHigh;
        _sumLow += (_sumHigh - (sum - virtualPart)) + (value - virtualPart);
        _sumHigh = sum;
    }
}
