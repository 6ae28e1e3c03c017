using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>Where a rule stands, as of its last evaluation.</summary>
public sealed record AlertStatus
{
    /// <summary>The rule.</summary>
    public required AlertRule Rule { get; init; }

    /// <summary>Its state.</summary>
    public required AlertState State { get; init; }

    /// <summary>When it came into that state, UTC; <see langword="null"/> where it has been in no other.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The figure that was compared; <see langword="null"/> where there was none, or no evaluation yet.</summary>
    public double? Value { get; init; }
}
