namespace Afterimage.Monitoring;

/// <summary>Something that the monitor noticed and announces.</summary>
public sealed record Alert
{
    /// <summary>The name of the rule, such as <c>low_success_rate</c>.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence for a human reader.</summary>
    public required string Message { get; init; }

    /// <summary>The severity of the alert.</summary>
    public required AlertLevel Level { get; init; }

    /// <summary>The time of the evaluation, in UTC.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The figures behind the alert: <c>metric</c>, <c>window_seconds</c>, <c>threshold</c>, <c>count</c>, <c>mean</c>, <c>min</c>
    /// and <c>max</c>. <c>aggregate</c> and <c>value</c> are present if the rule does not compare the mean. <c>confidence</c> and
    /// <c>model_name</c> are present if the rule has them. <c>resolved</c> is present, and <see langword="true"/>, if the alert has
    /// ended.</summary>
    public required IReadOnlyDictionary<string, object?> Data { get; init; }

    /// <summary>Whether this announces that the alert of this name has ended: <c>resolved</c> of <see cref="Data"/>.</summary>
    public bool IsResolved => Data.TryGetValue("resolved", out object? resolved) && resolved is true;
}
