using System.Globalization;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>Points that servers have counted by the first bits of their values. Counts, minimum and maximum are exact, and so are sums up
/// to rounding. Quantiles are within the width of a bucket.</summary>
internal sealed class PointBuckets
{
    private const int FirstExponentBit = 52;
    private const int NonFiniteExponent = 0x7FF;

    // The exponent of the last digit of a number with exponent 0.
    private const int Bias = 1075;

    private readonly List<(double Value, long Times)> _buckets = [];
    private CompensatedSum _sum;
    private bool _isSorted = true;

    /// <summary>The number of finite points.</summary>
    public long Count { get; private set; }

    /// <summary>The number of other points.</summary>
    public long NonFiniteCount { get; private set; }

    public CompensatedSum Sum => _sum;

    public double Min { get; private set; } = double.PositiveInfinity;

    public double Max { get; private set; } = double.NegativeInfinity;

    public double Mean => _sum.Mean(Count);

    /// <summary>The finite points in ascending order, those of a bucket as their mean.</summary>
    public IReadOnlyList<(double Value, long Times)> Points
    {
        get
        {
            if (!_isSorted)
                _buckets.Sort((x, y) => x.Value.CompareTo(y.Value));
            _isSorted = true;
            return _buckets;
        }
    }

    /// <summary>The summary of all points. Must only be used if there are finite ones.</summary>
    public MetricSummary Summary => new()
    {
        Count = Count,
        Sum = _sum.Value,
        Mean = Mean,
        Min = Min,
        Max = Max,
        P50 = Quantile(0.5),
        P95 = Quantile(0.95),
        P99 = Quantile(0.99),
    };

    /// <summary>Adds a bucket.</summary>
    /// <param name="first">The bits of the number in the bucket that is next to zero.</param>
    /// <param name="count">The number of points.</param>
    /// <param name="high">The sum of the high part of the digits behind those of <paramref name="first"/>.</param>
    /// <param name="low">The sum of the low part.</param>
    /// <param name="lowBits">The number of bits of the low part.</param>
    /// <param name="extremes">The least and the greatest point.</param>
    public void Add(ulong first, long count, ulong high, ulong low, int lowBits, (string Least, string Greatest) extremes)
    {
        int exponent = (int)(first >> FirstExponentBit) & NonFiniteExponent;
        if (exponent == NonFiniteExponent)
        {
            NonFiniteCount += count;
            return;
        }

        double start = BitConverter.UInt64BitsToDouble(first);
        double unit = Math.CopySign(Math.ScaleB(1, Math.Max(exponent, 1) - Bias), start);
        var sum = default(CompensatedSum);
        sum.Add(start, count);
        sum.Add(Math.ScaleB(unit, lowBits), (long)high);
        sum.Add(unit, (long)low);

        double least = double.Parse(extremes.Least, CultureInfo.InvariantCulture);
        double greatest = double.Parse(extremes.Greatest, CultureInfo.InvariantCulture);
        _buckets.Add((Math.Clamp(sum.Mean(count), least, greatest), count));
        _isSorted = false;
        _sum.Add(sum);
        Count += count;
        Min = Math.Min(Min, least);
        Max = Math.Max(Max, greatest);
    }

    /// <summary>Returns a quantile. There must be finite points.</summary>
    public double Quantile(double q)
    {
        long rank = QuantileRank.Of(q, Count);
        foreach ((double value, long times) in Points)
        {
            if (rank < times)
                return value;
            rank -= times;
        }

        return Max;
    }
}
