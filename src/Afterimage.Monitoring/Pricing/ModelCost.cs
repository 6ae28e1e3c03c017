namespace Afterimage.Monitoring;

/// <summary>The cost of one model.</summary>
public sealed record ModelCost
{
    /// <summary>The model; see <see cref="ModelTokenUsage.ModelName"/>.</summary>
    public required string ModelName { get; init; }

    /// <summary>The cost in US dollars; <see langword="null"/> if none of it has a known price.</summary>
    public required decimal? CostUsd { get; init; }

    /// <summary>Tokens that <see cref="CostUsd"/> does not include because they have no known price.</summary>
    public required long UnpricedTokenCount { get; init; }
}
