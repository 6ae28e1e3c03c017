using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Afterimage.Cli.CommandLine;
using CsvHelper;
using Spectre.Console;

namespace Afterimage.Cli.Views;

/// <summary>Shows the rows of a query as a table, as CSV or as JSON.</summary>
/// <param name="columns">The columns.</param>
/// <param name="rows">The rows. Values are text unless they are numbers, Booleans or times.</param>
/// <param name="maxRows">The maximum number of rows to show.</param>
internal sealed class QueryRows(IReadOnlyList<QueryColumn> columns, IEnumerable<IReadOnlyList<object?>> rows, long maxRows)
{
    private const int MaxCell = 60;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    /// <summary>Whether there are more rows than were shown.</summary>
    public bool HasMore { get; private set; }

    public void WriteTable()
    {
        Table table = Tables.Create();
        foreach (QueryColumn column in columns)
        {
            table.AddColumn(new TableColumn(new Text(Format.Name(column.Name, MaxCell), new Style(Color.Grey)))
            {
                NoWrap = true,
                Alignment = column.IsText ? Justify.Left : Justify.Right,
                Padding = new Padding(table.Columns.Count == 0 ? 0 : 1, 0, 0, 0),
            });
        }

        foreach (IReadOnlyList<object?> row in Shown())
            table.AddRow(row.Select(value => new Text(Format.Name(ShownText(value), MaxCell))));
        if (HasMore)
            table.Caption = new TableTitle(
                $"first {Format.Count(maxRows)} rows; use --format csv or json for more",
                new Style(Color.Grey));

        Tables.Print(table);
    }

    public void WriteCsv()
    {
        using var output = new StandardOutput();
        using CsvWriter csv = CsvWriter.Create(output);
        foreach (QueryColumn column in columns)
            csv.WriteField(Harmless(column.Name));
        csv.EndRecord();
        foreach (IReadOnlyList<object?> row in Shown())
        {
            foreach (object? value in row)
                csv.WriteField(value is string text ? Harmless(text) : ShownText(value));
            csv.EndRecord();
        }
    }

    public void WriteJson()
    {
        using var output = new StandardOutput();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartArray();
            foreach (IReadOnlyList<object?> row in Shown())
            {
                writer.WriteStartObject();
                for (int i = 0; i < columns.Count; i++)
                {
                    writer.WritePropertyName(columns[i].Name);
                    WriteJsonValue(writer, row[i], columns[i].IsJson);
                }

                writer.WriteEndObject();
                if (writer.BytesPending > 1 << 16)
                    writer.Flush();
            }

            writer.WriteEndArray();
        }

        output.Write("\n"u8);
    }

    // A spreadsheet would run such a text as a formula. The library's own protection would also change numbers.
    private static string Harmless(string text) => text is ['=' or '+' or '-' or '@' or '\t' or '\r', ..] ? "'" + text : text;

    private static void WriteJsonValue(Utf8JsonWriter writer, object? value, bool isJson)
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
            case string text when isJson && IsJson(text):
                writer.WriteRawValue(text);
                break;
            default:
                writer.WriteStringValue(ShownText(value));
                break;
        }
    }

    // DuckDB writes a NaN within a value without quotes.
    private static bool IsJson(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string ShownText(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        string text => text,
        DateTime time => time.ToString(TimeFormat, CultureInfo.InvariantCulture),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private IEnumerable<IReadOnlyList<object?>> Shown()
    {
        long shown = 0;
        foreach (IReadOnlyList<object?> row in rows)
        {
            if (shown++ == maxRows)
            {
                HasMore = true;
                yield break;
            }

            yield return row;
        }
    }
}
