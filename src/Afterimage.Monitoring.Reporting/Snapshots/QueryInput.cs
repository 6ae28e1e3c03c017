using System.Text.Json;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>The input that a statement uses.</summary>
/// <param name="Columns">The columns of records.</param>
/// <param name="HasLogs">Whether it uses log entries.</param>
/// <param name="HasAlerts">Whether it uses alerts.</param>
internal sealed record QueryInput(RecordColumn[] Columns, bool HasLogs, bool HasAlerts)
{
    private static readonly QueryInput Everything = new(RecordColumn.All, HasLogs: true, HasAlerts: true) { IsSelect = false };

    /// <summary>Whether the statement is a SELECT, which can be nested in another.</summary>
    public bool IsSelect { get; private init; } = true;

    /// <summary>Whether the statement reads the records once only. Reading compacted files in place then costs less than copying
    /// them.</summary>
    public bool IsReadOnce { get; private init; }

    /// <summary>Returns an input that consists only of columns of records.</summary>
    public static QueryInput OfRecords(RecordColumn[] columns) => new(columns, HasLogs: false, HasAlerts: false);

    /// <summary>Finds the input from the plan that DuckDB makes of the statement over empty tables. For EXPLAIN and PIVOT, the input is
    /// everything.</summary>
    /// <exception cref="FormatException">The text is not a single statement that reads.</exception>
    /// <exception cref="DuckDBException">DuckDB does not accept the statement.</exception>
    public static QueryInput Of(string sql, CancellationToken cancellationToken)
    {
        using var empty = new LogSnapshot(RecordColumn.All, cancellationToken);

        // These two optimizers would notice that a table is empty, and leave what depends on it out of the plan.
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
        string[] records = [.. scans.Where(scan => scan.Table == "read_record").Select(scan => scan.Columns)];

        // A name may also occur as part of another name or of a literal. An unnecessary column is then read.
        return new QueryInput(
            [
                .. RecordColumn.All.Where(column =>
                    column.IsAlwaysRead || records.Any(scan => scan.Contains(column.Name, StringComparison.Ordinal))),
            ],
            scans.Any(scan => scan.Table == "log"),
            scans.Any(scan => scan.Table == "alert"))
        {
            IsReadOnce = records.Length == 1,
        };
    }

    /// <summary>Returns what the plan says about each of its steps.</summary>
    private static IEnumerable<JsonElement> Nodes(JsonElement steps) =>
        steps.EnumerateArray().SelectMany(step => Nodes(step.GetProperty("children")).Prepend(step.GetProperty("extra_info")));

    // The name is preceded by its catalog and schema.
    private static string TableOf(JsonElement scan) => scan.GetProperty("Table").GetString()!.Split('.')[^1];
}
