using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>The tokens used by each model and in total.</summary>
public sealed record TokenUsageReport
{
    /// <summary>One entry per model, ordered by name (ordinal).</summary>
    public required IReadOnlyList<ModelTokenUsage> ByModel { get; init; }

    /// <summary>Prompt tokens of all models.</summary>
    public required long TotalPromptTokens { get; init; }

    /// <summary>Completion tokens of all models.</summary>
    public required long TotalCompletionTokens { get; init; }

    /// <summary>Total tokens of all models.</summary>
    public required long TotalTokens { get; init; }

    /// <summary>Estimates the cost of these tokens.</summary>
    /// <remarks>
    /// Totals do not say which prompt tokens were cached, which completion tokens were spent on reasoning, or how long each prompt was.
    /// Therefore, every prompt token is charged at <see cref="ModelPrice.Input"/> and every completion token at
    /// <see cref="ModelPrice.Output"/>. Caching makes the actual cost lower; long-context tiers make it higher. For the cost of each call,
    /// set <see cref="GenerationMonitorOptions.Pricing"/> and call <see cref="GenerationMonitor.GetCost(TimeSpan?)"/>. Tokens of a total
    /// beyond prompt and completion are of unknown kind. They count as unpriced, as do the tokens of a model without a price.
    /// </remarks>
    /// <param name="pricing">The prices.</param>
    /// <returns>The cost by model and in total.</returns>
    public CostReport EstimateCost(ModelPricing pricing)
    {
        ArgumentNullException.ThrowIfNull(pricing);
        return CostReport.Of(ByModel.Select(usage =>
        {
            if (pricing.Find(usage.ModelName) is not { } price)
                return new ModelCost
                {
                    ModelName = usage.ModelName,
                    CostUsd = null,
                    UnpricedTokenCount = Math.Max(usage.TotalTokens, SaturatingSum.Of(usage.PromptTokens, usage.CompletionTokens)),
                };

            decimal cost = ((price.Input * usage.PromptTokens) + (price.Output * usage.CompletionTokens)) / 1_000_000;
            long rest = Math.Max(0, usage.TotalTokens - SaturatingSum.Of(usage.PromptTokens, usage.CompletionTokens));
            return new ModelCost
            {
                ModelName = usage.ModelName,
                CostUsd = rest > 0 && rest == usage.TotalTokens ? null : cost,
                UnpricedTokenCount = rest,
            };
        }));
    }
}
