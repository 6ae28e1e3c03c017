using System.Globalization;
using System.Text;

namespace Afterimage.Monitoring.Reporting.Texts;

/// <summary>Formats figures and names for the command line, figures and reports, in the same way on every machine.</summary>
internal static class Format
{
    public static string Count(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Formats a value with four digits; large values are rounded to integers.</summary>
    public static string Value(double value) => Math.Abs(value) switch
    {
        >= 1e9 => value.ToString("0.###e+0", CultureInfo.InvariantCulture),
        >= 1000 => value.ToString("N0", CultureInfo.InvariantCulture),
        var size when size == Math.Floor(size) => value.ToString("0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("0.0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.00", CultureInfo.InvariantCulture),
        >= 0.001 => value.ToString("0.000", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##e+0", CultureInfo.InvariantCulture),
    };

    public static string Seconds(double seconds) => Value(seconds) + " s";

    /// <summary>Formats a time with two units: 35 s, 4 min 05 s, 2 h 30 min, 3 d 4 h.</summary>
    public static string Duration(TimeSpan time)
    {
        FormattableString text = time switch
        {
            { TotalMinutes: < 1 } => $"{time.Seconds} s",
            { TotalHours: < 1 } => $"{time.Minutes} min {time.Seconds:00} s",
            { TotalDays: < 1 } => $"{time.Hours} h {time.Minutes:00} min",
            _ => $"{time.Days:N0} d {time.Hours} h",
        };
        return FormattableString.Invariant(text);
    }

    /// <summary>Formats an amount of money to the cent; small amounts have four digits.</summary>
    public static string Dollars(double dollars)
    {
        int decimals = Math.Abs(dollars) is >= 1 or 0 ? 2 : Math.Clamp(3 - (int)Math.Floor(Math.Log10(Math.Abs(dollars))), 2, 10);
        return (dollars < 0 ? "-$" : "$")
            + Math.Abs(dollars).ToString("N" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    public static string Percent(double share) =>
        (Math.Abs(share) < 1e6 ? (share * 100).ToString("0.0", CultureInfo.InvariantCulture) : Value(share) + " × 100") + " %";

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Clock(DateTimeOffset time) => time.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>Returns the path relative to the current directory, if that is shorter.</summary>
    public static string ShortPath(string path)
    {
        // A fleet has a URL instead.
        if (path.Contains("://", StringComparison.Ordinal))
            return path;

        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }

    /// <summary>
    /// Formats a name from outside on one line of at most <paramref name="limit"/> characters. Characters that would control a terminal,
    /// change the direction of text, or are not allowed in XML are replaced.
    /// </summary>
    public static string Name(string name, int limit)
    {
        var text = new StringBuilder(Math.Min(name.Length, limit));
        foreach (Rune rune in name.EnumerateRunes())
        {
            bool steers = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator || rune.Value is 0xfffe or 0xffff;
            string shown = steers ? "\ufffd" : rune.ToString();
            if (text.Length + shown.Length > limit)
            {
                text.Length = Math.Min(text.Length, limit - 1);
                return text.Append('…').ToString();
            }

            text.Append(shown);
        }

        return text.ToString();
    }
}
