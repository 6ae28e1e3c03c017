using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>The summary of a snapshot.</summary>
/// <remarks>
/// DuckDB sorts the points' values, which recur as a histogram (metric, value, times); one walk over them yields every figure: exact sums
/// need more than DuckDB's, and its quantile_disc takes another rank than the project's floor(q × (n − 1)).
/// </remarks>
internal sealed class SummaryQuery
{
    private const string Totals = """
        SELECT count(*) FILTER (event = 'generation'), count(*) FILTER (event = 'evaluation'), count(*) FILTER (event IS NULL),
            min(ticks) FILTER (event IS NOT NULL), max(ticks) FILTER (event IS NOT NULL)
        FROM record
        """;

    // The sums are of whole numbers, as doubles like the live monitor's: exact up to 2^53 tokens.
    private const string TokenSums = $"""
        SELECT coalesce(model_name, 'unknown'), coalesce(sum(prompt), 0), coalesce(sum(completion), 0), coalesce(sum(total), 0)
        FROM (
            SELECT model_name, prompt_token_count::DOUBLE AS prompt, completion_token_count::DOUBLE AS completion, {PointSource.TotalTokens} AS total
                FROM record AS r WHERE event IN ('generation', 'evaluation') AND total IS NOT NULL
            UNION ALL
            SELECT model_name, CASE WHEN metric_name = 'prompt_token_count' THEN value END,
                CASE WHEN metric_name = 'completion_token_count' THEN value END, CASE WHEN metric_name = 'total_token_count' THEN value END
                FROM record WHERE event = 'metric' AND isfinite(value)
                    AND metric_name IN ('prompt_token_count', 'completion_token_count', 'total_token_count'))
        GROUP BY ALL
        """;

    private readonly LogSnapshot _snapshot;
    private readonly SortedDictionary<string, MetricSummary> _metrics = new(StringComparer.Ordinal);
    private long _nonFinite;

    private SummaryQuery(LogSnapshot snapshot) => _snapshot = snapshot;

    public static RunSummary Run(string logDirectory, string[] files, LogSnapshot snapshot)
    {
        var query = new SummaryQuery(snapshot);
        (long generations, long evaluations, long skipped, DateTimeOffset? first, DateTimeOffset? last) = query.ReadTotals();
        TokenUsageReport tokens = query.ReadTokens();
        CostReport? cost = CostQuery.Read(snapshot);
        query.ReadContinuous();
        snapshot.Execute(PointSource.Histogram);
        snapshot.Execute("DROP TABLE record");
        query.ReadHistogram();
        return new RunSummary(logDirectory, generations, evaluations, tokens, query._metrics, first, last, query._nonFinite, skipped, files)
        {
            Cost = cost is null
                ? null
                : cost with
                {
                    UsageMissingCount = (long)(query._metrics.GetValueOrDefault("usage_missing")?.Sum ?? 0),
                    SuccessfulGenerations = (long)Math.Round(query._metrics.GetValueOrDefault("success_rate")?.Sum ?? 0),
                    EvaluationPoints = query
                        ._metrics.Where(m => m.Key.StartsWith("evaluation_score_", StringComparison.Ordinal))
                        .Sum(m => m.Value.Count),
                },
        };
    }

    private (long Generations, long Evaluations, long Skipped, DateTimeOffset? First, DateTimeOffset? Last) ReadTotals()
    {
        foreach (DuckDBDataReader row in _snapshot.Query(Totals))
            return (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), Time(row, 3), Time(row, 4));
        throw new InvalidOperationException("An aggregate without groups has one row.");
    }

    private static DateTimeOffset? Time(DuckDBDataReader row, int column)
    {
        if (row.IsDBNull(column))
            return null;

        // An offset can carry the first and last day of the calendar past its end.
        long ticks = Math.Clamp(DateTime.UnixEpoch.Ticks + row.GetInt64(column), DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);
        return new DateTimeOffset(ticks, TimeSpan.Zero);
    }

    private TokenUsageReport ReadTokens()
    {
        var models = new List<ModelTokenUsage>();
        foreach (DuckDBDataReader row in _snapshot.Query(TokenSums))
            models.Add(new ModelTokenUsage(row.GetString(0), Tokens(row, 1), Tokens(row, 2), Tokens(row, 3)));

        models.Sort((a, b) => string.CompareOrdinal(a.ModelName, b.ModelName));
        return new TokenUsageReport(
            models,
            models.Sum(m => m.PromptTokens),
            models.Sum(m => m.CompletionTokens),
            models.Sum(m => m.TotalTokens));

        static long Tokens(DuckDBDataReader row, int column) => (long)Math.Round(row.GetDouble(column));
    }

    /// <summary>Adds the metrics whose values hardly recur: sorting them costs less than counting them.</summary>
    private void ReadContinuous()
    {
        foreach (string metric in PointSource.Continuous)
        {
            string values = PointSource.Values(metric);
            long count = _snapshot.Scalar($"SELECT count(*) FROM ({values}) WHERE isfinite(value)");
            _nonFinite += _snapshot.Scalar($"SELECT count(*) FROM ({values}) WHERE NOT isfinite(value)");
            if (count == 0)
                continue;

            var walk = new MetricWalk(count);
            foreach (DuckDBDataReader row in _snapshot.Query($"SELECT value FROM ({values}) WHERE isfinite(value) ORDER BY value"))
                walk.Take(row.GetDouble(0), 1);
            _metrics.Add(metric, walk.Result);
        }
    }

    private void ReadHistogram()
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (
            DuckDBDataReader row in _snapshot.Query(
                """
                SELECT metric, coalesce(sum(times) FILTER (isfinite(value)), 0)::BIGINT, coalesce(sum(times) FILTER (NOT isfinite(value)), 0)::BIGINT
                FROM histogram GROUP BY ALL
                """
            ))
        {
            counts.Add(row.GetString(0), row.GetInt64(1));
            _nonFinite += row.GetInt64(2);
        }

        string? name = null;
        MetricWalk walk = default;
        foreach (
            DuckDBDataReader row in _snapshot.Query(
                "SELECT metric, value, times FROM histogram WHERE isfinite(value) ORDER BY metric, value"))
        {
            string rowName = row.GetString(0);
            if (rowName != name)
            {
                if (name is not null)
                    _metrics.Add(name, walk.Result);
                name = rowName;
                walk = new MetricWalk(counts[name]);
            }

            walk.Take(row.GetDouble(1), row.GetInt64(2));
        }

        if (name is not null)
            _metrics.Add(name, walk.Result);
    }

    /// <summary>One metric's figures, from its values in ascending order.</summary>
    private struct MetricWalk(long count)
    {
        private readonly long _rank50 = (long)Math.Floor(0.5 * (count - 1));
        private readonly long _rank95 = (long)Math.Floor(0.95 * (count - 1));
        private readonly long _rank99 = (long)Math.Floor(0.99 * (count - 1));
        private CompensatedSum _sum;
        private long _taken;
        private double _min;
        private double _max;
        private double _p50;
        private double _p95;
        private double _p99;

        public readonly MetricSummary Result => new(count, _sum.Value, _sum.Value / count, _min, _max, _p50, _p95, _p99);

        public void Take(double value, long times)
        {
            if (_taken == 0)
                _min = value;
            _max = value;
            _sum.Add(value, times);

            long end = _taken + times;
            if (_rank50 >= _taken && _rank50 < end)
                _p50 = value;
            if (_rank95 >= _taken && _rank95 < end)
                _p95 = value;
            if (_rank99 >= _taken && _rank99 < end)
                _p99 = value;
            _taken = end;
        }
    }
}
