using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>What one run's points of a metric come to.</summary>
/// <remarks>
/// The intervals hold the true figure in at least about 95 of 100 runs, if points do not depend on each other. Of a mean: Student's t. Of a
/// rate or share: Wilson's score interval (Wilson, JASA 22 (1927), 209–212). Of a quantile: two order statistics, chosen by the binomial
/// distribution, whatever the values' distribution (David and Nagaraja, Order Statistics, 3rd ed., 7.1).
/// </remarks>
/// <param name="Count">Finite points.</param>
/// <param name="NonFinite">NaN and infinite points, which no figure includes.</param>
/// <param name="Mean">The mean, rate or share; <see langword="null"/> without finite points.</param>
/// <param name="P50">The median: as all quantiles, the value at rank floor(q × (<see cref="Count"/> − 1)) of the sorted points;
/// <see langword="null"/> of a rate or share and without finite points.</param>
/// <param name="P95">The 95th percentile, likewise.</param>
/// <param name="P99">The 99th percentile, likewise.</param>
public sealed record MetricSample(long Count, long NonFinite, Estimate? Mean, Estimate? P50, Estimate? P95, Estimate? P99)
{
    /// <summary>The estimate of a figure.</summary>
    /// <param name="figure">The figure.</param>
    /// <returns>The estimate, if there is one.</returns>
    public Estimate? Of(ComparedFigure figure) => figure switch
    {
        ComparedFigure.Mean => Mean,
        ComparedFigure.P50 => P50,
        ComparedFigure.P95 => P95,
        ComparedFigure.P99 => P99,
        _ => null,
    };
}
