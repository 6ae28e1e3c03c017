using System.Collections;
using System.Globalization;
using System.Numerics;

namespace Afterimage.Monitoring.Server.Runs;

/// <summary>A value in the result of a statement.</summary>
internal static class QueryCell
{
    private const int MaxLength = 20_000;

    /// <summary>Returns a value as the API shows it: one that JSON has, or its text.</summary>
    public static object? Shown(object value) => value switch
    {
        bool or sbyte or byte or short or ushort or int or uint or long or ulong => value,

        // The sum of a column of integers is one of 128 bits.
        BigInteger number when BigInteger.Abs(number) <= (BigInteger)decimal.MaxValue => (decimal)number,
        double number => double.IsFinite(number) ? number : number.ToString(CultureInfo.InvariantCulture),
        float number => float.IsFinite(number) ? number : number.ToString(CultureInfo.InvariantCulture),
        decimal number => number,
        string text => text.Length > MaxLength ? text[..MaxLength] + "…" : text,
        DateTime time => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        IDictionary map => map.Cast<DictionaryEntry>().ToDictionary(
            e => Convert.ToString(e.Key, CultureInfo.InvariantCulture)!,
            e => e.Value is { } v ? Shown(v) : null),
        IEnumerable list => list.Cast<object?>().Select(item => item is null ? null : Shown(item)).ToArray(),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
