using System.Text.RegularExpressions;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>The columns of a result, and a statement that returns them as values that can be read.</summary>
/// <param name="Types">The DuckDB types of the columns, as DESCRIBE writes them.</param>
/// <param name="Sql">The statement.</param>
internal sealed partial record AnswerColumns(IReadOnlyList<string> Types, string Sql)
{
    private static readonly HashSet<string> Plain = new(StringComparer.Ordinal)
    {
        "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
        "FLOAT", "DOUBLE", "VARCHAR", "JSON", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
    };

    /// <summary>Returns whether a type has values within values.</summary>
    public static bool IsNested(string type) =>
        type.EndsWith(']')
        || type.StartsWith("STRUCT", StringComparison.Ordinal)
        || type.StartsWith("MAP", StringComparison.Ordinal)
        || type.StartsWith("UNION", StringComparison.Ordinal)
        || type == "VARIANT";

    /// <param name="snapshot">The snapshot that the statement queries.</param>
    /// <param name="sql">The statement. It must be one that reads.</param>
    /// <param name="asText">Whether values that are hard to read are converted to text.</param>
    /// <param name="isSelect">Whether the statement can be nested in another.</param>
    public static AnswerColumns Of(LogSnapshot snapshot, string sql, bool asText, bool isSelect)
    {
        if (!isSelect)
            return new AnswerColumns([], sql);

        // A statement that is already a DESCRIBE can only be described within a SELECT.
        string inner = Inner(snapshot, sql);
        string described = Description().IsMatch(inner) ? $"SELECT * FROM ({inner})" : inner;
        (string Name, string Type)[] columns =
        [
            .. snapshot.Query("DESCRIBE " + described).Select(row => (row.GetString(0), row.GetString(1))),
        ];
        string[] types = [.. columns.Select(column => column.Type)];
        if (!asText || types.All(IsPlain))
            return new AnswerColumns(types, sql);

        // Two columns may have the same name.
        IEnumerable<string> names = columns.Select((_, i) => $"c{i}");
        IEnumerable<string> values = columns.Select((column, i) => $"{Value(column.Type, $"c{i}")} AS {Identifier(column.Name)}");
        return new AnswerColumns(
            types,
            $"SELECT {string.Join(", ", values)} FROM ({inner}) AS answer({string.Join(", ", names)})");
    }

    private static bool IsPlain(string type) => Plain.Contains(type) || type.StartsWith("DECIMAL", StringComparison.Ordinal);

    private static string Value(string type, string column) =>
        IsPlain(type) ? column
        : IsNested(type) ? $"to_json({column})::VARCHAR"
        : $"{column}::VARCHAR";

    private static string Identifier(string name) => '"' + name.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';

    // A semicolon or a comment may follow the statement. The parser's version has neither.
    private static string Inner(LogSnapshot snapshot, string sql)
    {
        using DuckDBCommand command = snapshot.Connection.CreateCommand();
        command.CommandText = $"SELECT json_deserialize_sql(json_serialize_sql({LogSnapshot.Quote(sql)}))";
        return ((string)command.ExecuteScalar()!).TrimEnd().TrimEnd(';');
    }

    [GeneratedRegex(@"^\s*(DESCRIBE|SUMMARIZE|SHOW)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Description();
}
