using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>A column of the table <c>record</c>, and how it comes from a line of JSON.</summary>
/// <param name="Name">Its name; that of its key, if it has one.</param>
/// <param name="Type">Its DuckDB type.</param>
/// <param name="FromJson">Its value: SQL over the values of the line's keys as JSON text, each named as its key.</param>
internal sealed record RecordColumn(string Name, string Type, string FromJson)
{
    // The JSON text of each value is judged by its first character: read_json's own typing would turn "7" into 7, 3.5 tokens into 4, and a wrong type into
    // an absent value. DuckDB gives the text without white space around it; no other value than a string begins with a character below '#'.
    public const string Macros = """
        CREATE TEMP MACRO is_text(j) AS j IS NULL OR j::VARCHAR < '#';
        CREATE TEMP MACRO is_object(j) AS j IS NULL OR j::VARCHAR >= '{';
        CREATE TEMP MACRO text_of(j) AS CASE WHEN j::VARCHAR < '#' AND j::VARCHAR <> '""' THEN json_extract_string(j::VARCHAR, '$') END;
        CREATE TEMP MACRO flag_of(j) AS CASE WHEN j::VARCHAR IN ('true', 'false') THEN j::VARCHAR = 'true' END;
        CREATE TEMP MACRO whole_of(j) AS
            CASE WHEN NOT contains(j::VARCHAR, '.') AND NOT contains(j::VARCHAR, 'e') AND NOT contains(j::VARCHAR, 'E') THEN TRY_CAST(j::VARCHAR AS BIGINT) END;
        CREATE TEMP MACRO number_of(j) AS CASE WHEN j::VARCHAR >= '#' THEN TRY_CAST(j::VARCHAR AS DOUBLE)
            WHEN j::VARCHAR IN ('"NaN"', '"Infinity"', '"-Infinity"') THEN trim(j::VARCHAR, '"')::DOUBLE END;
        CREATE TEMP MACRO is_stamp(t) AS t >= '0001' AND regexp_full_match(t, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?(Z|[+-]\d\d:\d\d)');
        CREATE TEMP MACRO is_time(t) AS is_stamp(t) AND TRY_CAST(t AS TIMESTAMP) IS NOT NULL;
        -- In 100 ns; nanosecond timestamps end in 1677 and 2262, beyond which microseconds must do.
        CREATE TEMP MACRO ticks_of(t) AS coalesce(epoch_ns(TRY_CAST(t AS TIMESTAMP_NS)) // 100, epoch_us(TRY_CAST(t AS TIMESTAMP)) * 10);
        """;

    private static readonly string[] ScalarKeys =
    [
        "timestamp", "event", "duration", "success", "model_name", "prompt_token_count", "completion_token_count", "total_token_count", "cached_prompt_token_count",
        "reasoning_token_count", "cost_usd", "unpriced_token_count", "finish_reason", "error", "conversation_length", "time_to_first_token", "provider", "operation",
        "evaluator_type", "metric_name", "value",
    ];

    private static readonly string[] ObjectKeys = ["scores", "feedback", "metadata", "tags"];

    /// <summary>All columns, in the table's order. An event of NULL marks a line that is no valid record. Tags of a metric point are its metadata.</summary>
    public static RecordColumn[] All { get; } =
    [
        new("event", "VARCHAR", "kind"),
        new("ticks", "BIGINT", "ticks_of(stamp)"),
        Number("duration"),
        new("success", "BOOLEAN", "flag_of(success)"),
        Text("error"),
        new("model_name", "VARCHAR", """
            CASE WHEN kind <> 'metric' THEN text_of(model_name)
                WHEN json_type(metadata, '$.model_name') = 'VARCHAR' THEN text_of(json_extract(metadata, '$.model_name')) END
            """),
        Text("finish_reason"),
        Whole("prompt_token_count"),
        Whole("completion_token_count"),
        Whole("total_token_count"),
        Whole("cached_prompt_token_count"),
        Whole("reasoning_token_count"),
        Number("cost_usd"),
        Whole("unpriced_token_count"),
        Whole("conversation_length"),
        Number("time_to_first_token"),
        Text("provider"),
        Text("operation"),
        Text("evaluator_type"),
        new("scores", "JSON", "scores"),
        new("feedback", "JSON", "CASE WHEN is_object(feedback) THEN feedback END"),
        Text("metric_name"),
        Number("value"),
        new("tags", "JSON", "CASE WHEN kind = 'metric' THEN metadata WHEN is_object(tags) THEN tags END"),
    ];

    /// <summary>Those that a summary and figures come from. Of an error they take only that there is one.</summary>
    public static RecordColumn[] OfSummary { get; } =
    [
        .. All.Where(column => column.Name is not ("error" or "cached_prompt_token_count" or "reasoning_token_count" or "provider" or "operation" or "evaluator_type" or "feedback" or "tags")),
        new("error", "VARCHAR", "CASE WHEN text_of(error) IS NOT NULL THEN '!' END"),
    ];

    /// <summary>Those that a report comes from.</summary>
    public static RecordColumn[] OfReport { get; } =
        [.. All.Where(column => column.Name is not ("cached_prompt_token_count" or "reasoning_token_count" or "provider" or "operation" or "feedback" or "tags"))];

    /// <summary>Whether every snapshot has it: records are told apart, and cut to a span of time, by these.</summary>
    public bool IsAlwaysRead => Name is "event" or "ticks";

    /// <summary>What stands in its place where it was not read, as SQL. Rather an error than a wrong answer.</summary>
    public string Missing => $"error('The column {Name} was not read.')::{Type} AS {Name}";

    /// <summary>The rows of the files, a line each, whatever it holds, with these columns.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="files">A list of files as SQL.</param>
    public static string SelectFromJson(IReadOnlyCollection<RecordColumn> columns, string files) => $"""
        SELECT CASE WHEN is_stamp(stamp) AND ticks IS NOT NULL
                AND is_text(text_model_name) AND is_text(text_finish_reason) AND is_text(text_error) AND is_text(text_metric_name)
                AND (duration IS NULL) = (text_duration IS NULL) AND (success IS NULL) = (text_success IS NULL)
                AND (prompt_token_count IS NULL) = (text_prompt_token_count IS NULL) AND (completion_token_count IS NULL) = (text_completion_token_count IS NULL)
                AND (total_token_count IS NULL) = (text_total_token_count IS NULL) AND (conversation_length IS NULL) = (text_conversation_length IS NULL)
                AND (time_to_first_token IS NULL) = (text_time_to_first_token IS NULL) AND (value IS NULL) = (text_value IS NULL)
                AND (cost_usd IS NULL) = (text_cost_usd IS NULL) AND (unpriced_token_count IS NULL) = (text_unpriced_token_count IS NULL)
                AND is_object(text_metadata) AND is_object(scores)
                AND (scores IS NULL OR len(list_filter(json_extract(scores, '$.*'), lambda score: number_of(score) IS NULL)) = 0)
                AND CASE event
                    WHEN 'generation' THEN duration IS NOT NULL AND success IS NOT NULL
                    WHEN 'evaluation' THEN duration IS NOT NULL AND success IS NOT NULL
                    WHEN 'metric' THEN metric_name IS NOT NULL AND value IS NOT NULL
                    ELSE false END
            THEN event END AS event,
            {string.Join(", ", columns.Select(column => column.Name).Where(name => name != "event"))}
        FROM (
            SELECT stamp, {string.Join(", ", columns.UnionBy(All, column => column.Name).Select(column => $"{column.FromJson} AS {column.Name}"))},
                {string.Join(", ", ScalarKeys.Select(key => $"{key} AS text_{key}"))}, metadata AS text_metadata
            FROM (
                SELECT text_of(timestamp) AS stamp, text_of(event) AS kind, {string.Join(", ", ScalarKeys.Select(key => $"{key}::VARCHAR AS {key}"))}, {string.Join(", ", ObjectKeys)}
                FROM {ReadJson(files, [.. ScalarKeys, .. ObjectKeys])}))
        """;

    /// <summary>The rows of the files of log entries.</summary>
    public static string SelectLogsFromJson(string files) => $"""
        SELECT ticks_of(stamp) AS ticks, text_of(level), text_of(message) AS message, text_of(error), text_of(error_type), text_of(stack_trace), data
        FROM (SELECT text_of(timestamp) AS stamp, * FROM {ReadJson(files, ["timestamp", "level", "message", "error", "error_type", "stack_trace", "data"])})
        WHERE is_time(stamp) AND is_text(level) AND message IS NOT NULL
        """;

    public override string ToString() => $"{Name} {Type}";

    private static RecordColumn Text(string key) => new(key, "VARCHAR", $"text_of({key})");

    private static RecordColumn Whole(string key) => new(key, "BIGINT", $"whole_of({key})");

    private static RecordColumn Number(string key) => new(key, "DOUBLE", $"number_of({key})");

    private static string ReadJson(string files, IEnumerable<string> keys) => $"""
        read_json({files}, format = 'newline_delimited', records = true, ignore_errors = true, hive_partitioning = false,
            columns = {"{" + string.Join(", ", keys.Select(key => $"{key}: 'JSON'")) + "}"})
        """;
}
