using System.Collections;
using System.CommandLine;
using System.Data.Common;
using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Commands;

/// <summary><c>afterimage query</c>: SQL over a log directory.</summary>
internal static class QueryCommand
{
    public const string Name = "query";

    public static readonly CommandHelp Help = new(
        """
        The dialect is DuckDB's. The views are generations, evaluations, points, logs
        and alerts; their columns are the keys of the log format (DESCRIBE generations
        lists them), times are UTC. The statement works on a copy of the records in
        memory: it reads and changes no file. A text in CSV that a spreadsheet would
        run as a formula has an apostrophe before it.
        """,
        [
            "afterimage query .afterimage-monitoring \"SELECT model_name, count(*) AS calls,\n    quantile_disc(duration, 0.95) AS p95 FROM generations GROUP BY ALL\"",
            "afterimage query runs/today \"FROM logs WHERE level = 'error'\" --format json",
            "afterimage query runs/today \"DESCRIBE points\"",
        ]);

    private const int MaxTableRows = 1000;
    private const int MaxCell = 60;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    private enum Output
    {
        Table,
        Csv,
        Json,
    }

    public static Command Create()
    {
        Argument<string> directory = LogInput.Argument();
        var sql = new Argument<string>("SQL") { Description = "The statement." };
        var format = new Option<Output>("--format")
        {
            Description = "How to print the rows; a table ends after 1,000. [default: table]",
            HelpName = "table|csv|json",
        };
        var command = new Command(Name, "Run SQL over a log directory's generations, evaluations, points, logs and alerts.")
        {
            directory,
            sql,
            format,
        };
        command.SetAction(
            (parsed, cancellationToken) =>
                LogInput.UseAsync(
                    parsed.GetRequiredValue(directory),
                    log => RunAsync(log, parsed.GetRequiredValue(sql), parsed.GetValue(format), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(LogDirectory log, string sql, Output format, CancellationToken cancellationToken)
    {
        using LogQuery query = Open(log, sql, cancellationToken);
        try
        {
            switch (format)
            {
                case Output.Csv:
                    WriteCsv(query.Reader);
                    break;
                case Output.Json:
                    WriteJson(query.Reader);
                    break;
                case Output.Table:
                default:
                    WriteTable(query.Reader);
                    break;
            }
        }
        catch (DbException exception)
        {
            // Some mistakes show only in a row, such as a text that is no number.
            cancellationToken.ThrowIfCancellationRequested();
            throw new InputException(exception.Message.Split('\n')[0], exception);
        }

        await LogInput.SaySkippedAsync(query.SkippedLines);
        return ExitCodes.Success;
    }

    private static LogQuery Open(LogDirectory log, string sql, CancellationToken cancellationToken)
    {
        try
        {
            return log.Query(sql, cancellationToken);
        }
        catch (ArgumentException exception)
        {
            throw new InputException(exception.InnerException?.Message.Split('\n')[0] ?? "The SQL is empty.", exception);
        }
    }

    private static void WriteTable(DbDataReader reader)
    {
        Table table = Tables.Create();
        for (int i = 0; i < reader.FieldCount; i++)
        {
            bool isText = reader.GetFieldType(i) == typeof(string);
            table.AddColumn(new TableColumn(new Text(Format.Name(reader.GetName(i), MaxCell), new Style(Color.Grey)))
            {
                NoWrap = true,
                Alignment = isText ? Justify.Left : Justify.Right,
                Padding = new Padding(i == 0 ? 0 : 1, 0, 0, 0),
            });
        }

        int rows = 0;
        bool hasMore = false;
        while (reader.Read())
        {
            if (rows++ == MaxTableRows)
            {
                hasMore = true;
                break;
            }

            table.AddRow(Enumerable.Range(0, reader.FieldCount).Select(i => new Text(Format.Name(ShownText(Value(reader, i)), MaxCell))));
        }

        if (hasMore)
            table.Caption = new TableTitle(
                $"the first {Format.Count(MaxTableRows)} rows: --format csv or json has all",
                new Style(Color.Grey));

        Tables.Print(table);
    }

    private static void WriteCsv(DbDataReader reader)
    {
        using var output = new StandardOutput();
        using var text = new StreamWriter(output);
        WriteLine(i => Harmless(reader.GetName(i)));
        while (reader.Read())
            WriteLine(i => Value(reader, i) is var value && value is string name ? Harmless(name) : ShownText(value));

        // RFC 4180.
        void WriteLine(Func<int, string> field) =>
            text.Write(string.Join(',', Enumerable.Range(0, reader.FieldCount).Select(i => Quoted(field(i)))) + "\r\n");

        static string Quoted(string field) =>
            field.AsSpan().IndexOfAny(",\"\r\n") < 0 ? field : '"' + field.Replace("\"", "\"\"", StringComparison.Ordinal) + '"';
    }

    private static string Harmless(string text) => text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + text : text;

    private static void WriteJson(DbDataReader reader)
    {
        using var output = new StandardOutput();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartArray();
            while (reader.Read())
            {
                writer.WriteStartObject();
                for (int i = 0; i < reader.FieldCount; i++)
                {
                    writer.WritePropertyName(reader.GetName(i));
                    WriteJsonValue(writer, Value(reader, i));
                }

                writer.WriteEndObject();
                if (writer.BytesPending > 1 << 16)
                    writer.Flush();
            }

            writer.WriteEndArray();
        }

        output.Write("\n"u8);
    }

    private static void WriteJsonValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case float number when float.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case sbyte or byte or short or ushort or int or uint or long or ulong or decimal or BigInteger:
                writer.WriteRawValue(ShownText(value));
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case IDictionary map:
                writer.WriteStartObject();
                foreach (DictionaryEntry entry in map)
                {
                    writer.WritePropertyName(ShownText(entry.Key));
                    WriteJsonValue(writer, entry.Value);
                }

                writer.WriteEndObject();
                break;
            case IEnumerable list:
                writer.WriteStartArray();
                foreach (object? item in list)
                    WriteJsonValue(writer, item);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteStringValue(ShownText(value));
                break;
        }
    }

    private static object? Value(DbDataReader reader, int column)
    {
        try
        {
            return reader.IsDBNull(column) ? null : reader.GetValue(column);
        }
        catch (Exception exception)
            when (exception
                    is InvalidCastException
                        or InvalidOperationException
                        or NotSupportedException
                        or NotImplementedException
                        or NullReferenceException)
        {
            // The binding has no .NET type for some values, such as a list of numbers with a NULL in it.
            throw new InputException(
                $"The column '{Format.Name(reader.GetName(column), MaxCell)}' has values that cannot be shown; cast it to VARCHAR.",
                exception);
        }
    }

    private static string ShownText(object? value) =>
        value switch
        {
            null => "",
            bool flag => flag ? "true" : "false",
            string text => text,
            DateTime time => time.ToString(TimeFormat, CultureInfo.InvariantCulture),
            IDictionary map => "{"
                + string.Join(", ", map.Cast<DictionaryEntry>().Select(entry => $"{ShownText(entry.Key)}: {ShownText(entry.Value)}"))
                + "}",
            IEnumerable list => "[" + string.Join(", ", list.Cast<object?>().Select(ShownText)) + "]",
            IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
}
