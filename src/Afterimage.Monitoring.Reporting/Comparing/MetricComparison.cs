namespace Afterimage.Monitoring;

/// <summary>One metric in two runs.</summary>
public sealed record MetricComparison
{
    /// <summary>The metric.</summary>
    public required string Name { get; init; }

    /// <summary>What its values are.</summary>
    public required MetricKind Kind { get; init; }

    /// <summary>The first run's; <see langword="null"/> where it has no point of it.</summary>
    public MetricSample? A { get; init; }

    /// <summary>The second run's; <see langword="null"/> where it has no point of it.</summary>
    public MetricSample? B { get; init; }

    /// <summary>The differences: of a number its mean and three quantiles, of a rate or share the rate.</summary>
    public required IReadOnlyList<FigureComparison> Figures { get; init; }
}
