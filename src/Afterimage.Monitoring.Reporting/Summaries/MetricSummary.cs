using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>What all points of one metric come to.</summary>
/// <remarks>
/// A quantile q is the smallest point with at least a share q of all points at or below it (SQL's <c>percentile_disc</c>). It is exact where
/// the summary was read from a log directory, and within 1 % relative where it was taken from a live monitor with many points; everything
/// else is exact in both.
/// </remarks>
/// <param name="Count">Number of points, at least 1. NaN and infinite points are not in it.</param>
/// <param name="Sum">Their sum, in the metric's unit.</param>
/// <param name="Mean">Their arithmetic mean, in the metric's unit.</param>
/// <param name="Min">The least of them.</param>
/// <param name="Max">The greatest of them.</param>
/// <param name="P50">The median.</param>
/// <param name="P95">The 95th percentile.</param>
/// <param name="P99">The 99th percentile.</param>
public sealed record MetricSummary(long Count, double Sum, double Mean, double Min, double Max, double P50, double P95, double P99);
