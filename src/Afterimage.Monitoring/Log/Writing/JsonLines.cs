using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Writing;

/// <summary>How values look in the lines of docs/log-format.md.</summary>
internal static class JsonLines
{
    private static readonly JsonEncodedText Timestamp = JsonEncodedText.Encode(RecordKeys.Timestamp);

    public static void WriteTimestamp(Utf8JsonWriter writer, DateTimeOffset timestamp) =>
        writer.WriteString(Timestamp, timestamp.UtcDateTime);

    /// <summary>A number, or the string that stands for it where JSON has no number for it.</summary>
    public static void WriteNumber(Utf8JsonWriter writer, double value)
    {
        if (double.IsFinite(value))
            writer.WriteNumberValue(value);
        else
            writer.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Seconds with all digits of the ticks, so that a reader can have these back exactly.</summary>
    public static void WriteSeconds(Utf8JsonWriter writer, JsonEncodedText key, TimeSpan duration)
    {
        // By way of a decimal, which has its digits: to find the shortest ones of a double takes longer.
        long digits = duration.Ticks;
        byte scale = 7;
        while (scale > 0 && digits % 10 == 0)
        {
            digits /= 10;
            scale--;
        }

        writer.WriteNumber(key, new decimal((int)digits, (int)(digits >> 32), hi: 0, isNegative: false, scale));
    }

    public static void WriteObject(
        Utf8JsonWriter writer,
        string key,
        IEnumerable<KeyValuePair<string, object?>> values,
        TextLimit? limit = null)
    {
        writer.WriteStartObject(key);
        foreach ((string name, object? value) in values)
        {
            object? scalar = Scalar.Of(value);
            writer.WritePropertyName(limit?.Of(name) ?? name);
            JsonTree.WriteScalar(writer, limit is null ? scalar : limit.Of(scalar));
        }

        writer.WriteEndObject();
    }
}
