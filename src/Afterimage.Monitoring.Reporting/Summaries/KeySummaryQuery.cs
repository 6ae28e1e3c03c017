using Afterimage.Monitoring.Reporting.Snapshots;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>Groups calls by a key, in SQL.</summary>
internal static class KeySummaryQuery
{
    /// <summary>The statement of which the columns are those that are read.</summary>
    public static string Sql(SummaryKey key) => Sql(key.Sql);

    /// <summary>Returns the groups in descending order of tokens. Those of the most calls have rows of their own, the others share
    /// one.</summary>
    public static IReadOnlyList<KeySummary> Run(LogSnapshot snapshot, SummaryKey key)
    {
        bool isMany = snapshot.Scalar($"SELECT count(DISTINCT {key.Sql}) FROM calls AS r") > NameLimits.DefaultLimit;
        return [.. snapshot.Query(isMany ? Sql(Limited(key)) : Sql(key)).Select(Read)];
    }

    private static string Limited(SummaryKey key) => $"""
        CASE WHEN {key.Sql} IS NULL OR {key.Sql} IN (
                SELECT name FROM (SELECT {key.Sql} AS name, count(*) AS times FROM calls AS r GROUP BY 1)
                WHERE name IS NOT NULL ORDER BY times DESC, name LIMIT {NameLimits.DefaultLimit})
            THEN {key.Sql} ELSE {LogSnapshot.Quote(GenerationMonitorOptions.OverflowName)} END
        """;

    // Sums are of doubles, as everywhere: they are exact up to 2^53 tokens, and do not overflow beyond that.
    private static string Sql(string key) => $"""
        SELECT {key} AS key, count(*) FILTER (event = 'generation') AS generations, count(*) FILTER (event = 'evaluation'),
            avg(success::DOUBLE) FILTER (event = 'generation'),
            quantile_disc(duration, 0.5) FILTER (event = 'generation' AND isfinite(duration)),
            quantile_disc(duration, 0.95) FILTER (event = 'generation' AND isfinite(duration)),
            coalesce(sum(prompt_token_count::DOUBLE), 0), coalesce(sum(completion_token_count::DOUBLE), 0),
            coalesce(sum({PointSource.TotalTokens}), 0) AS tokens,
            count(*) FILTER ({PointSource.TotalTokens} IS NULL),
            fsum(cost_usd) FILTER (isfinite(cost_usd)) AS cost, coalesce(sum(unpriced_token_count::DOUBLE), 0),
            count(*) FILTER (usage_missing)
        FROM calls AS r GROUP BY 1 ORDER BY tokens DESC, generations DESC, key
        """;

    private static KeySummary Read(DuckDBDataReader row) => new()
    {
        Value = row.IsDBNull(0) ? null : row.GetString(0),
        Generations = row.GetInt64(1),
        Evaluations = row.GetInt64(2),
        SuccessRate = Number(row, 3),
        MedianSeconds = Number(row, 4),
        P95Seconds = Number(row, 5),
        PromptTokenCount = Count(row, 6),
        CompletionTokenCount = Count(row, 7),
        TotalTokenCount = Count(row, 8),
        CallsWithoutTokens = row.GetInt64(9),
        CostUsd = Number(row, 10) is { } dollars ? CostReport.Dollars(dollars) : null,
        UnpricedTokenCount = Count(row, 11),
        UsageMissingCount = row.GetInt64(12),
    };

    private static double? Number(DuckDBDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDouble(column);

    // The conversion saturates.
    private static long Count(DuckDBDataReader row, int column) => (long)Math.Round(row.GetDouble(column));
}
