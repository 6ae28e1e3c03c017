using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>The Parquet files of docs/log-format.md, as SQL.</summary>
/// <remarks>
/// Each row is a line: the columns of <c>read_record</c>, with the ticks as microseconds and a remainder, and <c>line</c>, which holds the
/// line itself if the columns could not restore it byte for byte. That is the case if it is not a valid record, has unknown keys, or is
/// not written as the library writes it.
/// </remarks>
internal static class CompactedFile
{
    private const string LineColumn = "line";

    private const string Ticks = "epoch_us(timestamp) * 10 + timestamp_100ns AS ticks";

    /// <summary>The line that the library would have written for the record <c>r</c>; NULL if it is not a record.</summary>
    public const string Macros = """
        CREATE TEMP MACRO text_json(t) AS '"' || CASE WHEN regexp_full_match(t, '[ !#-%(-*,-;=?-\[\]-_a-~]*') THEN t ELSE
            replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
                t, '\', '\\'), '"', '\u0022'), '&', '\u0026'), '''', '\u0027'),
                '+', '\u002B'), '<', '\u003C'), '>', '\u003E'), '`', '\u0060'), chr(10), '\n'), chr(13), '\r'), chr(9), '\t') END || '"';
        CREATE TEMP MACRO number_json(x) AS CASE
            WHEN NOT isfinite(x) THEN CASE WHEN isnan(x) THEN '"NaN"' WHEN x > 0 THEN '"Infinity"' ELSE '"-Infinity"' END
            WHEN x = trunc(x) AND abs(x) < 1e15 THEN x::BIGINT::VARCHAR ELSE x::VARCHAR END;
        CREATE TEMP MACRO member(name, json) AS ',"' || name || '":' || json;
        CREATE TEMP MACRO stamp_json(ticks) AS '{"timestamp":"' || strftime(make_timestamp(ticks // 10), '%Y-%m-%dT%H:%M:%S')
            || CASE WHEN ticks % 10000000 = 0 THEN '' ELSE '.' || rtrim(lpad((ticks % 10000000)::VARCHAR, 7, '0'), '0') END
            || 'Z","event":"';
        """;

    /// <summary>Selects the rows of the table <c>read_record</c>, with its lines, as the rows of a file.</summary>
    /// <param name="columns">The columns of the table, and of the file.</param>
    public static string Select(IEnumerable<RecordColumn> columns) => $"""
        SELECT make_timestamptz(r.ticks // 10) AS timestamp, (r.ticks % 10)::TINYINT AS timestamp_100ns,
            {string.Join(
                ", ",
                columns.Where(column => column.Name != RecordColumn.Ticks)
                    .Select(column => $"r.{column.Name}::{column.FileType} AS {column.Name}"))}, r.line
        FROM read_record AS r
        """;

    /// <summary>Selects the records of files.</summary>
    /// <param name="columns">The columns. A column that a file lacks is left out.</param>
    /// <param name="files">A list of files as SQL.</param>
    /// <param name="withLines">Whether to include the lines that the files keep.</param>
    public static string SelectFrom(IEnumerable<RecordColumn> columns, string files, bool withLines) => $"""
        SELECT {Ticks}, COLUMNS(name -> name IN ({string.Join(
            ", ",
            columns.Select(column => column.Name).Concat(withLines ? [LineColumn] : []).Select(LogSnapshot.Quote))}))
        FROM read_parquet({files}, union_by_name = true, hive_partitioning = false)
        """;

    /// <summary>Returns the names of the columns that may have values other than null in the files.</summary>
    /// <param name="snapshot">The snapshot that reads them.</param>
    /// <param name="files">A list of files as SQL.</param>
    public static IReadOnlySet<string> FilledColumns(LogSnapshot snapshot, string files) =>
        snapshot
            .Query($"""
                SELECT path_in_schema FROM parquet_metadata({files}) GROUP BY ALL
                HAVING bool_or(stats_null_count IS NULL OR stats_null_count < num_values)
                """)
            .Select(row => row.GetString(0))
            .ToHashSet();

    /// <summary>Reads a file, of which any byte may be another than was written.</summary>
    /// <exception cref="IOException">It is damaged; the exception names it.</exception>
    public static T Reading<T>(string path, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (IsDamage(e))
        {
            throw Damaged(path, e);
        }
    }

    public static IOException Damaged(string path, Exception exception) =>
        new($"The file '{path}' cannot be read: {exception.FirstLine()}", exception);

    /// <summary>Whether an exception is what a damaged file leads to: the engine finds it, or a value is none of its kind.</summary>
    public static bool IsDamage(Exception exception) =>
        exception is DbException or JsonException or FormatException or OverflowException or InvalidCastException
            or InvalidOperationException or ArgumentException;

    /// <summary>The rows of a file, whole, in their order.</summary>
    public static string SelectRows(string file) => $"SELECT {Ticks}, * FROM read_parquet({file}, hive_partitioning = false)";

    /// <summary>Selects a number of complete rows of a file, in order, from a row on. The first row of a file is 0.</summary>
    public static string SelectRows(string file, long first, long count) => string.Create(CultureInfo.InvariantCulture, $"""
        SELECT {Ticks}, * FROM read_parquet({file}, file_row_number = true, hive_partitioning = false)
        WHERE file_row_number >= {first} AND file_row_number < {first + count} ORDER BY file_row_number
        """);

    /// <summary>Selects the last complete rows of a file: a number of records, and what is between and after them.</summary>
    public static string SelectEnd(string file, int records)
    {
        string rows = $"read_parquet({file}, file_row_number = true, hive_partitioning = false)";
        return string.Create(CultureInfo.InvariantCulture, $"""
            SELECT {Ticks}, * FROM {rows}
            WHERE file_row_number >= (SELECT min(file_row_number) FROM (
                SELECT file_row_number FROM {rows} WHERE event IS NOT NULL ORDER BY ALL DESC LIMIT {records}))
            ORDER BY file_row_number
            """);
    }

    /// <summary>Selects the lines that rows represent, byte for byte, using <see cref="Macros"/>.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="columns">The names of the columns that may have values other than null. A file of an earlier version lacks
    /// some.</param>
    public static string SelectLines(string rows, IReadOnlySet<string> columns)
    {
        IEnumerable<string> members = RecordColumn.All
            .Where(column => !column.IsAlwaysRead && columns.Contains(column.Name))
            .Select(MemberOf)
            .Prepend("'\"'")
            .Append("'}'");
        return $"""
            SELECT coalesce(r.line, encode(stamp_json(r.ticks) || r.event || concat({string.Join(", ", members)})))
            FROM ({rows}) AS r WHERE r.line IS NOT NULL OR r.ticks IS NOT NULL
            """;
    }

    private static string MemberOf(RecordColumn column)
    {
        string name = column.Field == RecordSchema.Tags
            ? $"CASE WHEN r.event = 'metric' THEN '{RecordSchema.Metadata.Key}' ELSE '{RecordSchema.Tags.Key}' END"
            : $"'{column.Name}'";
        string json = column.Field.Type switch
        {
            FieldType.Seconds or FieldType.Dollars or FieldType.Number => $"number_json(r.{column.Name})",
            FieldType.Name or FieldType.Text => $"text_json(r.{column.Name})",
            _ => $"r.{column.Name}::VARCHAR",
        };
        string member = $"member({name}, {json})";

        // For a metric point, the model name is in the metadata.
        return column.Field == RecordSchema.ModelName ? $"CASE WHEN r.event = 'metric' THEN '' ELSE {member} END" : member;
    }
}
