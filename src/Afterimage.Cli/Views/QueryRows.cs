using System.Data.Common;
using System.Globalization;
using System.Numerics;
using System.Text.Encodings.Web;
using System.Text.Json;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Commands;
using Afterimage.Monitoring;
using CsvHelper;
using Spectre.Console;

namespace Afterimage.Cli.Views;

/// <summary>Shows the rows of a query as a table, as CSV or as JSON.</summary>
/// <param name="query">The query. Its values are text unless they are numbers, Booleans, text or times.</param>
/// <param name="maxRows">The maximum number of rows to show.</param>
internal sealed class QueryRows(LogQuery query, long maxRows)
{
    private const int MaxCell = 60;
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    private readonly DbDataReader _reader = query.Reader;
    private readonly bool[] _isNested = [.. Enumerable.Range(0, query.Reader.FieldCount)
        .Select(i => i < query.ColumnTypes.Count && LogQuery.IsNested(query.ColumnTypes[i]))];

    private long _rows;

    /// <summary>Whether there are more rows than were shown.</summary>
    public bool HasMore { get; private set; }

    public void WriteTable()
    {
        Table table = Tables.Create();
        for (int i = 0; i < _reader.FieldCount; i++)
        {
            bool isText = _reader.GetFieldType(i) == typeof(string);
            table.AddColumn(new TableColumn(new Text(Format.Name(_reader.GetName(i), MaxCell), new Style(Color.Grey)))
            {
                NoWrap = true,
                Alignment = isText ? Justify.Left : Justify.Right,
                Padding = new Padding(i == 0 ? 0 : 1, 0, 0, 0),
            });
        }

        while (Read())
            table.AddRow(Columns().Select(i => new Text(Format.Name(ShownText(Value(i)), MaxCell))));
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
        foreach (int i in Columns())
            csv.WriteField(Harmless(_reader.GetName(i)));
        csv.EndRecord();
        while (Read())
        {
            foreach (int i in Columns())
                csv.WriteField(Value(i) is var value && value is string name ? Harmless(name) : ShownText(value));
            csv.EndRecord();
        }
    }

    public void WriteJson()
    {
        using var output = new StandardOutput();
        using (var writer = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartArray();
            while (Read())
            {
                writer.WriteStartObject();
                foreach (int i in Columns())
                {
                    writer.WritePropertyName(_reader.GetName(i));
                    WriteJsonValue(writer, Value(i), _isNested[i]);
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

    private static void WriteJsonValue(Utf8JsonWriter writer, object? value, bool isNested)
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
            case string text when isNested && IsJson(text):
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

    private IEnumerable<int> Columns() => Enumerable.Range(0, _reader.FieldCount);

    private bool Read()
    {
        if (_rows == maxRows)
        {
            HasMore = _reader.Read();
            return false;
        }

        _rows++;
        return _reader.Read();
    }

    private object? Value(int column)
    {
        try
        {
            return _reader.IsDBNull(column) ? null : _reader.GetValue(column);
        }
        catch (Exception exception)
            when (exception
                    is InvalidCastException
                        or InvalidOperationException
                        or NotSupportedException
                        or NotImplementedException
                        or NullReferenceException)
        {
            // The binding has no .NET value for some values, such as an infinite time.
            throw new InputException(
                $"The column '{Format.Name(_reader.GetName(column), MaxCell)}' has values that cannot be shown. Cast it to VARCHAR.",
                exception);
        }
    }
}
