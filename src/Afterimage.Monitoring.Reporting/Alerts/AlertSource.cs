using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Alerts;

/// <summary>The alerts of a snapshot: the table that lines of <c>alerts.jsonl</c> are read into, and the view <c>alerts</c>.</summary>
internal static class AlertSource
{
    // A line that is no valid alert has no name.
    public const string Table =
        "CREATE TEMP TABLE alert (file VARCHAR, ticks BIGINT, name VARCHAR, level VARCHAR, message VARCHAR, data JSON)";

    public const string View = """
        CREATE TEMP VIEW alerts AS SELECT
            make_timestamptz(ticks // 10) AS timestamp, name, level, message,
            coalesce(json_extract(data, '$.resolved')::VARCHAR = 'true', false) AS resolved, data
        FROM alert WHERE name IS NOT NULL
        """;

    public const string Insert = """
        INSERT INTO alert SELECT
            filename,
            ticks_of(text_of(timestamp)),
            CASE WHEN is_text(timestamp) AND is_time(text_of(timestamp)) AND is_text(name) AND is_text(level) AND is_text(message) AND is_object(data)
                AND text_of(level) IN ('info', 'warning', 'error') AND text_of(message) IS NOT NULL THEN text_of(name) END,
            text_of(level),
            text_of(message),
            data
        FROM read_json($files,
            format = 'newline_delimited', records = true, ignore_errors = true, hive_partitioning = false, filename = true,
            columns = {timestamp: 'JSON', name: 'JSON', level: 'JSON', message: 'JSON', data: 'JSON'})
        """;
}
