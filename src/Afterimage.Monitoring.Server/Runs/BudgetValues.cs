namespace Afterimage.Monitoring.Server.Runs;

/// <summary>A budget of a run, with what is left of it, as in <c>budgets.json</c> (docs/log-format.md).</summary>
internal sealed record BudgetValues
{
    public required string Name { get; init; }

    public BudgetUnit Unit { get; init; }

    public BudgetPeriod Period { get; init; }

    public DateTimeOffset PeriodStart { get; init; }

    public string? ModelName { get; init; }

    public BudgetTag? Tag { get; init; }

    public decimal Limit { get; init; }

    public decimal Spent { get; init; }

    /// <summary>The amount reserved by calls in flight.</summary>
    public decimal Reserved { get; init; }

    public decimal Remaining { get; init; }

    public bool IsSpent { get; init; }

    public long UnpricedTokenCount { get; init; }

    public long UsageMissingCount { get; init; }
}

/// <summary>The tag of the calls that a budget is for.</summary>
internal sealed record BudgetTag(string Key, string Value);
