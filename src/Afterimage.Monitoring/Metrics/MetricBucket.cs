namespace Afterimage.Monitoring;

/// <summary>What the points of one step of a time series come to.</summary>
public readonly record struct MetricBucket
{
    /// <summary>Where the step begins, inclusive, UTC.</summary>
    public DateTimeOffset Start { get; init; }

    /// <summary>Its points; without any, an aggregate with <see cref="MetricAggregate.Count"/> 0.</summary>
    public MetricAggregate Aggregate { get; init; }
}
