namespace Afterimage.Monitoring;

/// <summary>What the calls with one value of a <see cref="SummaryKey"/> come to.</summary>
public sealed record KeySummary
{
    /// <summary>The value; <see langword="null"/> for calls that have none.</summary>
    public string? Value { get; init; }

    /// <summary>Generations.</summary>
    public long Generations { get; init; }

    /// <summary>Evaluations.</summary>
    public long Evaluations { get; init; }

    /// <summary>The share of the generations that succeeded, 0 to 1; <see langword="null"/> without generations.</summary>
    public double? SuccessRate { get; init; }

    /// <summary>The median of the generations' durations, in seconds; <see langword="null"/> without any.</summary>
    public double? MedianSeconds { get; init; }

    /// <summary>The 95th percentile of the generations' durations, in seconds: the smallest that at least 95 % of them do not exceed;
    /// <see langword="null"/> without any.</summary>
    public double? P95Seconds { get; init; }

    /// <summary>Prompt tokens of generations and evaluations, as far as they were recorded.</summary>
    public long PromptTokenCount { get; init; }

    /// <summary>Completion tokens of generations and evaluations, as far as they were recorded.</summary>
    public long CompletionTokenCount { get; init; }

    /// <summary>Total tokens of generations and evaluations: as given, else the sum of the two others.</summary>
    public long TotalTokenCount { get; init; }

    /// <summary>Calls that have no count of tokens at all, and are in none of the sums.</summary>
    public long CallsWithoutTokens { get; init; }

    /// <summary>Calls whose provider told no usage: of them the sums hold estimates at most.</summary>
    public long UsageMissingCount { get; init; }

    /// <summary>What was recorded as the calls' cost, in US dollars; <see langword="null"/> where none was priced.</summary>
    public decimal? CostUsd { get; init; }

    /// <summary>Tokens that were recorded without a price, and are not in <see cref="CostUsd"/>.</summary>
    public long UnpricedTokenCount { get; init; }
}
