using System.Text.Json;
using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Summaries;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>What a statement looks at.</summary>
/// <param name="Columns">Columns of records.</param>
/// <param name="HasLogs">Whether at log entries.</param>
/// <param name="HasAlerts">Whether at alerts.</param>
internal sealed record QueryInput(RecordColumn[] Columns, bool HasLogs, bool HasAlerts)
{
    private static readonly QueryInput Everything = new(RecordColumn.All, HasLogs: true, HasAlerts: true);

    /// <summary>Finds it in the plan that DuckDB makes of the statement over empty tables. Of anything but a single SELECT it is
    /// everything.</summary>
    /// <exception cref="DuckDBException">DuckDB does not take the statement.</exception>
    public static QueryInput Of(string sql, CancellationToken cancellationToken)
    {
        using var empty = new LogSnapshot(RecordColumn.All, cancellationToken);

        // These two see that a table is empty, and then leave out of the plan what would come from it.
        empty.Execute("SET disabled_optimizers = 'statistics_propagation,empty_result_pullup'");
        empty.Lock();
        return IsOneSelect(empty, sql) ? Of(Plan(empty, sql)) : Everything;
    }

    // What does not parse is left to EXPLAIN, which says why, as the statement itself would.
    private static bool IsOneSelect(LogSnapshot empty, string sql) =>
        empty.Scalar(
            $"""
            SELECT (coalesce(json_array_length(parsed, '$.statements') = 1, false) OR coalesce(parsed ->> 'error_type' = 'parser', false))::BIGINT
            FROM (SELECT json_serialize_sql({LogSnapshot.Quote(sql)}) AS parsed)
            """
        ) == 1;

    private static JsonElement Plan(LogSnapshot empty, string sql)
    {
        using JsonDocument plan = JsonDocument.Parse(
            empty.Query("EXPLAIN (FORMAT json) " + sql).Select(row => row.GetString(1)).ToArray()[0]);
        return plan.RootElement.Clone();
    }

    private static QueryInput Of(JsonElement plan)
    {
        (string Table, string Columns)[] scans =
        [
            .. Nodes(plan).Where(node => node.TryGetProperty("Table", out _)).Select(node => (TableOf(node), node.GetRawText())),
        ];
        string[] records = [.. scans.Where(scan => scan.Table == "record").Select(scan => scan.Columns)];

        // A name may stand there as a part of another or of a literal, too: a column too many is read then.
        return new QueryInput(
            [
                .. RecordColumn.All.Where(column =>
                    column.IsAlwaysRead || records.Any(scan => scan.Contains(column.Name, StringComparison.Ordinal))),
            ],
            scans.Any(scan => scan.Table == "log"),
            scans.Any(scan => scan.Table == "alert"));
    }

    /// <summary>What the plan says of each of its steps.</summary>
    private static IEnumerable<JsonElement> Nodes(JsonElement steps) =>
        steps.EnumerateArray().SelectMany(step => Nodes(step.GetProperty("children")).Prepend(step.GetProperty("extra_info")));

    // It stands there with its catalog and schema before it.
    private static string TableOf(JsonElement scan) => scan.GetProperty("Table").GetString()!.Split('.')[^1];
}
