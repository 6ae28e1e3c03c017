using System.Text.Json;
using System.Text.RegularExpressions;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>Checks a statement from outside: it must read, and must not call anything that reaches beyond the snapshot.</summary>
internal static partial class QueryStatement
{
    // All others open files, change how the engine runs, write its log, or run text as a statement.
    private static readonly HashSet<string> OpenTableFunctions = new(StringComparer.OrdinalIgnoreCase)
    {
        "duckdb_columns", "duckdb_functions", "duckdb_keywords", "duckdb_tables", "duckdb_types", "duckdb_views", "generate_series",
        "icu_calendar_names", "json_each", "json_tree", "pg_timezone_names", "pragma_table_info", "query_table", "range", "repeat",
        "repeat_row", "summary", "unnest",
    };

    private const string ClosedFunction = "write_log";

    /// <summary>Returns whether the statement is a SELECT, for which only the columns that it uses need to be read.</summary>
    /// <param name="empty">A snapshot without records.</param>
    /// <param name="sql">The statement.</param>
    /// <exception cref="FormatException">There is no statement, more than one, or one that is not allowed; the message says
    /// which.</exception>
    public static bool IsSelect(LogSnapshot empty, string sql)
    {
        if (Parse(empty, sql) is { } statements)
        {
            ThrowIfNotOne(statements);
            ThrowIfClosed(statements);
            return true;
        }

        // If a statement cannot be parsed, the engine will say why. These two kinds have no tree to inspect.
        if (Explain().Match(sql) is { Success: true } explain)
        {
            string explained = sql[explain.Length..];
            if (Parse(empty, explained) is { } inner)
            {
                ThrowIfNotOne(inner);
                ThrowIfClosed(inner);
                return false;
            }
        }

        if (Pivot().IsMatch(sql))
        {
            ThrowIfClosed(empty, sql);
            return false;
        }

        throw new FormatException(
            "Only a statement that reads can be run: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE, SHOW, PIVOT or EXPLAIN.");
    }

    /// <returns>The statements; null if one of them is not of a kind that reads.</returns>
    /// <exception cref="FormatException">The text cannot be parsed.</exception>
    private static JsonElement? Parse(LogSnapshot empty, string sql)
    {
        string text = empty
            .Query($"SELECT json_serialize_sql({LogSnapshot.Quote(sql)})::VARCHAR")
            .Select(row => row.GetString(0))
            .ToArray()[0];
        using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 10_000 });
        JsonElement root = document.RootElement;
        if (!root.GetProperty("error").GetBoolean())
            return root.GetProperty("statements").Clone();
        if (root.GetProperty("error_type").GetString() == "parser")
            throw new FormatException("Parser Error: " + root.GetProperty("error_message").GetString());
        return null;
    }

    private static void ThrowIfNotOne(JsonElement statements)
    {
        if (statements.GetArrayLength() == 0)
            throw new FormatException("The SQL must contain a statement.");
        if (statements.GetArrayLength() > 1)
            throw new FormatException(
                $"The SQL must contain one statement, not {statements.GetArrayLength()}.");
    }

    private static void ThrowIfClosed(JsonElement node)
    {
        switch (node.ValueKind)
        {
            case JsonValueKind.Array:
                foreach (JsonElement item in node.EnumerateArray())
                    ThrowIfClosed(item);
                break;
            case JsonValueKind.Object:
                bool isTable = Text(node, "type") == "TABLE_FUNCTION";
                string? name = isTable && node.TryGetProperty("function", out JsonElement function)
                    ? Text(function, "function_name")
                    : Text(node, "function_name");
                if (isTable ? name is null || !OpenTableFunctions.Contains(name) : IsClosedFunction(name))
                    throw Closed(name ?? "");
                foreach (JsonProperty property in node.EnumerateObject())
                    ThrowIfClosed(property.Value);
                break;
            default:
                break;
        }
    }

    private static void ThrowIfClosed(LogSnapshot empty, string sql)
    {
        if (sql.AsSpan().TrimEnd().TrimEnd(';').Contains(';'))
            throw new FormatException("The SQL must contain only one statement.");

        HashSet<string> closed = new(StringComparer.OrdinalIgnoreCase) { ClosedFunction };
        closed.UnionWith(
            empty.Query("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'table'")
                .Select(row => row.GetString(0))
                .Where(name => !OpenTableFunctions.Contains(name)));
        foreach (Match call in Call().Matches(sql))
        {
            if (closed.Contains(call.Groups["name"].Value))
                throw Closed(call.Groups["name"].Value);
        }
    }

    private static bool IsClosedFunction(string? name) => string.Equals(name, ClosedFunction, StringComparison.OrdinalIgnoreCase);

    private static FormatException Closed(string name) =>
        new($"The SQL must not call the function {Format.Name(name, 40)}, because it reaches beyond the records.");

    private static string? Text(JsonElement node, string name) =>
        node.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;

    [GeneratedRegex(
        @"^\s*EXPLAIN\s+(ANALYZE\s+)?(\(\s*(ANALYZE|FORMAT\s+\w+)(\s*,\s*(ANALYZE|FORMAT\s+\w+))*\s*\)\s*)?",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Explain();

    [GeneratedRegex(@"\bPIVOT(_WIDER)?\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Pivot();

    [GeneratedRegex(@"(?<name>[A-Za-z_][A-Za-z_0-9]*)""?\s*\(", RegexOptions.CultureInvariant)]
    private static partial Regex Call();
}
