namespace Afterimage.Monitoring;

/// <summary>What a run may use up. See <see cref="GenerationMonitorOptions.Budgets"/> and docs/budgets.md.</summary>
public sealed record Budget
{
    /// <summary>The name; its alerts are called <c>budget:name</c>. Unique.</summary>
    public required string Name { get; init; }

    /// <summary>What is counted.</summary>
    public required BudgetUnit Unit { get; init; }

    /// <summary>How much of it may be used, in its unit. More than zero.</summary>
    public required decimal Limit { get; init; }

    /// <summary>What the limit is for. Default: <see cref="BudgetPeriod.Run"/>.</summary>
    public BudgetPeriod Period { get; init; }

    /// <summary>Counts this model only, <c>unknown</c> for calls without one. Default: <see langword="null"/>, all together.</summary>
    public string? ModelName { get; init; }

    /// <summary>The shares of the limit at which it warns, an alert each. More than 0, less than 1. Default: 0.5, 0.8, 0.95.</summary>
    public IReadOnlyList<double> WarnAt { get; init; } = [0.5, 0.8, 0.95];

    /// <summary>The first setting that is out of its range, and what its range is.</summary>
    internal (string Setting, string Rule)? Fault()
    {
        if (string.IsNullOrEmpty(Name))
            return (nameof(Name), "is required.");
        if (!Enum.IsDefined(Unit))
            return (nameof(Unit), "there is no such unit.");
        if (Limit <= 0)
            return (nameof(Limit), "is more than zero.");
        if (Unit == BudgetUnit.WallTime && Limit > (decimal)TimeSpan.FromDays(3660).TotalSeconds)
            return (nameof(Limit), "of a time is at most ten years.");
        if (!Enum.IsDefined(Period))
            return (nameof(Period), "there is no such period.");
        if (Unit == BudgetUnit.WallTime && Period != BudgetPeriod.Run)
            return (nameof(Period), "of a time is the run.");
        if (ModelName?.Length == 0)
            return (nameof(ModelName), "is not empty.");
        if (Unit == BudgetUnit.WallTime && ModelName is not null)
            return (nameof(ModelName), "has no time of its own.");
        if (WarnAt is null || WarnAt.Any(share => !(share is > 0 and < 1)))
            return (nameof(WarnAt), "are shares of more than 0 and less than 1.");
        return null;
    }
}

/// <summary>What a budget counts.</summary>
public enum BudgetUnit
{
    /// <summary>Tokens of generations and evaluations: totals, as in <c>total_token_count</c>.</summary>
    Tokens,

    /// <summary>US dollars, by <see cref="GenerationMonitorOptions.Pricing"/>, which it needs. Calls without a known price cannot be counted: they are told in
    /// <see cref="BudgetStatus.UnpricedTokens"/> and by one alert.</summary>
    Dollars,

    /// <summary>Generations, failed ones too.</summary>
    Generations,

    /// <summary>Failed generations in a row, in the order in which the monitor takes them in.</summary>
    ConsecutiveFailures,

    /// <summary>Seconds since the monitor was made, by the monotonic clock.</summary>
    WallTime,
}

/// <summary>What the limit of a budget is for. Calendar windows are of UTC and of the wall clock.</summary>
public enum BudgetPeriod
{
    /// <summary>The life of the monitor.</summary>
    Run,

    /// <summary>Each hour of the clock.</summary>
    Hour,

    /// <summary>Each day.</summary>
    Day,

    /// <summary>Each week, from Monday.</summary>
    Week,

    /// <summary>Each month.</summary>
    Month,
}

/// <summary>What a call that has not begun may use, at the most.</summary>
/// <remarks>What is not given counts as nothing: such a call is let through while anything is left.</remarks>
public readonly record struct BudgetEstimate
{
    /// <summary>The model that is to be called. Default: none.</summary>
    public string? ModelName { get; init; }

    /// <summary>Tokens of the prompt. Not negative.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Tokens of the completion: the limit that is sent with the request, or what such calls usually need. Not negative.</summary>
    public long CompletionTokens { get; init; }

    /// <summary>US dollars. Not negative. Default: <see langword="null"/>, the tokens at the model's price.</summary>
    public decimal? CostUsd { get; init; }
}

/// <summary>Where a budget stands.</summary>
/// <param name="Budget">The budget.</param>
/// <param name="Spent">What was recorded in the present period, in the budget's unit.</param>
/// <param name="Reserved">What calls in flight have reserved.</param>
/// <param name="IsSpent">Whether it is used up: from when <paramref name="Spent"/> reaches the limit to the end of the period.</param>
/// <param name="PeriodStart">When the present period began, UTC.</param>
/// <param name="UnpricedTokens">Tokens that a budget of <see cref="BudgetUnit.Dollars"/> could not count, since they have no known price.</param>
public sealed record BudgetStatus(Budget Budget, decimal Spent, decimal Reserved, bool IsSpent, DateTimeOffset PeriodStart, long UnpricedTokens)
{
    /// <summary>What is neither spent nor reserved, not below zero.</summary>
    public decimal Remaining => IsSpent ? 0 : Math.Max(0, Budget.Limit - Spent - Reserved);
}
