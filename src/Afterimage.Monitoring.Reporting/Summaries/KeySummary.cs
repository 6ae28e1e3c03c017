namespace Afterimage.Monitoring;

/// <summary>Summary of the calls with one value of a <see cref="SummaryKey"/>.</summary>
public sealed record KeySummary
{
    /// <summary>The value of the key; <see langword="null"/> for calls that have none.</summary>
    public string? Value { get; init; }

    /// <summary>The number of generations.</summary>
    public long Generations { get; init; }

    /// <summary>The number of evaluations.</summary>
    public long Evaluations { get; init; }

    /// <summary>The share of generations that succeeded, from 0 to 1; <see langword="null"/> if there are none.</summary>
    public double? SuccessRate { get; init; }

    /// <summary>The median duration of the generations, in seconds; <see langword="null"/> if there are none.</summary>
    public double? MedianSeconds { get; init; }

    /// <summary>The 95th percentile of the generations' durations, in seconds: the smallest duration that at least 95 % of them do not
    /// exceed; <see langword="null"/> if there are none.</summary>
    public double? P95Seconds { get; init; }

    /// <summary>Prompt tokens of generations and evaluations, as far as they were recorded.</summary>
    public long PromptTokenCount { get; init; }

    /// <summary>Completion tokens of generations and evaluations, as far as they were recorded.</summary>
    public long CompletionTokenCount { get; init; }

    /// <summary>Total tokens of generations and evaluations: the given total or, if none was given, the sum of the two others.</summary>
    public long TotalTokenCount { get; init; }

    /// <summary>Calls without any token count. They are in none of the sums.</summary>
    public long CallsWithoutTokens { get; init; }

    /// <summary>Calls whose provider reported no usage. For them, the sums include estimates at most.</summary>
    public long UsageMissingCount { get; init; }

    /// <summary>The recorded cost of the calls, in US dollars; <see langword="null"/> if none was priced.</summary>
    public decimal? CostUsd { get; init; }

    /// <summary>Tokens that were recorded without a price. <see cref="CostUsd"/> does not include them.</summary>
    public long UnpricedTokenCount { get; init; }
}
