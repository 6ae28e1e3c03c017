using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Afterimage.Monitoring.Recording;

/// <summary>Converts the tags, metadata and log data that users give to JSON scalars (null, string, bool, long, ulong, decimal or double),
/// and values with parts to a <see cref="JsonElement"/>.</summary>
internal static class Scalar
{
    /// <summary>Above it, a dictionary finds a key sooner than a search does.</summary>
    private const int MaxToSearch = 16;

    public static object? Of(object? value) => value switch
    {
        null or string or bool or long or ulong or decimal or double => value,
        sbyte or byte or short or ushort or int or uint => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        Half half => (double)half,

        // Converted through its digits: 0.1f is 0.1 to the person who wrote it, not 0.10000000149011612.
        float number => double.Parse(number.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture),
        JsonElement or JsonDocument or JsonNode => Json(value),
        IFormattable formattable => UserText.Of(formattable, "ToString", static f => f.ToString(null, CultureInfo.InvariantCulture)),
        IEnumerable => Json(value),
        _ => UserText.Of(value, "ToString", static v => v.ToString()),
    };

    // Code of others, or of a document that is disposed: what it throws costs nothing but the value.
    private static object? Json(object value)
    {
        try
        {
            return value switch
            {
                JsonElement element => JsonTree.Of(element),
                JsonDocument document => JsonTree.Of(document.RootElement),
                JsonValue leaf => JsonTree.Of(JsonTree.Of((object)leaf)),
                _ => JsonTree.Of(value),
            };
        }
        catch (Exception e)
        {
            return UserText.Threw("Reading it", e);
        }
    }

    /// <summary>A scalar as text: as it stands in JSON, a string without its quotes.</summary>
    public static string Text(object? scalar) => scalar switch
    {
        null => "null",
        string text => text,
        bool flag => flag ? "true" : "false",
        JsonElement element => element.GetRawText(),
        _ => Convert.ToString(scalar, CultureInfo.InvariantCulture)!,
    };

    /// <summary>Returns a value that telemetry accepts for an attribute: not an object, but its JSON text.</summary>
    public static object? Attribute(object? scalar) => scalar is JsonElement ? Text(scalar) : scalar;

    /// <summary>Returns a copy of <paramref name="values"/> that nobody else holds. It contains only scalars; if a key is given twice, the
    /// last value counts.</summary>
    /// <exception cref="ArgumentException">A key is null or empty.</exception>
    public static KeyValuePair<string, object?>[]? Copy(IEnumerable<KeyValuePair<string, object?>>? values, string parameter)
    {
        if (values is null)
            return null;
        if (values.TryGetNonEnumeratedCount(out int count) && count <= MaxToSearch)
            return CopyFew(values, count, parameter);

        var copy = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        foreach ((string key, object? value) in values)
        {
            ThrowIfEmpty(key, parameter);
            copy[key] = Of(value);
        }

        return copy.Count == 0 ? null : [.. copy];
    }

    private static KeyValuePair<string, object?>[]? CopyFew(
        IEnumerable<KeyValuePair<string, object?>> values,
        int count,
        string parameter)
    {
        var copy = new KeyValuePair<string, object?>[count];
        int length = 0;
        foreach ((string key, object? value) in values)
        {
            ThrowIfEmpty(key, parameter);
            int place = 0;
            while (place < length && copy[place].Key != key)
                place++;

            // The caller's collection may have grown since it was counted.
            if (place == copy.Length)
                Array.Resize(ref copy, (2 * length) + 1);
            length = Math.Max(length, place + 1);
            copy[place] = new(key, Of(value));
        }

        Array.Resize(ref copy, length);
        return length == 0 ? null : copy;
    }

    private static void ThrowIfEmpty(string key, string parameter)
    {
        if (string.IsNullOrEmpty(key))
            throw new ArgumentException("A key must not be null or empty.", parameter);
    }
}
