using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

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

    /// <summary>Counts this model only, by the name that was asked for or the name that answered; <c>unknown</c> for calls without one.
    /// Default: <see langword="null"/>, all together.</summary>
    public string? ModelName { get; init; }

    /// <summary>Counts calls with this tag only, such as one tenant's: its key, and its value as text. Default: <see langword="null"/>, all
    /// together.</summary>
    /// <remarks>A call that has not begun says its tags by <see cref="BudgetEstimate.Tags"/>. A spent budget of a tag refuses reservations,
    /// but does not cancel <see cref="GenerationMonitor.BudgetToken"/>, which is everybody's.</remarks>
    public KeyValuePair<string, string>? Tag { get; init; }

    /// <summary>
    /// A log directory, or one with log directories below it, whose generations and evaluations count from the start, so that a restart
    /// does not empty the budget: of a calendar window those that fall into it, of <see cref="BudgetPeriod.Run"/> all. It need not exist
    /// yet. Default: <see langword="null"/>, the budget begins empty with each monitor.
    /// </summary>
    /// <remarks>Read once, when the monitor is made, and before it writes: usually it is
    /// <see cref="GenerationMonitorOptions.LogDirectory"/>. docs/budgets.md says what is counted. Compacted files take a
    /// <see cref="GenerationMonitorOptions.CompactedFileReader"/>.</remarks>
    public string? ResumeFrom { get; init; }

    /// <summary>The shares of the limit at which it warns, an alert each. More than 0, less than 1. Default: <see langword="null"/>, 0.5,
    /// 0.8 and 0.95. Empty: none.</summary>
    public IReadOnlyList<double>? WarnAt { get; init; }

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
        if (Tag is { } tag && (string.IsNullOrEmpty(tag.Key) || tag.Value is null))
            return (nameof(Tag), "has a key and a value.");
        if (Unit == BudgetUnit.WallTime && Tag is not null)
            return (nameof(Tag), "has no time of its own.");
        if (ResumeFrom?.Length == 0)
            return (nameof(ResumeFrom), "is a directory, or null.");
        if (WarnAt?.Any(share => !(share is > 0 and < 1)) == true)
            return (nameof(WarnAt), "are shares of more than 0 and less than 1.");
        return null;
    }
}
