using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>What one model cost.</summary>
public sealed record ModelCost
{
    /// <summary>The model; see <see cref="ModelTokenUsage.ModelName"/>.</summary>
    public required string ModelName { get; init; }

    /// <summary>US dollars; <see langword="null"/> where nothing of it has a known price.</summary>
    public required decimal? CostUsd { get; init; }

    /// <summary>Tokens that are not in <see cref="CostUsd"/> since they have no known price.</summary>
    public required long UnpricedTokenCount { get; init; }
}
