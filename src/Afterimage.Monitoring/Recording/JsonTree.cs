using System.Buffers;
using System.Collections;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Afterimage.Monitoring.Recording;

/// <summary>Converts lists, dictionaries and JSON documents to JSON that nobody else holds or changes.</summary>
/// <remarks>The result is bounded, because a sequence may be endless or contain itself: values that are nested deeper, or come later, are
/// left out and marked by <c>"…"</c>.</remarks>
internal static class JsonTree
{
    private const int MaxDepth = 8;
    private const int MaxValues = 1000;
    private const string Omitted = "…";

    // Less than the 64 that readers of JSON take, by what is around it in a line.
    private static readonly JsonReaderOptions Nesting = new() { MaxDepth = 60 };

    public static JsonElement Of(object value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            int values = MaxValues;
            Write(writer, value, depth: 0, ref values);
        }

        return Parse(buffer.WrittenSpan);
    }

    /// <summary>Returns the scalar value of an element; for an object or array, a copy of the element that is independent of its
    /// document.</summary>
    public static object? Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.Number when element.TryGetInt64(out long whole) => whole,
        JsonValueKind.Number when element.TryGetDecimal(out decimal number) => number,
        JsonValueKind.Number => element.GetDouble(),
        _ => Parse(JsonMarshal.GetRawUtf8Value(element)),
    };

    /// <summary>Writes a value as JSON. A number that JSON cannot express is written as the string that represents it.</summary>
    public static void WriteScalar(Utf8JsonWriter writer, object? scalar)
    {
        switch (scalar)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool value:
                writer.WriteBooleanValue(value);
                break;
            case long value:
                writer.WriteNumberValue(value);
                break;
            case ulong value:
                writer.WriteNumberValue(value);
                break;
            case decimal value:
                writer.WriteNumberValue(value);
                break;
            case double value when double.IsFinite(value):
                writer.WriteNumberValue(value);
                break;
            case JsonElement value:
                value.WriteTo(writer);
                break;
            default:
                writer.WriteStringValue(Scalar.Text(scalar));
                break;
        }
    }

    private static JsonElement Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, Nesting);
        return JsonElement.ParseValue(ref reader);
    }

    private static void Write(Utf8JsonWriter writer, object? value, int depth, ref int values)
    {
        switch (value)
        {
            case JsonNode node:
                node.WriteTo(writer);
                break;
            case byte[] bytes:
                writer.WriteBase64StringValue(bytes);
                break;
            case IEnumerable when value is not string && depth == MaxDepth:
                writer.WriteStringValue(Omitted);
                break;
            case IDictionary dictionary:
                WriteDictionary(writer, dictionary, depth, ref values);
                break;
            case IEnumerable sequence when value is not string:
                WriteSequence(writer, sequence, depth, ref values);
                break;
            default:
                WriteScalar(writer, Scalar.Of(value));
                break;
        }
    }

    private static void WriteDictionary(Utf8JsonWriter writer, IDictionary dictionary, int depth, ref int values)
    {
        writer.WriteStartObject();
        foreach (DictionaryEntry entry in dictionary)
        {
            if (values-- <= 0)
            {
                writer.WriteString(Omitted, Omitted);
                break;
            }

            writer.WritePropertyName(Scalar.Text(Scalar.Of(entry.Key)));
            Write(writer, entry.Value, depth + 1, ref values);
        }

        writer.WriteEndObject();
    }

    private static void WriteSequence(Utf8JsonWriter writer, IEnumerable sequence, int depth, ref int values)
    {
        writer.WriteStartArray();
        foreach (object? item in sequence)
        {
            if (values-- <= 0)
            {
                writer.WriteStringValue(Omitted);
                break;
            }

            Write(writer, item, depth + 1, ref values);
        }

        writer.WriteEndArray();
    }
}
