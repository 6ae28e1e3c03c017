using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Comparing;

/// <summary>One run's points of a metric, taken in ascending order: all that a comparison needs of them, in memory that does not grow with
/// them.</summary>
internal sealed class SampleWalk
{
    public static readonly double[] Quantiles = [0.5, 0.95, 0.99];

    private readonly long[] _ranks;
    private readonly double[] _values;
    private int _found;
    private CompensatedSum _sum;
    private double _mean;
    private double _squares;
    private double _first;
    private double _last;

    /// <param name="count">How many points there will be.</param>
    public SampleWalk(long count)
    {
        Count = count;
        _ranks = [.. Quantiles.SelectMany(q => Ranks(count, q)).Where(rank => rank >= 0).Distinct().Order()];
        _values = new double[_ranks.Length];
    }

    public long Count { get; }

    /// <summary>Points taken so far.</summary>
    public long Taken { get; private set; }

    /// <summary>Points that are 1.</summary>
    public long Ones { get; private set; }

    /// <summary>Whether all points are 0 or 1.</summary>
    public bool IsBinary { get; private set; } = true;

    public bool IsConstant => _first == _last;

    public double Mean => _sum.Mean(Count);

    /// <summary>The mean's squared standard error.</summary>
    public double SquaredError => _squares / (Count - 1) / Count;

    public void Take(double value, long times)
    {
        if (Taken == 0)
            _first = value;
        _last = value;
        IsBinary &= value is 0 or 1;
        Ones += value == 1 ? times : 0;
        _sum.Add(value, times);

        // D. H. D. West, "Updating mean and variance estimates", Communications of the ACM 22 (1979), 532-535: no difference of large sums.
        Taken += times;
        double difference = value - _mean;
        _mean += difference * times / Taken;
        _squares += difference * (value - _mean) * times;

        while (_found < _ranks.Length && _ranks[_found] < Taken)
            _values[_found++] = value;
    }

    public Estimate Quantile(double q)
    {
        (long? lower, long? upper) = Inference.QuantileRanks(Count, q);
        return new Estimate(At(QuantileRank.Of(q, Count)), lower is { } low ? At(low) : null, upper is { } high ? At(high) : null);
    }

    private static long[] Ranks(long count, double q)
    {
        (long? lower, long? upper) = Inference.QuantileRanks(count, q);
        return count == 0 ? [] : [QuantileRank.Of(q, count), lower ?? -1, upper ?? -1];
    }

    private double At(long rank) => _values[Array.BinarySearch(_ranks, rank)];
}
