using Afterimage.Monitoring;

namespace Afterimage.Cli.Views;

/// <summary>What the live view shows of a run at one moment.</summary>
/// <param name="Title">The name of the run.</param>
/// <param name="Note">The origin of its figures: modelled, simulated.</param>
/// <param name="Progress">The share that is done, from 0 to 1; <see langword="null"/> if unknown.</param>
/// <param name="Now">The time of the run's clock.</param>
/// <param name="Generations">The number of generations so far.</param>
/// <param name="Rate">Generations per second of the run's clock, over the last minute.</param>
/// <param name="Success">The share of successful generations in the last five minutes.</param>
/// <param name="Errors">The share of generations with an error in the last five minutes.</param>
/// <param name="Latency">Quantiles of the generation time in the last five minutes; <see langword="null"/> if there is no data.</param>
/// <param name="FirstToken">Quantiles of the time to first token in the last five minutes; <see langword="null"/> if there is no
/// data.</param>
/// <param name="Tokens">Tokens so far.</param>
/// <param name="Calls">Generations so far, by model.</param>
/// <param name="Alerts">Alerts announced so far.</param>
internal sealed record LiveSnapshot(
    string Title,
    string Note,
    double? Progress,
    DateTimeOffset Now,
    long Generations,
    double Rate,
    double Success,
    double Errors,
    Quantiles? Latency,
    Quantiles? FirstToken,
    TokenUsageReport Tokens,
    IReadOnlyDictionary<string, long> Calls,
    IReadOnlyList<Alert> Alerts)
{
    /// <summary>The cost of the run; <see langword="null"/> if there are no prices.</summary>
    public CostReport? Cost { get; init; }

    /// <summary>The status of the budget; <see langword="null"/> if there is none.</summary>
    public BudgetStatus? Budget { get; init; }

    /// <summary>The status of the alert rules.</summary>
    public IReadOnlyList<AlertStatus> Rules { get; init; } = [];
}

/// <summary>Three quantiles, in seconds.</summary>
internal readonly record struct Quantiles(double P50, double P95, double P99);
