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

    /// <summary>The total tokens of a call: the given total or, if none was given, the sum of the two others.</summary>
    private const string TotalTokens =
        "coalesce(toFloat64(total_token_count), toFloat64(prompt_token_count) + toFloat64(completion_token_count), "
        + "toFloat64(prompt_token_count), toFloat64(completion_token_count))";

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

    /// <summary>Returns an SQL expression for the points of a record: an array of pairs of a metric and a value that is not
    /// null.</summary>
    /// <remarks>See docs/log-format.md, "From records to points".</remarks>
    /// <param name="metrics">The requested metrics of calls, without scores; null: all points. The points that programs recorded are
    /// always there.</param>
    public static string PointsOf(IReadOnlyCollection<string>? metrics = null)
    {
        const string Generation = "event = 'generation'";
        const string Evaluation = "event = 'evaluation'";
        const string Call = "event IN ('generation', 'evaluation')";
        (string Metric, string Value, string When)[] all =
        [
            ("'generation_time'", "duration", Generation),
            ("'success_rate'", "toFloat64(success)", Generation),
            ("'error_rate'", "toFloat64(error != '')", Generation),
            ("'time_to_first_token'", "time_to_first_token", Generation),
            ("'conversation_length'", "toFloat64(conversation_length)", Generation),
            ("concat('model_usage:', model_name)", "toFloat64(1)", $"{Generation} AND model_name != ''"),
            ("concat('finish_reason:', finish_reason)", "toFloat64(1)", $"{Generation} AND finish_reason != ''"),
            ("'usage_missing'", "toFloat64(1)", $"{Generation} AND usage_missing = 1"),
            ("'evaluation_time'", "duration", Evaluation),
            ("'evaluation_error_rate'", "toFloat64(error != '')", Evaluation),
            ("'prompt_token_count'", "toFloat64(prompt_token_count)", Call),
            ("'completion_token_count'", "toFloat64(completion_token_count)", Call),
            ("'total_token_count'", TotalTokens, Call),
            ("'cost_usd'", "cost_usd", Call),
            ("'unpriced_token_count'", "toFloat64(unpriced_token_count)", Call),
            ("metric_name", "value", "event = 'metric'"),
        ];
        string single = string.Join(
            ", ",
            all.Where(point => metrics is null || point.Metric == "metric_name" || metrics.Contains(point.Metric.Trim('\'')))
                .Select(point => $"({point.Metric}, CAST(if(coalesce({point.When}, 0), {point.Value}, NULL) AS Nullable(Float64)))"));
        string given = $"arrayFilter(p -> p.2 IS NOT NULL, [{single}])";
        const string Scores =
            "arrayMap((n, v) -> (concat('evaluation_score_', n), CAST(v AS Nullable(Float64))), score_names, score_values)";
        return metrics is null ? $"arrayConcat({given}, {Scores})" : given;
    }

    private string Cluster => cluster.Contains('-', StringComparison.Ordinal) ? $"`{cluster}`" : cluster;

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
        const string OfPoint = "run, file, line, date, ticks, model_name, provider, tags, tag_keys, tag_values";
        yield return ("points", $"""
            SELECT {OfPoint}, point.1 AS metric, assumeNotNull(point.2) AS value
            FROM (SELECT {OfPoint}, arrayJoin({PointsOf()}) AS point FROM {database}.record_lines WHERE event != 'skipped')
            """);
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
