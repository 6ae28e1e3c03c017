using System.Globalization;
using System.Text;
using Afterimage.Monitoring.Metrics;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting;

/// <summary>The records of one moment in an in-memory DuckDB, with the views <c>generations</c>, <c>evaluations</c>, <c>points</c>, <c>logs</c> and <c>alerts</c>.</summary>
/// <remarks>
/// Every reader of records goes through it. The files are read once, into a table, since they may grow meanwhile and one answer must not mix two
/// moments. DuckDB spills to disk what does not fit into its memory.
/// </remarks>
internal sealed class LogSnapshot : IDisposable
{
    private const string MemoryLimit = "512MB";
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(250);

    // Values are read as JSON and typed here: read_json's own typing would turn "7" into 7, 3.5 tokens into 4, and a wrong type into an absent value.
    // They are judged by their text, which DuckDB gives in its shortest form: parsing each once more would take longer than all the rest.
    private const string Macros = """
        CREATE TEMP MACRO is_text(j) AS j IS NULL OR starts_with(j::VARCHAR, '"');
        CREATE TEMP MACRO is_object(j) AS j IS NULL OR starts_with(j::VARCHAR, '{');
        CREATE TEMP MACRO is_flag(j) AS j IS NULL OR j::VARCHAR IN ('true', 'false');
        CREATE TEMP MACRO whole_of(j) AS
            CASE WHEN NOT contains(j::VARCHAR, '.') AND NOT contains(lower(j::VARCHAR), 'e') THEN TRY_CAST(j::VARCHAR AS BIGINT) END;
        CREATE TEMP MACRO is_whole(j) AS j IS NULL OR whole_of(j) IS NOT NULL;
        CREATE TEMP MACRO number_of(j) AS
            CASE WHEN NOT starts_with(j::VARCHAR, '"') THEN TRY_CAST(j::VARCHAR AS DOUBLE)
                WHEN j::VARCHAR IN ('"NaN"', '"Infinity"', '"-Infinity"') THEN trim(j::VARCHAR, '"')::DOUBLE END;
        CREATE TEMP MACRO is_number(j) AS j IS NULL OR number_of(j) IS NOT NULL;
        CREATE TEMP MACRO text_of(j) AS nullif(CASE WHEN contains(j::VARCHAR, '\') THEN j ->> '$' ELSE trim(j::VARCHAR, '"') END, '');
        CREATE TEMP MACRO is_time(t) AS
            t >= '0001' AND regexp_full_match(t, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)') AND TRY_CAST(t AS TIMESTAMP) IS NOT NULL;
        -- In 100 ns; nanosecond timestamps end in 1677 and 2262, beyond which microseconds must do.
        CREATE TEMP MACRO ticks_of(t) AS coalesce(epoch_ns(TRY_CAST(t AS TIMESTAMP_NS)) // 100, epoch_us(TRY_CAST(t AS TIMESTAMP)) * 10);
        """;

    private const string RecordTable = """
        CREATE TEMP TABLE record (
            event VARCHAR, ticks BIGINT, duration DOUBLE, success BOOLEAN, error VARCHAR, model_name VARCHAR, finish_reason VARCHAR,
            prompt_token_count BIGINT, completion_token_count BIGINT, total_token_count BIGINT,
            cached_prompt_token_count BIGINT, reasoning_token_count BIGINT, cost_usd DOUBLE, unpriced_token_count BIGINT, conversation_length BIGINT, time_to_first_token DOUBLE,
            provider VARCHAR, operation VARCHAR, evaluator_type VARCHAR, scores JSON, feedback JSON, metric_name VARCHAR, value DOUBLE, tags JSON);
        CREATE TEMP TABLE log (ticks BIGINT, level VARCHAR, message VARCHAR, error VARCHAR, error_type VARCHAR, stack_trace VARCHAR, data JSON);
        """;

    // An event of NULL marks a line that is no valid record. Tags of a metric point are its metadata.
    private const string InsertRecords = """
        INSERT INTO record SELECT * FROM (
        SELECT
            CASE WHEN is_time(text_of(timestamp))
                AND is_text(timestamp) AND is_text(event) AND is_text(model_name) AND is_text(finish_reason) AND is_text(error) AND is_text(metric_name)
                AND is_number(duration) AND is_number(time_to_first_token) AND is_number(value) AND is_number(cost_usd) AND is_flag(success)
                AND is_whole(prompt_token_count) AND is_whole(completion_token_count) AND is_whole(total_token_count) AND is_whole(conversation_length)
                AND is_whole(unpriced_token_count)
                AND is_object(metadata) AND is_object(scores)
                AND (scores IS NULL OR len(list_filter(json_extract(scores, '$.*'), lambda score: NOT is_number(score))) = 0)
                AND CASE text_of(event)
                    WHEN 'generation' THEN duration IS NOT NULL AND success IS NOT NULL
                    WHEN 'evaluation' THEN duration IS NOT NULL AND success IS NOT NULL
                    WHEN 'metric' THEN text_of(metric_name) IS NOT NULL AND value IS NOT NULL
                    ELSE false END
                THEN text_of(event) END AS event,
            ticks_of(text_of(timestamp)) AS ticks,
            number_of(duration),
            success::VARCHAR = 'true',
            text_of(error),
            CASE WHEN text_of(event) <> 'metric' THEN text_of(model_name)
                WHEN json_type(metadata, '$.model_name') = 'VARCHAR' THEN text_of(json_extract(metadata, '$.model_name')) END,
            text_of(finish_reason),
            whole_of(prompt_token_count),
            whole_of(completion_token_count),
            whole_of(total_token_count),
            whole_of(cached_prompt_token_count),
            whole_of(reasoning_token_count),
            number_of(cost_usd),
            whole_of(unpriced_token_count),
            whole_of(conversation_length),
            number_of(time_to_first_token),
            CASE WHEN is_text(provider) THEN text_of(provider) END,
            CASE WHEN is_text(operation) THEN text_of(operation) END,
            CASE WHEN is_text(evaluator_type) THEN text_of(evaluator_type) END,
            scores,
            CASE WHEN is_object(feedback) THEN feedback END,
            text_of(metric_name),
            number_of(value),
            CASE WHEN text_of(event) = 'metric' THEN metadata WHEN is_object(tags) THEN tags END
        FROM read_json($files,
            format = 'newline_delimited', records = true, ignore_errors = true, hive_partitioning = false,
            columns = {timestamp: 'JSON', event: 'JSON', duration: 'JSON', success: 'JSON', model_name: 'JSON', prompt_token_count: 'JSON',
                completion_token_count: 'JSON', total_token_count: 'JSON', cached_prompt_token_count: 'JSON', reasoning_token_count: 'JSON', cost_usd: 'JSON', unpriced_token_count: 'JSON',
                finish_reason: 'JSON', error: 'JSON', conversation_length: 'JSON', time_to_first_token: 'JSON', provider: 'JSON', operation: 'JSON',
                evaluator_type: 'JSON', scores: 'JSON', feedback: 'JSON', metric_name: 'JSON', value: 'JSON', metadata: 'JSON', tags: 'JSON'}))
        WHERE event IS NULL OR ticks >= $since AND ticks < $until
        """;

    private const string InsertLogs = """
        INSERT INTO log SELECT ticks_of(text_of(timestamp)), text_of(level), text_of(message), text_of(error), text_of(error_type), text_of(stack_trace), data
        FROM read_json($files,
            format = 'newline_delimited', records = true, ignore_errors = true, hive_partitioning = false,
            columns = {timestamp: 'JSON', level: 'JSON', message: 'JSON', error: 'JSON', error_type: 'JSON', stack_trace: 'JSON', data: 'JSON'})
        WHERE is_text(timestamp) AND is_time(text_of(timestamp)) AND is_text(level) AND is_text(message) AND text_of(message) IS NOT NULL
            AND ticks_of(text_of(timestamp)) >= $since AND ticks_of(text_of(timestamp)) < $until
        """;

    private const string Views = """
        CREATE TEMP VIEW generations AS SELECT
            make_timestamptz(ticks // 10) AS timestamp, duration, success, model_name, prompt_token_count, completion_token_count,
            TRY_CAST(coalesce(total_token_count::HUGEINT, prompt_token_count::HUGEINT + completion_token_count::HUGEINT,
                prompt_token_count::HUGEINT, completion_token_count::HUGEINT) AS BIGINT) AS total_token_count,
            cached_prompt_token_count, reasoning_token_count, cost_usd, unpriced_token_count, finish_reason, error, conversation_length, time_to_first_token, provider, operation, tags
        FROM record WHERE event = 'generation';

        CREATE TEMP VIEW evaluations AS SELECT
            make_timestamptz(ticks // 10) AS timestamp, duration, success, evaluator_type, scores, feedback, error, model_name,
            prompt_token_count, completion_token_count,
            TRY_CAST(coalesce(total_token_count::HUGEINT, prompt_token_count::HUGEINT + completion_token_count::HUGEINT,
                prompt_token_count::HUGEINT, completion_token_count::HUGEINT) AS BIGINT) AS total_token_count,
            cost_usd, unpriced_token_count, tags
        FROM record WHERE event = 'evaluation';

        CREATE TEMP VIEW logs AS SELECT make_timestamptz(ticks // 10) AS timestamp, level, message, error, error_type, stack_trace, data FROM log;
        """;

    private readonly DuckDBConnection _connection = new("DataSource=:memory:");
    private readonly string _spillDirectory = Path.Combine(Path.GetTempPath(), "afterimage-" + Guid.NewGuid().ToString("N"));
    private readonly CancellationToken _cancellationToken;

    /// <summary>Makes a snapshot without records.</summary>
    /// <param name="cancellationToken">Ends whatever the snapshot is doing.</param>
    public LogSnapshot(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _cancellationToken = cancellationToken;
        _connection.Open();
        Execute($"""
            SET memory_limit = '{MemoryLimit}';
            SET temp_directory = {QuotePath(_spillDirectory)};
            SET enable_progress_bar = true;
            SET enable_progress_bar_print = false;
            SET autoinstall_known_extensions = false;
            SET allow_persistent_secrets = false;
            SET TimeZone = 'UTC';
            """);
        Execute(Macros);
        Execute(RecordTable);
        Execute(Views);
        Execute(PointSource.View);
        Execute(AlertSource.Table);
        Execute(AlertSource.View);
    }

    public DuckDBConnection Connection => _connection;

    /// <summary>Lines of record files that held no valid record.</summary>
    public long SkippedLines => Scalar("SELECT count(*) FROM record WHERE event IS NULL");

    /// <summary>Adds the records of <paramref name="files"/>, those from <paramref name="since"/> on and before <paramref name="until"/>.</summary>
    public void AddRecords(IReadOnlyCollection<string> files, DateTimeOffset? since = null, DateTimeOffset? until = null, Action<double>? report = null) =>
        Add(InsertRecords, files, since, until, report);

    /// <summary>The same with log entries.</summary>
    public void AddLogs(IReadOnlyCollection<string> files, DateTimeOffset? since = null, DateTimeOffset? until = null) =>
        Add(InsertLogs, files, since, until, null);

    /// <summary>Adds the alerts of <paramref name="files"/>.</summary>
    public void AddAlerts(IReadOnlyCollection<string> files) => Add(AlertSource.Insert, files, null, null, null);

    /// <summary>Adds metric points from memory.</summary>
    public void AddPoints(IEnumerable<RetainedPoints> series, DateTimeOffset since)
    {
        // Appended without the columns that points do not have, which takes a table of its own.
        Execute("CREATE TEMP TABLE point (ticks BIGINT, metric_name VARCHAR, value DOUBLE, model_name VARCHAR)");
        using (DuckDBAppender appender = _connection.CreateAppender("point"))
        {
            foreach (RetainedPoints points in series)
            {
                _cancellationToken.ThrowIfCancellationRequested();
                for (int i = 0; i < points.Count; i++)
                {
                    if (points.UtcTicks(i) >= since.UtcTicks)
                        appender.CreateRow().AppendValue(points.UtcTicks(i) - DateTime.UnixEpoch.Ticks).AppendValue(points.Metric).AppendValue(points.Value(i)).AppendValue(points.Model(i)).EndRow();
                }
            }
        }

        Execute("INSERT INTO record BY NAME SELECT 'metric' AS event, * FROM point; DROP TABLE point;");
    }

    /// <summary>From now on no statement reaches a file, a network or a setting.</summary>
    public void Lock() => Execute("SET enable_external_access = false; SET lock_configuration = true;");

    /// <param name="sql">The statement.</param>
    /// <param name="report">Is told now and then which share of it is done.</param>
    public void Execute(string sql, Action<double>? report = null)
    {
        using DuckDBCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        using CancellationTokenRegistration cancel = _cancellationToken.Register(command.Cancel);
        Timer? timer = report is null
            ? null
            : new Timer(_ => report(Math.Clamp(_connection.GetQueryProgress().Percentage / 100, 0, 1)), null, ReportInterval, ReportInterval);
        try
        {
            command.ExecuteNonQuery();
        }
        finally
        {
            // It ends when its last report has, which must not find the connection gone.
            timer?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        _cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>The rows of a query as they come; each is read before the next is asked for.</summary>
    public IEnumerable<DuckDBDataReader> Query(string sql)
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

    /// <summary>The whole number that is a query's only row.</summary>
    public long Scalar(string sql) => Query(sql).Select(row => row.GetInt64(0)).ToArray()[0];

    /// <summary>The text as an SQL expression. A literal of DuckDB ends at a NUL.</summary>
    public static string Quote(string text) =>
        "('" + text.Replace("'", "''", StringComparison.Ordinal).Replace("\0", "' || chr(0) || '", StringComparison.Ordinal) + "')";

    /// <summary>The path as an SQL literal, which statements that take no expression want.</summary>
    public static string QuotePath(string path) => "'" + path.Replace("'", "''", StringComparison.Ordinal) + "'";

    public void Dispose()
    {
        _connection.Dispose();
        if (Directory.Exists(_spillDirectory))
            Directory.Delete(_spillDirectory, recursive: true);
    }

    private void Add(string insert, IReadOnlyCollection<string> files, DateTimeOffset? since, DateTimeOffset? until, Action<double>? report)
    {
        if (files.Count == 0)
            return;

        string fileList = "[" + string.Join(", ", files.Select(file => QuotePath(EscapeGlob(file)))) + "]";
        Execute(insert
            .Replace("$since", Ticks(since, long.MinValue), StringComparison.Ordinal)
            .Replace("$until", Ticks(until, long.MaxValue), StringComparison.Ordinal)
            .Replace("$files", fileList, StringComparison.Ordinal), report);
    }

    private static string Ticks(DateTimeOffset? time, long unbounded) =>
        (time is { } given ? given.UtcTicks - DateTime.UnixEpoch.Ticks : unbounded).ToString(CultureInfo.InvariantCulture);

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
}
