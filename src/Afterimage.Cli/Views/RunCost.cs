using Afterimage.Monitoring;

namespace Afterimage.Cli.Views;

/// <summary>The cost of a run, as it is shown.</summary>
internal static class RunCost
{
    /// <summary>Formats the cost of a run, and whether it is complete.</summary>
    public static string Text(RunSummary summary) => KeySummaryView.Cost(
        summary.Cost is { } cost ? Dollars(cost) : null,
        summary.Cost?.UnpricedTokenCount ?? 0,
        summary.Metrics.GetValueOrDefault("usage_missing")?.Count ?? 0);

    /// <summary>Returns the cost in US dollars; null if no model has a price.</summary>
    public static decimal? Dollars(CostReport cost) => cost.ByModel.Any(model => model.CostUsd is not null) ? cost.TotalUsd : null;
}
