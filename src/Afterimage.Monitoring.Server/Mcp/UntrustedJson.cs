using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Afterimage.Monitoring.Server.Mcp;

/// <summary>Makes JSON from programs and models safe for an agent: each text is truncated, and stripped of characters that hide or reorder
/// its content.</summary>
internal static class UntrustedJson
{
    private const int MaxTextLength = 300;

    // For readability. The JSON is never part of a web page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns an object with a notice and the cleaned properties that are written.</summary>
    public static byte[] Object(string notice, Action<Utf8JsonWriter> writeProperties)
    {
        using var raw = new MemoryStream();
        using (var writer = new Utf8JsonWriter(raw))
        {
            writer.WriteStartObject();
            writeProperties(writer);
            writer.WriteEndObject();
        }

        using JsonDocument document = JsonDocument.Parse(raw.GetBuffer().AsMemory(0, (int)raw.Length));
        using var clean = new MemoryStream();
        using (var writer = new Utf8JsonWriter(clean, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("notice", notice);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
                Write(writer, property);
            writer.WriteEndObject();
        }

        return clean.ToArray();
    }

    /// <summary>Returns the text, truncated, with spaces in place of line breaks and other control characters, and without invisible
    /// characters.</summary>
    public static string Clean(string text)
    {
        var clean = new StringBuilder(Math.Min(text.Length, MaxTextLength + 1));
        int length = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (length == MaxTextLength)
            {
                clean.Append('…');
                break;
            }

            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator:
                    clean.Append(' ');
                    break;
                case UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned:
                    // Bidirectional marks, tags and the like.
                    continue;
                default:
                    clean.Append(rune);
                    break;
            }

            length++;
        }

        return clean.ToString();
    }

    private static void Write(Utf8JsonWriter writer, JsonProperty property)
    {
        writer.WritePropertyName(Clean(property.Name));
        Write(writer, property.Value);
    }

    private static void Write(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty property in element.EnumerateObject())
                    Write(writer, property);
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement item in element.EnumerateArray())
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(Clean(element.GetString()!));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
