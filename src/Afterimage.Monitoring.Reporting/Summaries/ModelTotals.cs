using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>The tokens and the cost of one model.</summary>
internal sealed class ModelTotals
{
    public CompensatedSum PromptTokens;
    public CompensatedSum CompletionTokens;
    public CompensatedSum TotalTokens;
    public CompensatedSum Dollars;
    public CompensatedSum UnpricedTokenCount;

    public long Uses { get; set; }

    public bool HasTokens { get; set; }

    public bool HasCost { get; set; }

    public bool IsPriced { get; set; }

    public void Take(ModelTotals other)
    {
        PromptTokens.Add(other.PromptTokens);
        CompletionTokens.Add(other.CompletionTokens);
        TotalTokens.Add(other.TotalTokens);
        Dollars.Add(other.Dollars);
        UnpricedTokenCount.Add(other.UnpricedTokenCount);
        Uses += other.Uses;
        HasTokens |= other.HasTokens;
        HasCost |= other.HasCost;
        IsPriced |= other.IsPriced;
    }

    /// <summary>Reports the tokens of models.</summary>
    public static TokenUsageReport Tokens(IEnumerable<(string Name, ModelTotals Sums)> all)
    {
        ModelTokenUsage[] models =
        [
            .. all.Where(model => model.Sums.HasTokens)
                .Select(model => new ModelTokenUsage
                {
                    ModelName = model.Name,
                    PromptTokens = Whole(model.Sums.PromptTokens),
                    CompletionTokens = Whole(model.Sums.CompletionTokens),
                    TotalTokens = Whole(model.Sums.TotalTokens),
                })
                .OrderBy(model => model.ModelName, StringComparer.Ordinal),
        ];
        return new TokenUsageReport
        {
            ByModel = models,
            TotalPromptTokens = SaturatingSum.Of(models.Select(model => model.PromptTokens)),
            TotalCompletionTokens = SaturatingSum.Of(models.Select(model => model.CompletionTokens)),
            TotalTokens = SaturatingSum.Of(models.Select(model => model.TotalTokens)),
        };
    }

    /// <summary>Reports the cost of models; null if nothing was priced, and nothing known to have no price.</summary>
    /// <param name="all">The models.</param>
    /// <param name="metrics">The summaries of the same records' metrics.</param>
    public static CostReport? Cost(IEnumerable<(string Name, ModelTotals Sums)> all, IReadOnlyDictionary<string, MetricSummary> metrics)
    {
        ModelCost[] models =
        [
            .. all.Where(model => model.Sums.HasCost)
                .Select(model => new ModelCost
                {
                    ModelName = model.Name,
                    CostUsd = model.Sums.IsPriced ? CostReport.Dollars(model.Sums.Dollars.Value) : null,
                    UnpricedTokenCount = Whole(model.Sums.UnpricedTokenCount),
                }),
        ];
        return models.Length == 0
            ? null
            : CostReport.Of(models) with
            {
                UsageMissingCount = (long)Sum(WellKnownMetrics.UsageMissing),
                SuccessfulGenerations = (long)Math.Round(Sum(WellKnownMetrics.SuccessRate)),
                EvaluationPoints = metrics
                    .Where(m => m.Key.StartsWith(Names.ScorePrefix, StringComparison.Ordinal))
                    .Sum(m => m.Value.Count),
            };

        double Sum(int metric) => metrics.GetValueOrDefault(WellKnownMetrics.NameOf(metric))?.Sum ?? 0;
    }

    // A total beyond the range is clamped to its end.
    private static long Whole(CompensatedSum sum) => (long)Math.Round(sum.Value);
}
