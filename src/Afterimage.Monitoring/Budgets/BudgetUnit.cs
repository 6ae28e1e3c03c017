namespace Afterimage.Monitoring;

/// <summary>The unit that a budget counts.</summary>
public enum BudgetUnit
{
    /// <summary>Total tokens of generations and evaluations, as in <c>total_token_count</c>.</summary>
    Tokens,

    /// <summary>US dollars. Requires <see cref="GenerationMonitorOptions.Pricing"/>. Calls without a known price cannot be counted: they
    /// are reported in <see cref="BudgetStatus.UnpricedTokenCount"/> and by one alert.</summary>
    Dollars,

    /// <summary>Generations, including failed ones.</summary>
    Generations,

    /// <summary>Consecutive failed generations, in the order in which the monitor takes them in. A generation that the caller ended
    /// (<see cref="FinishReasons"/>) counts as neither failed nor successful.</summary>
    ConsecutiveFailures,

    /// <summary>Seconds since the monitor was created, by the monotonic clock. With <see cref="Budget.ResumeFrom"/>: seconds since the
    /// first call there began, including pauses between runs.</summary>
    WallTime,
}
