namespace Afterimage.Monitoring;

/// <summary>The status of an alert rule as of its last evaluation.</summary>
public sealed record AlertStatus
{
    /// <summary>The rule.</summary>
    public required AlertRule Rule { get; init; }

    /// <summary>The state of the rule.</summary>
    public required AlertState State { get; init; }

    /// <summary>The time at which the rule entered that state, in UTC; <see langword="null"/> if it has been in no other state.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The figure that was compared; <see langword="null"/> if there was none, or if the rule has not been evaluated
    /// yet.</summary>
    public double? Value { get; init; }
}
