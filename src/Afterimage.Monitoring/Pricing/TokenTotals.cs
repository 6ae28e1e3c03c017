using System.Runtime.InteropServices;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Pricing;

/// <summary>Sums token usage by model, from the token metrics.</summary>
internal static class TokenTotals
{
    /// <param name="view">The metrics to sum. The caller must hold the recorder's lock.</param>
    /// <param name="names">The names of the models.</param>
    public static TokenUsageReport Report(MetricView view, Names names)
    {
        ModelSums[] totals = view.SumByModel(WellKnownMetrics.TotalTokenCount);
        var byModel = new Dictionary<int, (double Prompt, double Completion, double Total)>(totals.Length == 0 ? 0 : totals[0].Count);
        foreach (ModelSums sums in totals)
        {
            foreach ((int model, double sum) in sums)
                Of(model).Total += sum;
        }

        foreach (ModelSums sums in view.SumByModel(WellKnownMetrics.PromptTokenCount))
        {
            foreach ((int model, double sum) in sums)
                Of(model).Prompt += sum;
        }

        foreach (ModelSums sums in view.SumByModel(WellKnownMetrics.CompletionTokenCount))
        {
            foreach ((int model, double sum) in sums)
                Of(model).Completion += sum;
        }

        var usages = new ModelTokenUsage[byModel.Count];
        int count = 0;
        (long prompt, long completion, long total) = (0, 0, 0);
        foreach ((int model, (double Prompt, double Completion, double Total) sums) in byModel)
        {
            var usage = new ModelTokenUsage
            {
                ModelName = names.Models[model],
                PromptTokens = (long)sums.Prompt,
                CompletionTokens = (long)sums.Completion,
                TotalTokens = (long)sums.Total,
            };
            usages[count++] = usage;
            prompt = SaturatingSum.Of(prompt, usage.PromptTokens);
            completion = SaturatingSum.Of(completion, usage.CompletionTokens);
            total = SaturatingSum.Of(total, usage.TotalTokens);
        }

        Array.Sort(usages, static (a, b) => string.CompareOrdinal(a.ModelName, b.ModelName));
        return new TokenUsageReport
        {
            ByModel = usages,
            TotalPromptTokens = prompt,
            TotalCompletionTokens = completion,
            TotalTokens = total,
        };

        ref (double Prompt, double Completion, double Total) Of(int model) =>
            ref CollectionsMarshal.GetValueRefOrAddDefault(byModel, model, out _);
    }

    /// <summary>Sums cost by model, from the cost metrics.</summary>
    /// <inheritdoc cref="Report"/>
    public static CostReport Cost(MetricView view, Names names)
    {
        var byModel = new Dictionary<int, (double? Cost, double Unpriced)>();
        foreach (ModelSums sums in view.SumByModel(WellKnownMetrics.CostUsd))
        {
            foreach ((int model, double sum) in sums)
                Of(model).Cost = (Of(model).Cost ?? 0) + sum;
        }

        foreach (ModelSums sums in view.SumByModel(WellKnownMetrics.UnpricedTokenCount))
        {
            foreach ((int model, double sum) in sums)
                Of(model).Unpriced += sum;
        }

        return CostReport.Of(
            byModel.Select(m => new ModelCost
            {
                ModelName = names.Models[m.Key],
                CostUsd = m.Value.Cost is { } cost ? CostReport.Dollars(cost) : null,
                UnpricedTokenCount = (long)m.Value.Unpriced,
            })) with
        {
            UsageMissingCount = (long)view.Aggregate("usage_missing").Sum,
            SuccessfulGenerations = (long)Math.Round(view.Aggregate("success_rate").Sum),
            EvaluationPoints = view
                .MetricNames.Where(name => name.StartsWith(Names.ScorePrefix, StringComparison.Ordinal))
                .Sum(name => view.Aggregate(name).Count),
        };

        ref (double? Cost, double Unpriced) Of(int model) => ref CollectionsMarshal.GetValueRefOrAddDefault(byModel, model, out _);
    }
}
