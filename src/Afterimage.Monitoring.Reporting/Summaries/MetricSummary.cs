using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>What all points of one metric come to.</summary>
/// <remarks>
/// A quantile q is the smallest point with at least a share q of all points at or below it (SQL's <c>percentile_disc</c>). It is exact
/// where the summary was read from a log directory, and within 1 % relative where it was taken from a live monitor with many points;
/// everything else is exact in both.
/// </remarks>
public sealed record MetricSummary
{
    /// <summary>Number of points, at least 1. NaN and infinite points are not in it.</summary>
    public required long Count { get; init; }

    /// <summary>Their sum, in the metric's unit.</summary>
    public required double Sum { get; init; }

    /// <summary>Their arithmetic mean, in the metric's unit.</summary>
    public required double Mean { get; init; }

    /// <summary>The least of them.</summary>
    public required double Min { get; init; }

    /// <summary>The greatest of them.</summary>
    public required double Max { get; init; }

    /// <summary>The median.</summary>
    public required double P50 { get; init; }

    /// <summary>The 95th percentile.</summary>
    public required double P95 { get; init; }

    /// <summary>The 99th percentile.</summary>
    public required double P99 { get; init; }
}
