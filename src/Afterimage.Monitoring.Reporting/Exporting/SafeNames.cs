using System.Globalization;
using System.Text;

namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Converts names of metrics to parts of file names and names of sheets. The results are valid, and unique without regard to
/// case.</summary>
internal sealed class SafeNames
{
    // The name of a file has at most 255 bytes, and begins with the export's own name.
    private const int MaxFileBytes = 120;
    private const int MaxSheetLength = 31;

    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _next = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Returns the name with everything but letters, digits, <c>-</c>, <c>_</c> and <c>.</c> replaced by <c>_</c>.</summary>
    public string File(string name)
    {
        var safe = new StringBuilder();
        int bytes = 0;
        foreach (Rune rune in name.EnumerateRunes())
        {
            bool stays = Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '_' or '.';
            Rune next = stays ? rune : new Rune('_');
            bytes += next.Utf8SequenceLength;
            if (bytes > MaxFileBytes)
                break;
            safe.Append(next.ToString());
        }

        return Unique(safe.ToString(), number => string.Create(CultureInfo.InvariantCulture, $"-{number}"), int.MaxValue);
    }

    /// <summary>Returns the name without the characters that Excel forbids in the name of a sheet, with at most 31 characters.</summary>
    public string Sheet(string name)
    {
        var safe = new StringBuilder(name.Length);
        foreach (char c in name)
            safe.Append(
                c is '[' or ']' or ':' or '*' or '?' or '/' or '\\' || char.IsControl(c) || char.IsSurrogate(c) || c >= '\ufffe' ? '_' : c);

        // Excel forbids an apostrophe at either end, and reserves the name History.
        string text = Cut(safe.ToString().Trim(), MaxSheetLength).Trim('\'').Trim();
        if (text.Length == 0 || text.Equals("History", StringComparison.OrdinalIgnoreCase))
            text += "_";
        return Unique(text, number => string.Create(CultureInfo.InvariantCulture, $" ({number})"), MaxSheetLength);
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];

    private string Unique(string name, Func<int, string> suffix, int maxLength)
    {
        if (_taken.Add(name))
            return name;

        // Thousands of names may be equal after they have been cut, so continue counting from the last number.
        int number = _next.GetValueOrDefault(name, 2);
        string unique;
        do
        {
            unique = Cut(name, maxLength - suffix(number).Length) + suffix(number);
            number++;
        }
        while (!_taken.Add(unique));
        _next[name] = number;
        return unique;
    }
}
