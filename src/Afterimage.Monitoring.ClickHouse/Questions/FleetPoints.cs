using Afterimage.Monitoring.Reporting.Comparing;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>Records of a fleet as a run to compare. Its points are exact in number and sum, and within 0.8 % of their values.</summary>
/// <param name="figures">The figures of the records.</param>
internal sealed class FleetPoints(FleetFigures figures) : ComparedRun(figures.Summary)
{
    /// <inheritdoc/>
    public override IReadOnlyCollection<string> MetricNames { get; } = [.. figures.Metrics.Keys];

    /// <inheritdoc/>
    public override (long Finite, long NonFinite) Counts(string metric) =>
        figures.Metrics.TryGetValue(metric, out PointBuckets? points) ? (points.Count, points.NonFiniteCount) : (0, 0);

    /// <inheritdoc/>
    protected override IEnumerable<(string Metric, double Value, long Times)> FinitePoints() =>
        figures.Metrics
            .OrderBy(metric => metric.Key, Comparer<string>.Create(CompareNames))
            .SelectMany(metric => metric.Value.Points.Select(point => (metric.Key, point.Value, point.Times)));
}
