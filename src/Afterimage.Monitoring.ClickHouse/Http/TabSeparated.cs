using System.Text;

namespace Afterimage.Monitoring.ClickHouse.Http;

/// <summary>The servers' text format for rows, and for values in statements.</summary>
internal static class TabSeparated
{
    /// <summary>Returns the rows of a result, with unescaped values.</summary>
    public static IReadOnlyList<string[]> Rows(string text) =>
        text.Length == 0 ? [] : [.. text.TrimEnd('\n').Split('\n').Select(Row)];

    /// <summary>Returns the unescaped values of a row.</summary>
    public static string[] Row(string line)
    {
        string[] values = line.Split('\t');
        for (int i = 0; i < values.Length; i++)
            values[i] = Unescape(values[i]);
        return values;
    }

    /// <summary>Returns the unescaped values of a row, some of which may be null.</summary>
    public static string?[] NullableRow(string line) =>
        [.. line.Split('\t').Select(value => value == "\\N" ? null : Unescape(value))];

    /// <summary>Returns a text as a literal for a statement.</summary>
    public static string Quote(string text) =>
        "'"
        + text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("'", "\\'", StringComparison.Ordinal)
            .Replace("\0", "\\0", StringComparison.Ordinal)
        + "'";

    private static string Unescape(string value)
    {
        if (!value.Contains('\\', StringComparison.Ordinal))
            return value;

        var text = new StringBuilder(value.Length);
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] != '\\' || i + 1 == value.Length)
            {
                text.Append(value[i]);
                continue;
            }

            text.Append(value[++i] switch
            {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'b' => '\b',
                'f' => '\f',
                '0' => '\0',
                char other => other,
            });
        }

        return text.ToString();
    }
}
