using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>What the calls of a snapshot cost, as their records say.</summary>
internal static class CostQuery
{
    private const string Sums = """
        SELECT coalesce(model_name, 'unknown'), fsum(cost) FILTER (isfinite(cost)), coalesce(sum(unpriced) FILTER (isfinite(unpriced)), 0)
        FROM (
            SELECT model_name, cost_usd AS cost, unpriced_token_count::DOUBLE AS unpriced FROM record
                WHERE event IN ('generation', 'evaluation') AND (cost_usd IS NOT NULL OR unpriced_token_count IS NOT NULL)
            UNION ALL
            SELECT model_name, CASE WHEN metric_name = 'cost_usd' THEN value END, CASE WHEN metric_name = 'unpriced_token_count' THEN value END FROM record
                WHERE event = 'metric' AND metric_name IN ('cost_usd', 'unpriced_token_count'))
        WHERE isfinite(cost) OR isfinite(unpriced)
        GROUP BY ALL
        """;

    /// <summary>Sums the costs by model. Without successes and scores: <see cref="RunSummary"/> counts them.</summary>
    /// <returns>The cost; null where nothing was priced.</returns>
    public static CostReport? Read(LogSnapshot snapshot)
    {
        List<ModelCost> models = [];
        foreach (DuckDBDataReader row in snapshot.Query(Sums))
            models.Add(
                new ModelCost(row.GetString(0), row.IsDBNull(1) ? null : CostReport.Dollars(row.GetDouble(1)), (long)row.GetDouble(2)));
        return models.Count > 0 ? CostReport.Of(models) : null;
    }
}
