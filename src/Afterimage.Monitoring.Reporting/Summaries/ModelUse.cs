namespace Afterimage.Monitoring;

/// <summary>One run's use of a model.</summary>
public sealed record ModelUse
{
    /// <summary>The number of generations.</summary>
    public required long Generations { get; init; }

    /// <summary>Prompt tokens of generations and evaluations, as in <see cref="RunSummary.Tokens"/>.</summary>
    public required long PromptTokenCount { get; init; }

    /// <summary>Completion tokens.</summary>
    public required long CompletionTokenCount { get; init; }

    /// <summary>Total tokens.</summary>
    public required long TotalTokenCount { get; init; }

    /// <summary>The recorded cost of the model, in US dollars; <see langword="null"/> if none of its calls was priced.</summary>
    public required decimal? CostUsd { get; init; }

    /// <summary>Tokens that were recorded without a price. <see cref="CostUsd"/> does not include them.</summary>
    public required long UnpricedTokenCount { get; init; }
}
