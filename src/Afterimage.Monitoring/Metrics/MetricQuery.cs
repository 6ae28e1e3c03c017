namespace Afterimage.Monitoring;

/// <summary>Which points of a metric count: of when, of which model, with which tag. What is not set does not limit.</summary>
/// <example>
/// <code>
/// monitor.GetMetrics("generation_time", new MetricQuery { Window = TimeSpan.FromHours(1), ModelName = "gpt-4o" });
/// </code>
/// </example>
public readonly record struct MetricQuery
{
    /// <summary>How far to look back from <see cref="To"/>, or from now: points stamped ahead of the clock count as well. Not negative, and
    /// not together with <see cref="From"/>.</summary>
    public TimeSpan? Window { get; init; }

    /// <summary>The first moment that counts, inclusive.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The first moment that no longer counts.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The model; <c>unknown</c> for points without one.</summary>
    public string? ModelName { get; init; }

    /// <summary>The tag, whose key must be one of <see cref="GenerationMonitorOptions.Dimensions"/>, and its value as text.</summary>
    /// <remarks>Aggregates of a tag and a model at once come from the raw points in memory; see
    /// <see cref="GenerationMonitorOptions.MaxRetainedPoints"/>.</remarks>
    public KeyValuePair<string, string>? Tag { get; init; }
}
