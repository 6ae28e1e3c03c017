using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>What one run used of a model.</summary>
/// <param name="Generations">Generations with it.</param>
/// <param name="PromptTokens">Prompt tokens, of generations and evaluations, as in <see cref="RunSummary.Tokens"/>.</param>
/// <param name="CompletionTokens">Completion tokens.</param>
/// <param name="TotalTokens">Total tokens.</param>
/// <param name="CostUsd">What was recorded as its cost, in US dollars; <see langword="null"/> where no call of it was priced.</param>
/// <param name="UnpricedTokens">Tokens that were recorded without a price, and are not in <paramref name="CostUsd"/>.</param>
public sealed record ModelUse(
    long Generations,
    long PromptTokens,
    long CompletionTokens,
    long TotalTokens,
    double? CostUsd,
    long UnpricedTokens);
