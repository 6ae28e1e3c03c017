using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>What a budget counts.</summary>
public enum BudgetUnit
{
    /// <summary>Tokens of generations and evaluations: totals, as in <c>total_token_count</c>.</summary>
    Tokens,

    /// <summary>US dollars, by <see cref="GenerationMonitorOptions.Pricing"/>, which it needs. Calls without a known price cannot be
    /// counted: they are told in <see cref="BudgetStatus.UnpricedTokenCount"/> and by one alert.</summary>
    Dollars,

    /// <summary>Generations, failed ones too.</summary>
    Generations,

    /// <summary>Failed generations in a row, in the order in which the monitor takes them in. One that the caller's side ended
    /// (<see cref="FinishReasons"/>) counts as neither failed nor successful.</summary>
    ConsecutiveFailures,

    /// <summary>Seconds since the monitor was made, by the monotonic clock; with <see cref="Budget.ResumeFrom"/> since the first call there
    /// began, pauses between runs included.</summary>
    WallTime,
}
