namespace Afterimage.Monitoring;

/// <summary>The status of a budget.</summary>
public sealed record BudgetStatus
{
    /// <summary>The budget.</summary>
    public required Budget Budget { get; init; }

    /// <summary>The amount recorded in the present period, in the budget's unit.</summary>
    public required decimal Spent { get; init; }

    /// <summary>The amount reserved by calls in flight, in the budget's unit.</summary>
    public required decimal Reserved { get; init; }

    /// <summary>Whether the budget is spent. It is spent from when <see cref="Spent"/> reaches the limit until the end of the
    /// period.</summary>
    public required bool IsSpent { get; init; }

    /// <summary>The start of the present period, in UTC. For a resumed run: the start of its first call.</summary>
    public required DateTimeOffset PeriodStart { get; init; }

    /// <summary>Tokens that a budget in <see cref="BudgetUnit.Dollars"/> could not count because they have no known price.</summary>
    public required long UnpricedTokenCount { get; init; }

    /// <summary>Calls of the present period whose provider reported no usage. <see cref="Spent"/> includes them as estimated by their
    /// reservations; calls without a reservation are not included. 0 for budgets in units other than tokens and dollars.</summary>
    public long UsageMissingCount { get; init; }

    /// <summary>The amount that is neither spent nor reserved. Never negative.</summary>
    public decimal Remaining => IsSpent ? 0 : Math.Max(0, Budget.Limit - Spent - Reserved);
}
