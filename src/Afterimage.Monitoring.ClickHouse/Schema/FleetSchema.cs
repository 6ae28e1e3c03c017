using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>The fleet's objects in the database, as statements that servers of every version from 18.16 on know.</summary>
/// <param name="database">The database.</param>
/// <param name="cluster">The cluster.</param>
internal sealed class FleetSchema(string database, string cluster)
{
    /// <summary>The name of the table of the fleet's states. Every node has all of it.</summary>
    public const string States = "fleet_states";

    /// <summary>The name of the table of <c>run.json</c> files. Every node has all of it.</summary>
    public const string RunParts = "run_parts";

    // Fewer blocks than this must arrive at a shard while a request is on its way. Each is a node of some bytes in ZooKeeper.
    private const int DeduplicatedBlocks = 10_000;

    /// <summary>The columns that hold the latest known content of each <c>run.json</c>.</summary>
    private static readonly string[] PartColumns =
    [
        "name", "path", "host", "service", "process_name", "process_id", "library_version", "start", "end", "has_end", "is_alive",
        "recorded", "dropped", "failed",
    ];

    public string Database => database;

    /// <summary>Returns statements that create the database and all missing tables.</summary>
    public IEnumerable<string> Tables() =>
    [
        $"CREATE DATABASE IF NOT EXISTS {database} ON CLUSTER {Cluster}",
        $"""
            CREATE TABLE IF NOT EXISTS {database}.{States} ON CLUSTER {Cluster}
                (fleet String, version UInt32, state String, sequence UInt64)
            ENGINE = {ReplicatedEverywhere(States)} ORDER BY sequence
            """,
        $"""
            CREATE TABLE IF NOT EXISTS {database}.{RunParts} ON CLUSTER {Cluster} (run String, part String, seen Int64, name String,
                path String, host String, service String, process_name String, process_id Int64, library_version String, start Int64,
                end Int64, has_end UInt8, is_alive UInt8, recorded Int64, dropped Int64, failed Int64)
            ENGINE = {ReplicatedEverywhere(RunParts, "ReplacingMergeTree", ", seen")} ORDER BY (run, part)
            """,
        .. LineTable.All.SelectMany(TableOf),
    ];

    /// <summary>Returns statements that recreate the views. The views hold no data.</summary>
    public IEnumerable<string> Views() =>
        ViewSelects().SelectMany(view => new[]
        {
            $"DROP TABLE IF EXISTS {database}.{view.Name} ON CLUSTER {Cluster}",
            $"CREATE VIEW {database}.{view.Name} ON CLUSTER {Cluster} AS {view.Select}",
        });

    /// <summary>Returns statements that add columns to a table of lines. The table for the rows of all shards holds no data, and is
    /// recreated.</summary>
    public IEnumerable<string> AddColumns(LineTable table, IReadOnlyCollection<FleetColumn> columns) =>
    [
        $"ALTER TABLE {database}.{table.LocalName} ON CLUSTER {Cluster} "
            + string.Join(", ", columns.Select(column => $"ADD COLUMN {column}")),
        $"DROP TABLE IF EXISTS {database}.{table.Name} ON CLUSTER {Cluster}",
        TableOf(table).Last(),
    ];

    /// <summary>Returns the statements for a person who creates the tables without the command.</summary>
    public string Script(string fleet) =>
        string.Join(
            "\n\n",
            [.. Tables().Select(sql => sql + ";"), .. Views().Select(sql => sql + ";"), InsertState(fleet, 1, "ready", 1) + ";"])
        + "\n";

    public string InsertState(string fleet, int version, string state, long sequence) => FormattableString.Invariant(
        $"INSERT INTO {database}.{States} (fleet, version, state, sequence) VALUES ('{fleet}', {version}, '{state}', {sequence})");

    /// <summary>Returns a profile and a user for <c>users.xml</c>. The user may only read, within limits.</summary>
    public string ReaderProfile() => $"""
        <!-- For users.xml of every node: a user who may only read, and whose questions end at limits. The root element is <yandex> in
             versions before 20, <clickhouse> in newer ones. -->
        <yandex>
          <profiles>
            <afterimage_reader>
              <readonly>1</readonly>
              <max_execution_time>60</max_execution_time>
              <max_memory_usage>4000000000</max_memory_usage>
              <max_rows_to_read>20000000000</max_rows_to_read>
              <max_result_bytes>1000000000</max_result_bytes>
              <skip_unavailable_shards>0</skip_unavailable_shards>
            </afterimage_reader>
          </profiles>
          <users>
            <afterimage_reader>
              <!-- echo -n PASSWORD | sha256sum -->
              <password_sha256_hex></password_sha256_hex>
              <networks><ip>::1</ip><ip>127.0.0.1</ip></networks>
              <profile>afterimage_reader</profile>
              <quota>default</quota>
              <allow_databases><database>{database}</database></allow_databases>
            </afterimage_reader>
          </users>
        </yandex>

        """;

    /// <summary>Returns an SQL query for the points of records. Each row has <c>metric</c>, <c>value</c> and the columns of its
    /// record.</summary>
    /// <param name="columns">The requested columns of the record.</param>
    /// <param name="where">The condition for the records.</param>
    public string Points(string columns, string where) => $"""
        SELECT {columns}, point.1 AS metric, assumeNotNull(point.2) AS value
        FROM (SELECT {columns}, arrayJoin(arrayConcat({string.Join(", ", PointArrays())})) AS point
            FROM {database}.record_lines WHERE {where})
        """;

    private string Cluster => cluster.Contains('-', StringComparison.Ordinal) ? $"`{cluster}`" : cluster;

    // See docs/log-format.md, "From records to points".
    private static IEnumerable<string> PointArrays()
    {
        const string Total =
            "coalesce(toFloat64(total_token_count), toFloat64(prompt_token_count) + toFloat64(completion_token_count), "
            + "toFloat64(prompt_token_count), toFloat64(completion_token_count))";
        (string Metric, string Value, string When)[] single =
        [
            ("'generation_time'", "duration", "event = 'generation'"),
            ("'success_rate'", "toFloat64(success)", "event = 'generation'"),
            ("'error_rate'", "toFloat64(error != '')", "event = 'generation'"),
            ("'time_to_first_token'", "time_to_first_token", "event = 'generation'"),
            ("'conversation_length'", "toFloat64(conversation_length)", "event = 'generation'"),
            ("concat('model_usage:', model_name)", "toFloat64(1)", "event = 'generation' AND model_name != ''"),
            ("concat('finish_reason:', finish_reason)", "toFloat64(1)", "event = 'generation' AND finish_reason != ''"),
            ("'usage_missing'", "toFloat64(1)", "event = 'generation' AND usage_missing = 1"),
            ("'evaluation_time'", "duration", "event = 'evaluation'"),
            ("'evaluation_error_rate'", "toFloat64(error != '')", "event = 'evaluation'"),
            ("'prompt_token_count'", "toFloat64(prompt_token_count)", "event IN ('generation', 'evaluation')"),
            ("'completion_token_count'", "toFloat64(completion_token_count)", "event IN ('generation', 'evaluation')"),
            ("'total_token_count'", Total, "event IN ('generation', 'evaluation')"),
            ("'cost_usd'", "cost_usd", "event IN ('generation', 'evaluation')"),
            ("'unpriced_token_count'", "toFloat64(unpriced_token_count)", "event IN ('generation', 'evaluation')"),
            ("metric_name", "value", "event = 'metric'"),
        ];
        string list = string.Join(
            ", ",
            single.Select(point =>
                $"({point.Metric}, CAST(if(coalesce({point.When}, 0), {point.Value}, NULL) AS Nullable(Float64)))"));
        yield return $"arrayFilter(p -> p.2 IS NOT NULL, [{list}])";
        yield return "arrayMap((n, v) -> (concat('evaluation_score_', n), CAST(v AS Nullable(Float64))), score_names, score_values)";
    }

    private IEnumerable<string> TableOf(LineTable table) =>
    [
        $"""
            CREATE TABLE IF NOT EXISTS {database}.{table.LocalName} ON CLUSTER {Cluster} ({string.Join(", ", table.Columns)})
            ENGINE = ReplicatedMergeTree('/clickhouse/tables/{"{shard}"}/{database}/{table.LocalName}', '{"{replica}"}')
            PARTITION BY toYYYYMM(date) ORDER BY (run, file, line) SETTINGS replicated_deduplication_window = {DeduplicatedBlocks}
            """,
        $"""
            CREATE TABLE IF NOT EXISTS {database}.{table.Name} ON CLUSTER {Cluster} ({string.Join(", ", table.Columns)})
            ENGINE = Distributed({Cluster}, {database}, {table.LocalName}, cityHash64(run))
            """,
    ];

    private string ReplicatedEverywhere(string table, string engine = "MergeTree", string parameter = "") =>
        $"Replicated{engine}('/clickhouse/tables/everywhere/{database}/{table}', '{"{shard}_{replica}"}'{parameter})";

    private IEnumerable<(string Name, string Select)> ViewSelects()
    {
        const string Place = "run, file, line, date, toDateTime(intDiv(ticks, 10000000), 'UTC') AS timestamp, ticks";
        yield return ("generations", Calls(RecordEvents.Generation, "event = 'generation'"));
        yield return ("evaluations", Calls(RecordEvents.Evaluation, "event = 'evaluation'"));
        yield return (
            "points",
            Points("run, file, line, date, ticks, model_name, provider, tags, tag_keys, tag_values", "event != 'skipped'"));
        yield return ("alerts", $"SELECT {Place}, name, level, message, data FROM {database}.alert_lines WHERE {EventTable.IsValid} = 1");
        yield return (
            "logs",
            $"SELECT {Place}, level, message, error, error_type, stack_trace, data "
            + $"FROM {database}.log_lines WHERE {EventTable.IsValid} = 1");
        yield return ("runs", $"""
            SELECT run, part, {string.Join(", ", PartColumns.Select(column => $"argMax({column}, seen) AS {column}"))}
            FROM {database}.{RunParts} GROUP BY run, part
            """);

        string Calls(RecordEvents events, string where)
        {
            IEnumerable<string> keys = RecordSchema.Fields
                .Where(field => field.IsOf(events) && field != RecordSchema.Timestamp && field != RecordSchema.Event)
                .Select(field => field == RecordSchema.TotalTokenCount
                    ? "coalesce(lines.total_token_count, lines.prompt_token_count + lines.completion_token_count, "
                        + "lines.prompt_token_count, lines.completion_token_count) AS total_token_count"
                    : field.Key);
            return $"SELECT {Place}, {string.Join(", ", keys)}, tag_keys, tag_values, score_names, score_values "
                + $"FROM {database}.record_lines AS lines WHERE {where}";
        }
    }
}
