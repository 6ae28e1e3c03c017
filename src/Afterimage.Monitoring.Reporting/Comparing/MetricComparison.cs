using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>One metric in two runs.</summary>
/// <param name="Name">The metric.</param>
/// <param name="Kind">What its values are.</param>
/// <param name="A">The first run's; <see langword="null"/> where it has no point of it.</param>
/// <param name="B">The second run's; <see langword="null"/> where it has no point of it.</param>
/// <param name="Figures">The differences: of a number its mean and three quantiles, of a rate or share the rate.</param>
public sealed record MetricComparison(
    string Name,
    MetricKind Kind,
    MetricSample? A,
    MetricSample? B,
    IReadOnlyList<FigureComparison> Figures);
