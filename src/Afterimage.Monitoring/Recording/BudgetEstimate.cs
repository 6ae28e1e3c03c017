namespace Afterimage.Monitoring;

/// <summary>The most that a call that has not begun may use.</summary>
/// <remarks>A value that is not given counts as zero: a call without any is let through while anything is left.</remarks>
public readonly record struct BudgetEstimate
{
    // A record's cost is below RecordSchema.HighestCost, and this may become one.
    internal const decimal MaxCostUsd = 1e14m;

    /// <summary>The model that is to be called. Default: none.</summary>
    public string? ModelName { get; init; }

    /// <summary>Tokens of the prompt. 0 to <see cref="GenerationDetails.MaxTokenCount"/>.</summary>
    public long PromptTokenCount { get; init; }

    /// <summary>Tokens of the completion: the limit that is sent with the request, or what such calls usually need. 0 to
    /// <see cref="GenerationDetails.MaxTokenCount"/>.</summary>
    public long CompletionTokenCount { get; init; }

    /// <summary>The tags that the call will be recorded with. Only those of budgets with a <see cref="Budget.Tag"/> matter, and
    /// <c>service_tier</c>, which has prices of its own. Default: none.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>>? Tags { get; init; }

    /// <summary>US dollars, from 0 to 10^14. Default: <see langword="null"/>, the tokens at the model's price.</summary>
    public decimal? CostUsd { get; init; }
}
