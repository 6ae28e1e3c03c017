using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>What one run used of a model.</summary>
public sealed record ModelUse
{
    /// <summary>Generations with it.</summary>
    public required long Generations { get; init; }

    /// <summary>Prompt tokens, of generations and evaluations, as in <see cref="RunSummary.Tokens"/>.</summary>
    public required long PromptTokenCount { get; init; }

    /// <summary>Completion tokens.</summary>
    public required long CompletionTokenCount { get; init; }

    /// <summary>Total tokens.</summary>
    public required long TotalTokenCount { get; init; }

    /// <summary>What was recorded as its cost, in US dollars; <see langword="null"/> where no call of it was priced.</summary>
    public required decimal? CostUsd { get; init; }

    /// <summary>Tokens that were recorded without a price, and are not in <see cref="CostUsd"/>.</summary>
    public required long UnpricedTokenCount { get; init; }
}
