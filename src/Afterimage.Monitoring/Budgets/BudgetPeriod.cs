namespace Afterimage.Monitoring;

/// <summary>The period that the limit of a budget is for. Calendar windows are in UTC and follow the wall clock.</summary>
public enum BudgetPeriod
{
    /// <summary>The lifetime of the monitor and, with <see cref="Budget.ResumeFrom"/>, of the monitors before it.</summary>
    Run,

    /// <summary>Each clock hour.</summary>
    Hour,

    /// <summary>Each calendar day.</summary>
    Day,

    /// <summary>Each calendar week, starting on Monday.</summary>
    Week,

    /// <summary>Each calendar month.</summary>
    Month,
}
