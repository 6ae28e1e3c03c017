using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>What one model cost.</summary>
/// <param name="ModelName">The model; see <see cref="ModelTokenUsage.ModelName"/>.</param>
/// <param name="CostUsd">US dollars; <see langword="null"/> where nothing of it has a known price.</param>
/// <param name="UnpricedTokens">Tokens that are not in <paramref name="CostUsd"/> since they have no known price.</param>
public sealed record ModelCost(string ModelName, decimal? CostUsd, long UnpricedTokens);
