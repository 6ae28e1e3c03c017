using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>What models cost, one by one and in total.</summary>
public sealed record CostReport
{
    private const decimal Most = 1e27m;

    /// <summary>One entry a model, ordered by name (ordinal).</summary>
    public required IReadOnlyList<ModelCost> ByModel { get; init; }

    /// <summary>What is known to have been spent, US dollars. Where <see cref="UnpricedTokenCount"/> is not zero, the whole cost
    /// more.</summary>
    public required decimal TotalUsd { get; init; }

    /// <summary>Tokens that are not in <see cref="TotalUsd"/> since they have no known price.</summary>
    public required long UnpricedTokenCount { get; init; }

    /// <summary>Successful generations in the same window; 0 where the cost was estimated from token totals.</summary>
    public long SuccessfulGenerations { get; init; }

    /// <summary>Calls in the same window whose provider told no usage. What they cost is in <see cref="TotalUsd"/> as an estimate where a
    /// budget's reservation had one, and not at all otherwise; 0 where the cost was estimated from token totals.</summary>
    public long UsageMissingCount { get; init; }

    /// <summary>Points of <c>evaluation_score_…</c> metrics in the same window; 0 where the cost was estimated from token totals.</summary>
    public long EvaluationPoints { get; init; }

    /// <summary>US dollars per successful generation: all that was spent, on failures and evaluations too, by
    /// <see cref="SuccessfulGenerations"/>. <see langword="null"/> without any.</summary>
    public decimal? CostPerSuccessfulGeneration => SuccessfulGenerations > 0 ? TotalUsd / SuccessfulGenerations : null;

    /// <summary>US dollars per evaluation score: all that was spent, on the generations too, by <see cref="EvaluationPoints"/>.
    /// <see langword="null"/> without any.</summary>
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
