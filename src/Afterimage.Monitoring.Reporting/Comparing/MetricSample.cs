namespace Afterimage.Monitoring;

/// <summary>What one run's points of a metric come to.</summary>
/// <remarks>
/// The intervals hold the true figure in at least about 95 of 100 runs, if points do not depend on each other. Of a mean: Student's t. Of a
/// rate or share: Wilson's score interval (Wilson, JASA 22 (1927), 209–212). Of a quantile: two order statistics, chosen by the binomial
/// distribution, whatever the values' distribution (David and Nagaraja, Order Statistics, 3rd ed., 7.1).
/// </remarks>
public sealed record MetricSample
{
    /// <summary>Finite points.</summary>
    public required long Count { get; init; }

    /// <summary>NaN and infinite points, which no figure includes.</summary>
    public required long NonFinite { get; init; }

    /// <summary>The mean, rate or share; <see langword="null"/> without finite points.</summary>
    public Estimate? Mean { get; init; }

    /// <summary>The median: as all quantiles, the smallest value with at least that share of the points at or below it; <see
    /// langword="null"/> of a rate or share and without finite points.</summary>
    public Estimate? P50 { get; init; }

    /// <summary>The 95th percentile, likewise.</summary>
    public Estimate? P95 { get; init; }

    /// <summary>The 99th percentile, likewise.</summary>
    public Estimate? P99 { get; init; }

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
