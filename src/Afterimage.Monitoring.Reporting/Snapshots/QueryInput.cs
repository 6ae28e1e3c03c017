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
    private static readonly QueryInput Everything = new(RecordColumn.All, HasLogs: true, HasAlerts: true) { IsSelect = false };

    /// <summary>Whether the statement is a SELECT, which can stand within another.</summary>
    public bool IsSelect { get; private init; } = true;

    /// <summary>Columns of records, and nothing else.</summary>
    public static QueryInput OfRecords(RecordColumn[] columns) => new(columns, HasLogs: false, HasAlerts: false);

    /// <summary>Finds it in the plan that DuckDB makes of the statement over empty tables. Of EXPLAIN and PIVOT it is
    /// everything.</summary>
    /// <exception cref="FormatException">It is no single statement that reads.</exception>
    /// <exception cref="DuckDBException">DuckDB does not take the statement.</exception>
    public static QueryInput Of(string sql, CancellationToken cancellationToken)
    {
        using var empty = new LogSnapshot(RecordColumn.All, cancellationToken);

        // These two see that a table is empty, and then leave out of the plan what would come from it.
        empty.Execute("SET disabled_optimizers = 'statistics_propagation,empty_result_pullup'");
        empty.Lock();
        return QueryStatement.IsSelect(empty, sql) ? Of(Plan(empty, sql)) : Everything;
    }

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
