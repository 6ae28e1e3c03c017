using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring;

/// <summary>What the points of one metric in one window come to. A snapshot: it does not change when more is recorded.</summary>
/// <remarks>Without data: <see cref="Count"/> 0, the rest 0, every quantile NaN. NaN and infinite points are not in it.</remarks>
public readonly record struct MetricAggregate
{
    private readonly QuantileSource? _quantiles;

    internal MetricAggregate(in Summary summary, QuantileSource quantiles)
    {
        Count = summary.Count;
        Sum = summary.Sum;
        Mean = summary.Mean;
        Min = summary.Min;
        Max = summary.Max;
        StandardDeviation = summary.StandardDeviation;
        _quantiles = quantiles;
    }

    /// <summary>What some values come to.</summary>
    internal static MetricAggregate Of(double[] values)
    {
        if (values.Length == 0)
            return default;
        var summary = Summary.Of(values);
        return new MetricAggregate(summary, new QuantileSource(summary, [], [values]));
    }

    /// <summary>Number of points.</summary>
    public long Count { get; }

    /// <summary>Their sum, in the metric's unit.</summary>
    public double Sum { get; }

    /// <summary>Their arithmetic mean, in the metric's unit.</summary>
    public double Mean { get; }

    /// <summary>The least of them.</summary>
    public double Min { get; }

    /// <summary>The greatest of them.</summary>
    public double Max { get; }

    /// <summary>Their standard deviation as a whole population (divided by the count), in the metric's unit.</summary>
    public double StandardDeviation { get; }

    /// <summary>The smallest value with at least a share of <paramref name="q"/> of the points at or below it: SQL's
    /// <c>percentile_disc</c>, the ceil(<paramref name="q"/> × Count)-th smallest.</summary>
    /// <remarks>
    /// Exact where the window has at most 10,000 points and all of them are still in memory; else within 1 % relative, by DDSketch
    /// (Masson, Rim, Lee, VLDB 2019); of values below 2.2e-308, where doubles lie farther apart, within that and the distance of two.
    /// Never outside of <see cref="Min"/> and <see cref="Max"/>, which 0 and 1 give exactly.
    /// </remarks>
    /// <param name="q">The quantile, 0 to 1: 0.5 is the median, 0.95 the 95th percentile.</param>
    /// <returns>The value, in the metric's unit; NaN without data.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="q"/> is not in 0 to 1.</exception>
    public double Quantile(double q)
    {
        if (!(q >= 0 && q <= 1))
            throw new ArgumentOutOfRangeException(nameof(q), q, "A quantile must be from 0 to 1.");
        if (Count == 0)
            return double.NaN;

        long rank = QuantileRank.Of(q, Count);
        if (rank == 0)
            return Min;
        if (rank == Count - 1)
            return Max;
        return Math.Clamp(_quantiles!.ValueAt(rank), Min, Max);
    }

    /// <summary>Whether both hold the same figures; quantiles are not compared.</summary>
    /// <param name="other">The other aggregate.</param>
    /// <returns><see langword="true"/> if count, sum, mean, extremes and deviation are equal.</returns>
    public bool Equals(MetricAggregate other) =>
        (Count, Sum, Mean, Min, Max, StandardDeviation)
        == (other.Count, other.Sum, other.Mean, other.Min, other.Max, other.StandardDeviation);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Count, Sum, Mean, Min, Max, StandardDeviation);
}
