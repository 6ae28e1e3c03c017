namespace Afterimage.Monitoring;

/// <summary>A limit on what a run may use. See <see cref="GenerationMonitorOptions.Budgets"/> and docs/budgets.md.</summary>
public sealed record Budget
{
    /// <summary>The name of the budget. Must be unique. The budget's alerts are called <c>budget:name</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The unit that is counted.</summary>
    public required BudgetUnit Unit { get; init; }

    /// <summary>The amount that may be used, in the budget's unit. Must be more than zero.</summary>
    public required decimal Limit { get; init; }

    /// <summary>The period that the limit is for. Default: <see cref="BudgetPeriod.Run"/>.</summary>
    public BudgetPeriod Period { get; init; }

    /// <summary>Restricts the budget to this model, by the name that was requested or the name that answered; <c>unknown</c> selects calls
    /// without a model. Default: <see langword="null"/>, all calls.</summary>
    public string? ModelName { get; init; }

    /// <summary>Restricts the budget to calls with this tag, such as the calls of one tenant: the tag's key, and its value as text.
    /// Default: <see langword="null"/>, all calls.</summary>
    /// <remarks>A call that has not begun declares its tags in <see cref="BudgetEstimate.Tags"/>. When a budget with a tag is spent, it
    /// refuses reservations but does not cancel <see cref="GenerationMonitor.BudgetToken"/>, because all calls share that token.</remarks>
    public KeyValuePair<string, string>? Tag { get; init; }

    /// <summary>
    /// A log directory, or a directory with log directories below it, whose generations and evaluations count from the start, so that a
    /// restart does not reset the budget. A budget with a calendar window counts those in the present window; a budget for
    /// <see cref="BudgetPeriod.Run"/> counts all. The directory need not exist yet. Default: <see langword="null"/>, the budget starts at
    /// zero with each monitor.
    /// </summary>
    /// <remarks>The directory is read once, when the monitor is created and before it writes. It is usually
    /// <see cref="GenerationMonitorOptions.LogDirectory"/>. docs/budgets.md says what is counted. Compacted files require a
    /// <see cref="GenerationMonitorOptions.CompactedFileReader"/>.</remarks>
    public string? ResumeFrom { get; init; }

    /// <summary>The shares of the limit at which the budget raises a warning, one alert each. Must be more than 0 and less than 1. Default:
    /// <see langword="null"/>, 0.5, 0.8 and 0.95. Empty: no warnings.</summary>
    public IReadOnlyList<double>? WarnAt { get; init; }

    /// <summary>Returns the first setting that is out of its range, with its range.</summary>
    internal (string Setting, string Rule)? Fault()
    {
        if (string.IsNullOrEmpty(Name))
            return (nameof(Name), "is required.");
        if (!Enum.IsDefined(Unit))
            return (nameof(Unit), "must be a defined BudgetUnit.");
        if (Limit <= 0)
            return (nameof(Limit), "must be greater than zero.");
        if (Unit == BudgetUnit.WallTime && Limit > (decimal)TimeSpan.FromDays(3660).TotalSeconds)
            return (nameof(Limit), "must be at most ten years for the unit WallTime.");
        if (!Enum.IsDefined(Period))
            return (nameof(Period), "must be a defined BudgetPeriod.");
        if (Unit == BudgetUnit.WallTime && Period != BudgetPeriod.Run)
            return (nameof(Period), "must be Run for the unit WallTime.");
        if (ModelName?.Length == 0)
            return (nameof(ModelName), "must not be empty.");
        if (Unit == BudgetUnit.WallTime && ModelName is not null)
            return (nameof(ModelName), "must not be set for the unit WallTime.");
        if (Tag is { } tag && (string.IsNullOrEmpty(tag.Key) || tag.Value is null))
            return (nameof(Tag), "must have a key and a value.");
        if (Unit == BudgetUnit.WallTime && Tag is not null)
            return (nameof(Tag), "must not be set for the unit WallTime.");
        if (ResumeFrom?.Length == 0)
            return (nameof(ResumeFrom), "must be null or the path of a directory.");
        if (WarnAt?.Any(share => !(share is > 0 and < 1)) == true)
            return (nameof(WarnAt), "must contain only shares greater than 0 and less than 1.");
        return null;
    }
}
