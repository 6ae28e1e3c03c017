using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>Where a budget stands.</summary>
/// <param name="Budget">The budget.</param>
/// <param name="Spent">What was recorded in the present period, in the budget's unit.</param>
/// <param name="Reserved">What calls in flight have reserved.</param>
/// <param name="IsSpent">Whether it is used up: from when <paramref name="Spent"/> reaches the limit to the end of the period.</param>
/// <param name="PeriodStart">When the present period began, UTC; of a run that was resumed, when its first call began.</param>
/// <param name="UnpricedTokens">Tokens that a budget of <see cref="BudgetUnit.Dollars"/> could not count, since they have no known
/// price.</param>
public sealed record BudgetStatus(
    Budget Budget,
    decimal Spent,
    decimal Reserved,
    bool IsSpent,
    DateTimeOffset PeriodStart,
    long UnpricedTokens)
{
    /// <summary>Calls of the present period whose provider told no usage. In <see cref="Spent"/> they are as their reservations estimated
    /// them, or not at all where they had none. 0 for budgets of other units than tokens and dollars.</summary>
    public long UsageMissingCount { get; init; }

    /// <summary>What is neither spent nor reserved, not below zero.</summary>
    public decimal Remaining => IsSpent ? 0 : Math.Max(0, Budget.Limit - Spent - Reserved);
}
