using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>What the limit of a budget is for. Calendar windows are of UTC and of the wall clock.</summary>
public enum BudgetPeriod
{
    /// <summary>The life of the monitor, and with <see cref="Budget.ResumeFrom"/> of those before it.</summary>
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
