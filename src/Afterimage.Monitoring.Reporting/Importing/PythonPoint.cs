using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Afterimage.Monitoring.Reporting.Importing;

/// <summary>A line of the Python module's <c>metrics.jsonl</c>: a metric, its value, its time, and any metadata.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Value">The value.</param>
/// <param name="Time">The time, either local to the machine that wrote it or with an offset from UTC.</param>
/// <param name="Offset">The offset from UTC, if there is one.</param>
/// <param name="Metadata">Everything else. Values that are not scalars are JSON text.</param>
internal sealed partial record PythonPoint(
    string Metric,
    double Value,
    DateTime Time,
    TimeSpan? Offset,
    Dictionary<string, object?> Metadata)
{
    private static readonly string[] NonFinite = ["NaN", "Infinity", "-Infinity"];
    private static readonly string[] Naive = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd' 'HH:mm:ss.FFFFFFF"];

    /// <param name="line">The line.</param>
    /// <param name="point">The point.</param>
    /// <param name="fault">The reason why the line is not a point.</param>
    public static bool TryParse(string line, [NotNullWhen(true)] out PythonPoint? point, [NotNullWhen(false)] out string? fault)
    {
        point = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(Standard(line));
            fault = document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(document.RootElement, out point)
                : "the line is not a JSON object";
        }
        catch (JsonException)
        {
            fault = "the line is not JSON";
        }

        return fault is null;
    }

    private static string? Read(JsonElement line, out PythonPoint? point)
    {
        point = null;
        string? metric = null;
        double? value = null;
        string? time = null;
        var metadata = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (JsonProperty property in line.EnumerateObject())
        {
            switch (property.Name)
            {
                case "metric":
                    metric = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : null;
                    break;
                case "value":
                    value = Number(property.Value);
                    break;
                case "timestamp":
                    time = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : null;
                    break;
                case "":
                    return "a key is empty";
                default:
                    metadata[property.Name] = Scalar(property.Value);
                    break;
            }
        }

        if (string.IsNullOrEmpty(metric))
            return "the metric is missing";
        if (value is not { } number)
            return "the value is not a number";
        if (ReadTime(time) is not { } read)
            return "the timestamp is not an ISO 8601 time";

        point = new PythonPoint(metric, number, read.Time, read.Offset, metadata);
        return null;
    }

    private static (DateTime Time, TimeSpan? Offset)? ReadTime(string? text)
    {
        if (DateTime.TryParseExact(text, Naive, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime naive))
            return (naive, null);
        return
            text is not null
            && HasOffset().IsMatch(text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out DateTimeOffset aware)
            ? (aware.DateTime, aware.Offset)
            : null;
    }

    // In Python, True is a number.
    private static double? Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => value.GetString() switch
        {
            "NaN" => double.NaN,
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            _ => null,
        },
        _ => null,
    };

    private static object? Scalar(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Null => null,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Number when value.TryGetInt64(out long whole) => whole,
            JsonValueKind.Number when value.TryGetUInt64(out ulong whole) => whole,
            JsonValueKind.Number when !value.GetRawText().AsSpan().ContainsAny('.', 'e', 'E') => value.TryGetDecimal(out decimal whole)
                ? whole
                : value.GetRawText(),
            JsonValueKind.Number => value.GetDouble(),
            _ => value.GetRawText(),
        };

    /// <summary>
    /// Converts a line to standard JSON. Python writes NaN and infinities bare, which is not valid JSON: they are replaced by the quoted
    /// strings of docs/log-format.md. Python also escapes half of a surrogate pair, which is not valid text: it is replaced by U+FFFD.
    /// </summary>
    private static string Standard(string line)
    {
        if (
            !line.Contains("NaN", StringComparison.Ordinal)
            && !line.Contains("Infinity", StringComparison.Ordinal)
            && !line.Contains("\\u", StringComparison.Ordinal))
            return line;

        var standard = new StringBuilder(line.Length + 16);
        bool isInText = false;
        for (int i = 0; i < line.Length;)
        {
            string? token = null;
            string? replacement = null;
            if (isInText && line[i] == '\\')
            {
                int unit = Escaped(line, i);
                token = unit < 0 ? line.Substring(i, Math.Min(2, line.Length - i)) : line.Substring(i, 6);
                if (unit >= 0 && char.IsSurrogate((char)unit))
                {
                    int next = Escaped(line, i + 6);
                    if (char.IsHighSurrogate((char)unit) && next >= 0 && char.IsLowSurrogate((char)next))
                        token = line.Substring(i, 12);
                    else
                        replacement = "\\ufffd";
                }
            }
            else if (!isInText)
            {
                token = Array.Find(NonFinite, name => string.CompareOrdinal(line, i, name, 0, name.Length) == 0);
                replacement = token is null ? null : '"' + token + '"';
            }

            isInText ^= token is null && line[i] == '"';
            _ = token is null ? standard.Append(line[i]) : standard.Append(replacement ?? token);
            i += token?.Length ?? 1;
        }

        return standard.ToString();
    }

    /// <summary>Returns the UTF-16 unit that is escaped at <paramref name="index"/>; -1 if there is none.</summary>
    private static int Escaped(string line, int index) =>
        index + 6 <= line.Length && line[index] == '\\' && line[index + 1] == 'u'
            && int.TryParse(line.AsSpan(index + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int unit)
            ? unit
            : -1;

    [GeneratedRegex(@"(Z|[+-]\d\d:?\d\d)$")]
    private static partial Regex HasOffset();
}
