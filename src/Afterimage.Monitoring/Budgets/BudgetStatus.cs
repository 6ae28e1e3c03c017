using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>Where a budget stands.</summary>
public sealed record BudgetStatus
{
    /// <summary>The budget.</summary>
    public required Budget Budget { get; init; }

    /// <summary>What was recorded in the present period, in the budget's unit.</summary>
    public required decimal Spent { get; init; }

    /// <summary>What calls in flight have reserved, in the budget's unit.</summary>
    public required decimal Reserved { get; init; }

    /// <summary>Whether it is used up: from when <see cref="Spent"/> reaches the limit to the end of the period.</summary>
    public required bool IsSpent { get; init; }

    /// <summary>When the present period began, UTC; of a run that was resumed, when its first call began.</summary>
    public required DateTimeOffset PeriodStart { get; init; }

    /// <summary>Tokens that a budget of <see cref="BudgetUnit.Dollars"/> could not count, since they have no known price.</summary>
    public required long UnpricedTokenCount { get; init; }

    /// <summary>Calls of the present period whose provider told no usage. In <see cref="Spent"/> they are as their reservations estimated
    /// them, or not at all where they had none. 0 for budgets of other units than tokens and dollars.</summary>
    public long UsageMissingCount { get; init; }

    /// <summary>What is neither spent nor reserved, not below zero.</summary>
    public decimal Remaining => IsSpent ? 0 : Math.Max(0, Budget.Limit - Spent - Reserved);
}
