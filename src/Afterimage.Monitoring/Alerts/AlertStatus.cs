using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>Where a rule stands, as of its last evaluation.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="State">Its state.</param>
/// <param name="Since">When it came into that state, UTC; <see langword="null"/> where it has been in no other.</param>
/// <param name="Value">The figure that was compared; <see langword="null"/> where there was none, or no evaluation yet.</param>
public sealed record AlertStatus(AlertRule Rule, AlertState State, DateTimeOffset? Since, double? Value);
