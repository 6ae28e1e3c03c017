namespace Afterimage.Monitoring;

/// <summary>Summary of all points of one metric.</summary>
/// <remarks>
/// The quantile q is the smallest point such that at least a share q of all points are at or below it (SQL's <c>percentile_disc</c>).
/// Quantiles are exact in a summary of a log directory. In a summary of a live monitor with many points they are within 1 % (relative). All
/// other figures are exact in both.
/// </remarks>
public sealed record MetricSummary
{
    /// <summary>The number of points. At least 1. NaN and infinite points are not counted.</summary>
    public required long Count { get; init; }

    /// <summary>The sum of the points, in the metric's unit.</summary>
    public required double Sum { get; init; }

    /// <summary>The arithmetic mean of the points, in the metric's unit.</summary>
    public required double Mean { get; init; }

    /// <summary>The smallest point.</summary>
    public required double Min { get; init; }

    /// <summary>The largest point.</summary>
    public required double Max { get; init; }

    /// <summary>The median.</summary>
    public required double P50 { get; init; }

    /// <summary>The 95th percentile.</summary>
    public required double P95 { get; init; }

    /// <summary>The 99th percentile.</summary>
    public required double P99 { get; init; }

    /// <summary>The summary of points that are all 1.</summary>
    internal static MetricSummary OfOnes(long count) => new()
    {
        Count = count,
        Sum = count,
        Mean = 1,
        Min = 1,
        Max = 1,
        P50 = 1,
        P95 = 1,
        P99 = 1,
    };
}
