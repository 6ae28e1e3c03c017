using System.Text;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting;

/// <summary>The summary of log files, worked out by an in-memory DuckDB.</summary>
/// <remarks>
/// The files are read once, since they may grow meanwhile. DuckDB turns the records into points and those into a histogram (metric, value,
/// times), sorted; one walk over it yields every figure: exact sums need more than DuckDB's, and its quantile_disc takes another rank than
/// the project's floor(q × (n − 1)). DuckDB spills to disk what does not fit, be it ten million distinct durations.
/// </remarks>
internal sealed class SummaryQuery : IDisposable
{
    private const string MemoryLimit = "512MB";

    // Values are read as JSON and typed here: read_json's own typing would turn "7" into 7, 3.5 tokens into 4, and a wrong type into an absent value.
    private const string Macros = """
        CREATE TEMP MACRO is_text(j) AS j IS NULL OR json_type(j) = 'VARCHAR';
        CREATE TEMP MACRO is_object(j) AS j IS NULL OR json_type(j) = 'OBJECT';
        CREATE TEMP MACRO is_flag(j) AS j IS NULL OR json_type(j) = 'BOOLEAN';
        CREATE TEMP MACRO is_whole(j) AS j IS NULL OR (json_type(j) IN ('UBIGINT', 'BIGINT') AND TRY_CAST(j AS BIGINT) IS NOT NULL);
        CREATE TEMP MACRO is_number(j) AS j IS NULL OR json_type(j) IN ('UBIGINT', 'BIGINT', 'DOUBLE') OR j IN ('"NaN"', '"Infinity"', '"-Infinity"');
        CREATE TEMP MACRO text_of(j) AS nullif(j ->> '$', '');
        CREATE TEMP MACRO number_of(j) AS CASE WHEN json_type(j) = 'VARCHAR' THEN 'NaN'::DOUBLE ELSE TRY_CAST(j AS DOUBLE) END;
        CREATE TEMP MACRO is_time(t) AS
            t >= '0001' AND regexp_full_match(t, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)') AND TRY_CAST(t AS TIMESTAMP) IS NOT NULL;
        -- In 100 ns; nanosecond timestamps end in 1677 and 2262, beyond which microseconds must do.
        CREATE TEMP MACRO ticks_of(t) AS coalesce(epoch_ns(TRY_CAST(t AS TIMESTAMP_NS)) // 100, epoch_us(TRY_CAST(t AS TIMESTAMP)) * 10);
        """;

    // An event of NULL marks a line that is no valid record.
    private const string Records = """
        CREATE TEMP TABLE record AS
        SELECT
            CASE WHEN is_time(timestamp ->> '$')
                AND is_text(timestamp) AND is_text(event) AND is_text(model_name) AND is_text(finish_reason) AND is_text(error) AND is_text(metric_name)
                AND is_number(duration) AND is_number(time_to_first_token) AND is_number(value) AND is_number(cost_usd) AND is_flag(success)
                AND is_whole(prompt_token_count) AND is_whole(completion_token_count) AND is_whole(total_token_count) AND is_whole(conversation_length)
                AND is_whole(unpriced_token_count)
                AND is_object(metadata) AND is_object(scores)
                AND (scores IS NULL OR len(list_filter(json_extract(scores, '$.*'), lambda score: NOT is_number(score))) = 0)
                AND CASE event ->> '$'
                    WHEN 'generation' THEN duration IS NOT NULL AND success IS NOT NULL
                    WHEN 'evaluation' THEN duration IS NOT NULL AND success IS NOT NULL
                    WHEN 'metric' THEN text_of(metric_name) IS NOT NULL AND value IS NOT NULL
                    ELSE false END
                THEN event ->> '$' END AS event,
            ticks_of(timestamp ->> '$') AS ticks,
            number_of(duration) AS duration,
            TRY_CAST(success AS BOOLEAN) AS success,
            text_of(error) IS NOT NULL AS failed,
            CASE WHEN event ->> '$' <> 'metric' THEN text_of(model_name)
                WHEN json_type(metadata, '$.model_name') = 'VARCHAR' THEN text_of(json_extract(metadata, '$.model_name')) END AS model_name,
            text_of(finish_reason) AS finish_reason,
            TRY_CAST(prompt_token_count AS BIGINT)::DOUBLE AS prompt_tokens,
            TRY_CAST(completion_token_count AS BIGINT)::DOUBLE AS completion_tokens,
            coalesce(TRY_CAST(total_token_count AS BIGINT)::DOUBLE, prompt_tokens + completion_tokens, prompt_tokens, completion_tokens) AS total_tokens,
            TRY_CAST(conversation_length AS BIGINT)::DOUBLE AS conversation_length,
            number_of(time_to_first_token) AS time_to_first_token,
            number_of(cost_usd) AS cost_usd,
            TRY_CAST(unpriced_token_count AS BIGINT)::DOUBLE AS unpriced_tokens,
            scores,
            text_of(metric_name) AS metric_name,
            number_of(value) AS value
        FROM read_json($files,
            format = 'newline_delimited', records = true, ignore_errors = true, hive_partitioning = false,
            columns = {timestamp: 'JSON', event: 'JSON', duration: 'JSON', success: 'JSON', model_name: 'JSON', prompt_token_count: 'JSON',
                completion_token_count: 'JSON', total_token_count: 'JSON', finish_reason: 'JSON', error: 'JSON', conversation_length: 'JSON',
                time_to_first_token: 'JSON', scores: 'JSON', metric_name: 'JSON', value: 'JSON', metadata: 'JSON',
                cost_usd: 'JSON', unpriced_token_count: 'JSON'})
        """;

    // docs/log-format.md, "From records to points".
    private const string Histogram = """
        CREATE TEMP TABLE histogram AS
        SELECT 'generation_time' AS metric, duration AS value, count(*) AS times FROM record WHERE event = 'generation' GROUP BY ALL
        UNION ALL
        SELECT 'success_rate', success::INT, count(*) FROM record WHERE event = 'generation' GROUP BY ALL
        UNION ALL
        SELECT 'error_rate', failed::INT, count(*) FROM record WHERE event = 'generation' GROUP BY ALL
        UNION ALL
        SELECT 'time_to_first_token', time_to_first_token, count(*) FROM record
            WHERE event = 'generation' AND time_to_first_token IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'conversation_length', conversation_length, count(*) FROM record
            WHERE event = 'generation' AND conversation_length IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'model_usage:' || model_name, 1, count(*) FROM record WHERE event = 'generation' AND model_name IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'finish_reason:' || finish_reason, 1, count(*) FROM record WHERE event = 'generation' AND finish_reason IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'evaluation_time', duration, count(*) FROM record WHERE event = 'evaluation' GROUP BY ALL
        UNION ALL
        SELECT 'evaluation_error_rate', failed::INT, count(*) FROM record WHERE event = 'evaluation' GROUP BY ALL
        UNION ALL
        SELECT 'evaluation_score_' || score.key, number_of(score.value), count(*)
            FROM record, json_each(record.scores) AS score WHERE event = 'evaluation' AND number_of(score.value) IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'prompt_token_count', prompt_tokens, count(*) FROM record
            WHERE event IN ('generation', 'evaluation') AND prompt_tokens IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'completion_token_count', completion_tokens, count(*) FROM record
            WHERE event IN ('generation', 'evaluation') AND completion_tokens IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'total_token_count', total_tokens, count(*) FROM record
            WHERE event IN ('generation', 'evaluation') AND total_tokens IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'cost_usd', cost_usd, count(*) FROM record
            WHERE event IN ('generation', 'evaluation') AND cost_usd IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT 'unpriced_token_count', unpriced_tokens, count(*) FROM record
            WHERE event IN ('generation', 'evaluation') AND unpriced_tokens IS NOT NULL GROUP BY ALL
        UNION ALL
        SELECT metric_name, value, count(*) FROM record WHERE event = 'metric' GROUP BY ALL
        """;

    private const string Totals = """
        SELECT count(*) FILTER (event = 'generation'), count(*) FILTER (event = 'evaluation'), count(*) FILTER (event IS NULL),
            min(ticks) FILTER (event IS NOT NULL), max(ticks) FILTER (event IS NOT NULL)
        FROM record
        """;

    // The sums are of whole numbers, as doubles like the live monitor's: exact up to 2^53 tokens.
    private const string TokenSums = """
        SELECT coalesce(model_name, 'unknown'), coalesce(sum(prompt), 0), coalesce(sum(completion), 0), coalesce(sum(total), 0)
        FROM (
            SELECT model_name, prompt_tokens AS prompt, completion_tokens AS completion, total_tokens AS total
                FROM record WHERE event IN ('generation', 'evaluation') AND total_tokens IS NOT NULL
            UNION ALL
            SELECT model_name, CASE WHEN metric_name = 'prompt_token_count' THEN value END,
                CASE WHEN metric_name = 'completion_token_count' THEN value END, CASE WHEN metric_name = 'total_token_count' THEN value END
                FROM record WHERE event = 'metric' AND isfinite(value)
                    AND metric_name IN ('prompt_token_count', 'completion_token_count', 'total_token_count'))
        GROUP BY ALL
        """;

    private readonly DuckDBConnection _connection = new("DataSource=:memory:");
    private readonly string _spillDirectory = Path.Combine(Path.GetTempPath(), "afterimage-" + Guid.NewGuid().ToString("N"));
    private readonly CancellationToken _cancellationToken;

    private SummaryQuery(CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _connection.Open();
        Execute($"""
            SET memory_limit = '{MemoryLimit}';
            SET temp_directory = {Quote(_spillDirectory)};
            SET preserve_insertion_order = false;
            SET autoinstall_known_extensions = false;
            """);
        Execute(Macros);
    }

    public static RunSummary Run(string logDirectory, string[] files, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (files.Length == 0)
            return new RunSummary(logDirectory, 0, 0, new TokenUsageReport([], 0, 0, 0), new Dictionary<string, MetricSummary>(), null, null, 0, 0, files);

        using var query = new SummaryQuery(cancellationToken);
        string fileList = "[" + string.Join(", ", files.Select(file => Quote(EscapeGlob(file)))) + "]";
        query.Execute(Records.Replace("$files", fileList, StringComparison.Ordinal));
        query.Execute(Histogram);

        (long generations, long evaluations, long skipped, DateTimeOffset? first, DateTimeOffset? last) = query.ReadTotals();
        TokenUsageReport tokens = query.ReadTokens();
        query.Execute("DROP TABLE record");
        (SortedDictionary<string, MetricSummary> metrics, long nonFinite) = query.ReadMetrics();
        return new RunSummary(logDirectory, generations, evaluations, tokens, metrics, first, last, nonFinite, skipped, files);
    }

    public void Dispose()
    {
        _connection.Dispose();
        if (Directory.Exists(_spillDirectory))
            Directory.Delete(_spillDirectory, recursive: true);
    }

    private (long Generations, long Evaluations, long Skipped, DateTimeOffset? First, DateTimeOffset? Last) ReadTotals()
    {
        foreach (DuckDBDataReader row in Query(Totals))
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
        foreach (DuckDBDataReader row in Query(TokenSums))
            models.Add(new ModelTokenUsage(row.GetString(0), Tokens(row, 1), Tokens(row, 2), Tokens(row, 3)));

        models.Sort((a, b) => string.CompareOrdinal(a.ModelName, b.ModelName));
        return new TokenUsageReport(models, models.Sum(m => m.PromptTokens), models.Sum(m => m.CompletionTokens), models.Sum(m => m.TotalTokens));

        static long Tokens(DuckDBDataReader row, int column) => (long)Math.Round(row.GetDouble(column));
    }

    private (SortedDictionary<string, MetricSummary> Metrics, long NonFinite) ReadMetrics()
    {
        long nonFinite = 0;
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (DuckDBDataReader row in Query("""
            SELECT metric, coalesce(sum(times) FILTER (isfinite(value)), 0)::BIGINT, coalesce(sum(times) FILTER (NOT isfinite(value)), 0)::BIGINT
            FROM histogram GROUP BY ALL
            """))
        {
            counts.Add(row.GetString(0), row.GetInt64(1));
            nonFinite += row.GetInt64(2);
        }

        var metrics = new SortedDictionary<string, MetricSummary>(StringComparer.Ordinal);
        string? name = null;
        MetricWalk walk = default;
        foreach (DuckDBDataReader row in Query("SELECT metric, value, times FROM histogram WHERE isfinite(value) ORDER BY metric, value"))
        {
            string rowName = row.GetString(0);
            if (rowName != name)
            {
                if (name is not null)
                    metrics.Add(name, walk.Result);
                name = rowName;
                walk = new MetricWalk(counts[name]);
            }

            walk.Take(row.GetDouble(1), row.GetInt64(2));
        }

        if (name is not null)
            metrics.Add(name, walk.Result);
        return (metrics, nonFinite);
    }

    private void Execute(string sql)
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        using CancellationTokenRegistration cancel = _cancellationToken.Register(command.Cancel);
        command.ExecuteNonQuery();
        _cancellationToken.ThrowIfCancellationRequested();
    }

    private IEnumerable<DuckDBDataReader> Query(string sql)
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        command.UseStreamingMode = true;
        using CancellationTokenRegistration cancel = _cancellationToken.Register(command.Cancel);
        using DuckDBDataReader reader = command.ExecuteReader();
        while (reader.Read())
            yield return reader;
        _cancellationToken.ThrowIfCancellationRequested();
    }

    private static string Quote(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>The path as a DuckDB pattern that matches nothing else. It takes a path as it is only if no character of it has a meaning in a pattern.</summary>
    private static string EscapeGlob(string path)
    {
        if (path.AsSpan().IndexOfAny('*', '?', '[') < 0)
            return path;

        // Within a pattern DuckDB takes a backslash for a separator of directories, and has no escape for it.
        if (Path.DirectorySeparatorChar != '\\' && path.Contains('\\', StringComparison.Ordinal))
            throw new IOException($"The file '{path}' cannot be read: a path with a backslash must have none of the characters *?[.");

        var pattern = new StringBuilder(path.Length + 8);
        foreach (char c in path)
            _ = c is '*' or '?' or '[' ? pattern.Append('[').Append(c).Append(']') : pattern.Append(c);
        return pattern.ToString();
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
