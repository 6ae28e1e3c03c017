using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>The cost of each model and the total.</summary>
public sealed record CostReport
{
    private const decimal Most = 1e27m;

    /// <summary>One entry a model, ordered by name (ordinal).</summary>
    public required IReadOnlyList<ModelCost> ByModel { get; init; }

    /// <summary>The known cost, in US dollars. If <see cref="UnpricedTokenCount"/> is not zero, the actual cost is higher.</summary>
    public required decimal TotalUsd { get; init; }

    /// <summary>Tokens that <see cref="TotalUsd"/> does not include because they have no known price.</summary>
    public required long UnpricedTokenCount { get; init; }

    /// <summary>Successful generations in the same window; 0 if the cost was estimated from token totals.</summary>
    public long SuccessfulGenerations { get; init; }

    /// <summary>Calls in the same window whose provider reported no usage. If a budget's reservation had an estimate,
    /// <see cref="TotalUsd"/> includes it; otherwise, it does not include their cost. 0 if the cost was estimated from token
    /// totals.</summary>
    public long UsageMissingCount { get; init; }

    /// <summary>Points of <c>evaluation_score_…</c> metrics in the same window; 0 if the cost was estimated from token totals.</summary>
    public long EvaluationPoints { get; init; }

    /// <summary>US dollars per successful generation: the total, including failures and evaluations, divided by
    /// <see cref="SuccessfulGenerations"/>. <see langword="null"/> if there are none.</summary>
    public decimal? CostPerSuccessfulGeneration => SuccessfulGenerations > 0 ? TotalUsd / SuccessfulGenerations : null;

    /// <summary>US dollars per evaluation score: the total, including generations, divided by <see cref="EvaluationPoints"/>.
    /// <see langword="null"/> if there are none.</summary>
    public decimal? CostPerEvaluationPoint => EvaluationPoints > 0 ? TotalUsd / EvaluationPoints : null;

    /// <summary>A cost as metrics hold it. A double has fifteen digits: more would only show how it rounds. What no decimal holds was no
    /// cost, but a value recorded under its name.</summary>
    internal static decimal Dollars(double cost) => (decimal)Math.Clamp(cost, -(double)Most, (double)Most);

    /// <summary>A sum of such costs, which stops at the ends of their range.</summary>
    internal static decimal Sum(IEnumerable<decimal> costs) => costs.Aggregate(0m, (sum, cost) => Math.Clamp(sum + cost, -Most, Most));

    internal static CostReport Of(IEnumerable<ModelCost> models)
    {
        ModelCost[] byModel = [.. models.OrderBy(m => m.ModelName, StringComparer.Ordinal)];
        return new CostReport
        {
            ByModel = byModel,
            TotalUsd = Sum(byModel.Select(m => m.CostUsd ?? 0)),
            UnpricedTokenCount = SaturatingSum.Of(byModel.Select(m => m.UnpricedTokenCount)),
        };
    }
}
