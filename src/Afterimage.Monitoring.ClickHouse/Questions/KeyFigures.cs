using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>Figures of calls, grouped by a key.</summary>
/// <param name="cluster">The cluster.</param>
internal sealed class KeyFigures(FleetCluster cluster)
{
    private static readonly string[] Sums =
    [
        "success_rate", "prompt_token_count", "completion_token_count", "total_token_count", "cost_usd", "unpriced_token_count",
        "usage_missing", "evaluation_time",
    ];

    private static readonly string[] Quantiles = ["generation_time"];

    /// <summary>Returns the groups in descending order of tokens.</summary>
    public async Task<IReadOnlyList<KeySummary>> ReadAsync(SummaryKey key, string where, CancellationToken cancellationToken)
    {
        string limited = await LimitedAsync(FilterSql.KeyOf(key), where, cancellationToken).ConfigureAwait(false);
        return
        [
            .. (await ReadAsync(limited, where, cancellationToken).ConfigureAwait(false))
                .Select(group => group.Value with { Value = group.Key.Length == 0 ? null : group.Key[1..] })
                .OrderByDescending(group => group.TotalTokenCount)
                .ThenByDescending(group => group.Generations)
                .ThenBy(group => group.Value is null)
                .ThenBy(group => group.Value, StringComparer.Ordinal),
        ];
    }

    /// <summary>Returns the figures by key, in no order.</summary>
    /// <param name="key">The SQL expression of the key.</param>
    /// <param name="where">The condition for the records.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    public async Task<Dictionary<string, KeySummary>> ReadAsync(string key, string where, CancellationToken cancellationToken)
    {
        string calls = $"event IN ('generation', 'evaluation') AND {where}";
        var groups = new PointGroups(cluster);
        Dictionary<(string, string), PointBuckets> all = await groups
            .ReadAsync(key, Sums, calls, PointGroups.Coarse, null, cancellationToken)
            .ConfigureAwait(false);
        foreach ((var group, PointBuckets durations) in await groups
            .ReadAsync(key, Quantiles, calls, PointGroups.Fine, null, cancellationToken)
            .ConfigureAwait(false))
            all.Add(group, durations);
        return all.Keys.Select(group => group.Item1)
            .Distinct(StringComparer.Ordinal)
            .ToDictionary(group => group, group => Of(metric => all.GetValueOrDefault((group, metric))), StringComparer.Ordinal);
    }

    // As for a log directory: values of the most calls have groups of their own.
    private async Task<string> LimitedAsync(string key, string where, CancellationToken cancellationToken)
    {
        string calls = $"FROM {cluster.Schema.Database}.record_lines WHERE event IN ('generation', 'evaluation') AND {where}";
        return await cluster.NumberAsync($"SELECT uniqExact({key}) {calls}", cancellationToken).ConfigureAwait(false)
            <= NameLimits.DefaultLimit
            ? key
            : $"if({key} = '' OR {key} GLOBAL IN (SELECT name FROM (SELECT {key} AS name, count() AS times {calls} GROUP BY name "
                + $"ORDER BY times DESC, name LIMIT {NameLimits.DefaultLimit})), {key}, '={GenerationMonitorOptions.OverflowName}')";
    }

    private static KeySummary Of(Func<string, PointBuckets?> points)
    {
        PointBuckets? durations = points("generation_time");
        PointBuckets? success = points("success_rate");
        PointBuckets? tokens = points("total_token_count");
        long generations = success?.Count ?? 0;
        long evaluations = All(points("evaluation_time"));
        return new KeySummary
        {
            Generations = generations,
            Evaluations = evaluations,
            SuccessRate = success?.Mean,
            MedianSeconds = durations is { Count: > 0 } ? durations.Quantile(0.5) : null,
            P95Seconds = durations is { Count: > 0 } ? durations.Quantile(0.95) : null,
            PromptTokenCount = Count("prompt_token_count"),
            CompletionTokenCount = Count("completion_token_count"),
            TotalTokenCount = Count("total_token_count"),
            CallsWithoutTokens = generations + evaluations - All(tokens),
            UsageMissingCount = All(points("usage_missing")),
            CostUsd = points("cost_usd") is { Count: > 0 } cost ? CostReport.Dollars(cost.Sum.Value) : null,
            UnpricedTokenCount = Count("unpriced_token_count"),
        };

        // The conversion saturates.
        long Count(string metric) => (long)Math.Round(points(metric)?.Sum.Value ?? 0);

        static long All(PointBuckets? points) => points is null ? 0 : points.Count + points.NonFiniteCount;
    }
}
