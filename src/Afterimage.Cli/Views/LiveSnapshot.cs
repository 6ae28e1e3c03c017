using Afterimage.Cli.Commands;
using Afterimage.Cli.Simulation;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Views;

/// <summary>What the live view shows of a run at one moment.</summary>
/// <param name="Title">What runs.</param>
/// <param name="Note">What its figures are: modelled, simulated.</param>
/// <param name="Progress">How much of it is done, 0 to 1; <see langword="null"/> where that is not known.</param>
/// <param name="Now">The time of its clock.</param>
/// <param name="Generations">Generations so far.</param>
/// <param name="Rate">Generations a second of its clock, over the last minute.</param>
/// <param name="Success">Share of successful generations in the last five minutes.</param>
/// <param name="Errors">Share of generations with an error in the last five minutes.</param>
/// <param name="Latency">Quantiles of the generation time in the last five minutes; <see langword="null"/> without data.</param>
/// <param name="FirstToken">The same of the time to first token.</param>
/// <param name="Tokens">Tokens so far.</param>
/// <param name="Calls">Generations so far by model.</param>
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
    /// <summary>What it has cost; <see langword="null"/> without prices.</summary>
    public CostReport? Cost { get; init; }

    /// <summary>Where its budget stands; <see langword="null"/> without one.</summary>
    public BudgetStatus? Budget { get; init; }

    /// <summary>Where its alert rules stand.</summary>
    public IReadOnlyList<AlertStatus> Rules { get; init; } = [];
}

/// <summary>Three quantiles, in seconds.</summary>
internal readonly record struct Quantiles(double P50, double P95, double P99);
