using System.Buffers.Text;
using System.Text.Json;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Reads export requests in the protocol's JSON encoding
/// (<see href="https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"/>): IDs are hexadecimal, integers are numbers or strings,
/// and unknown keys are ignored.</summary>
internal sealed class JsonDecoder(OtlpDecoding decoding) : IOtlpDecoder
{
    private delegate void ItemReader(ref Utf8JsonReader reader);

    public void ReadTraces(ReadOnlyMemory<byte> body) => ReadRequest(body, "resourceSpans", "scopeSpans", "spans", ReadSpan);

    public void ReadLogs(ReadOnlyMemory<byte> body) => ReadRequest(body, "resourceLogs", "scopeLogs", "logRecords", ReadLog);

    public void ReadMetrics(ReadOnlyMemory<byte> body) => ReadRequest(
        body,
        "resourceMetrics",
        "scopeMetrics",
        "metrics",
        (ref reader) =>
        {
            reader.Skip();
            decoding.EndMetric();
        });

    private void ReadRequest(ReadOnlyMemory<byte> body, string resources, string scopes, string items, ItemReader readItem)
    {
        decoding.Begin(body);
        try
        {
            var reader = new Utf8JsonReader(body.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new OtlpFormatException("The body must be a JSON object.");
            while (NextProperty(ref reader))
            {
                if (IsArray(ref reader, resources))
                {
                    while (NextObject(ref reader))
                        ReadResource(ref reader, scopes, items, readItem);
                }
                else
                {
                    SkipValue(ref reader);
                }
            }

            if (reader.Read())
                throw new OtlpFormatException("Nothing must follow the JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The reader throws InvalidOperationException for text that is not valid Unicode.
            throw new OtlpFormatException("The body is not valid JSON.", e);
        }
    }

    private void ReadResource(ref Utf8JsonReader reader, string scopes, string items, ItemReader readItem)
    {
        // The resource may follow the data that it sent.
        OtlpItem resource = decoding.Item;
        resource.Clear();
        Utf8JsonReader first = reader;
        while (NextProperty(ref first))
        {
            bool isResource = IsObject(ref first, "resource");
            if (!isResource)
            {
                SkipValue(ref first);
                continue;
            }

            while (NextProperty(ref first))
            {
                if (IsArray(ref first, "attributes"))
                    ReadAttributes(ref first, resource);
                else
                    SkipValue(ref first);
            }

            break;
        }

        decoding.BeginResource();
        while (NextProperty(ref reader))
        {
            if (IsArray(ref reader, scopes))
            {
                while (NextObject(ref reader))
                    ReadScope(ref reader, items, readItem);
            }
            else
            {
                SkipValue(ref reader);
            }
        }
    }

    private void ReadScope(ref Utf8JsonReader reader, string items, ItemReader readItem)
    {
        Utf8JsonReader first = reader;
        decoding.Item.Clear();
        AttributeValue name = default;
        while (NextProperty(ref first))
        {
            if (!IsObject(ref first, "scope"))
            {
                SkipValue(ref first);
                continue;
            }

            while (NextProperty(ref first))
            {
                if (first.ValueTextEquals("name"))
                    name = ReadText(ref first, decoding.Item);
                else
                    SkipValue(ref first);
            }

            break;
        }

        decoding.BeginScope(decoding.Item.Text(name));
        while (NextProperty(ref reader))
        {
            if (IsArray(ref reader, items))
            {
                while (NextObject(ref reader))
                    readItem(ref reader);
            }
            else
            {
                SkipValue(ref reader);
            }
        }
    }

    private void ReadSpan(ref Utf8JsonReader reader)
    {
        OtlpItem item = decoding.Item;
        item.Clear();
        AttributeValue traceId = default;
        AttributeValue spanId = default;
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("traceId"))
                traceId = ReadText(ref reader, item);
            else if (reader.ValueTextEquals("spanId"))
                spanId = ReadText(ref reader, item);
            else if (reader.ValueTextEquals("parentSpanId"))
                item.Parent = SpanKey.ParseSpan(item.Text(ReadText(ref reader, item)));
            else if (reader.ValueTextEquals("name"))
                item.Name = ReadText(ref reader, item);
            else if (reader.ValueTextEquals("startTimeUnixNano"))
                item.Start = ReadTime(ref reader);
            else if (reader.ValueTextEquals("endTimeUnixNano"))
                item.End = ReadTime(ref reader);
            else if (IsArray(ref reader, "attributes"))
                ReadAttributes(ref reader, item);
            else if (IsArray(ref reader, "events"))
                ReadEvents(ref reader, item);
            else if (IsObject(ref reader, "status"))
                ReadStatus(ref reader, item);
            else
                SkipValue(ref reader);
        }

        item.Key = SpanKey.Parse(item.Text(traceId), item.Text(spanId));
        decoding.EndSpan();
    }

    private static void ReadEvents(ref Utf8JsonReader reader, OtlpItem item)
    {
        while (NextObject(ref reader))
        {
            while (NextProperty(ref reader))
            {
                if (IsArray(ref reader, "attributes"))
                    ReadAttributes(ref reader, item, onlyExceptions: true);
                else
                    SkipValue(ref reader);
            }
        }
    }

    private static void ReadStatus(ref Utf8JsonReader reader, OtlpItem item)
    {
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("message"))
            {
                item.StatusMessage = ReadText(ref reader, item);
            }
            else if (reader.ValueTextEquals("code"))
            {
                // Some senders write enumerations by name.
                AttributeValue code = ReadScalar(ref reader, item);
                item.Status = code.Kind == AttributeKind.Integer ? (int)code.Bits
                    : item.Text(code).SequenceEqual("STATUS_CODE_ERROR"u8) ? OtlpItem.ErrorStatus
                    : 0;
            }
            else
            {
                SkipValue(ref reader);
            }
        }
    }

    private void ReadLog(ref Utf8JsonReader reader)
    {
        OtlpItem item = decoding.Item;
        item.Clear();
        AttributeValue traceId = default;
        AttributeValue spanId = default;
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("traceId"))
                traceId = ReadText(ref reader, item);
            else if (reader.ValueTextEquals("spanId"))
                spanId = ReadText(ref reader, item);
            else if (reader.ValueTextEquals("eventName"))
                item.Name = ReadText(ref reader, item);
            else if (reader.ValueTextEquals("timeUnixNano"))
                item.End = ReadTime(ref reader);
            else if (reader.ValueTextEquals("observedTimeUnixNano"))
                item.Start = ReadTime(ref reader);
            else if (IsArray(ref reader, "attributes"))
                ReadAttributes(ref reader, item);
            else
                SkipValue(ref reader);
        }

        item.Key = SpanKey.Parse(item.Text(traceId), item.Text(spanId));
        decoding.EndLog();
    }

    private static void ReadAttributes(ref Utf8JsonReader reader, OtlpItem item, bool onlyExceptions = false)
    {
        while (NextObject(ref reader))
        {
            int slot = -1;
            AttributeValue value = default;
            while (NextProperty(ref reader))
            {
                if (reader.ValueTextEquals("key"))
                {
                    ReadOnlySpan<byte> name = item.Text(ReadText(ref reader, item));
                    slot = AttributeFields.SlotOf(name);
                    if (slot < 0 && !onlyExceptions)
                        item.TakeIndexed(name);
                }
                else if (IsObject(ref reader, "value"))
                {
                    value = ReadValue(ref reader, item);
                }
                else
                {
                    SkipValue(ref reader);
                }
            }

            if (slot >= 0 && (!onlyExceptions || slot == AttributeFields.ExceptionType[0]))
                item.Set(slot, value);
        }
    }

    private static AttributeValue ReadValue(ref Utf8JsonReader reader, OtlpItem item)
    {
        AttributeValue value = default;
        while (NextProperty(ref reader))
        {
            if (reader.ValueTextEquals("stringValue"))
                value = ReadText(ref reader, item);
            else if (reader.ValueTextEquals("intValue") || reader.ValueTextEquals("doubleValue") || reader.ValueTextEquals("boolValue"))
                value = ReadScalar(ref reader, item);
            else if (IsObject(ref reader, "arrayValue"))
                value = ReadList(ref reader, item);
            else
                SkipValue(ref reader);
        }

        return value;
    }

    private static AttributeValue ReadList(ref Utf8JsonReader reader, OtlpItem item)
    {
        int count = 0;
        AttributeValue first = default;
        while (NextProperty(ref reader))
        {
            if (!IsArray(ref reader, "values"))
            {
                SkipValue(ref reader);
                continue;
            }

            while (NextObject(ref reader))
            {
                AttributeValue value = ReadValue(ref reader, item);
                if (count++ == 0 && value.Kind == AttributeKind.Text)
                    first = value;
            }
        }

        return first with { Kind = AttributeKind.List, Bits = count };
    }

    private static AttributeValue ReadScalar(ref Utf8JsonReader reader, OtlpItem item)
    {
        Utf8JsonReader value = reader;
        value.Read();
        switch (value.TokenType)
        {
            case JsonTokenType.Number:
                reader = value;
                return reader.TryGetInt64(out long integer)
                    ? new AttributeValue(AttributeKind.Integer, integer)
                    : new AttributeValue(AttributeKind.Number, BitConverter.DoubleToInt64Bits(reader.GetDouble()));
            case JsonTokenType.True or JsonTokenType.False:
                reader = value;
                return new AttributeValue(AttributeKind.Truth, reader.TokenType == JsonTokenType.True ? 1 : 0);
            default:
                return ReadText(ref reader, item);
        }
    }

    /// <summary>Reads the text of the property; returns nothing if its value is of another kind.</summary>
    private static AttributeValue ReadText(ref Utf8JsonReader reader, OtlpItem item)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return default;
        }

        return reader.ValueIsEscaped
            ? item.Keep(ref reader)
            : new AttributeValue(AttributeKind.Text, 0, (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
    }

    private static ulong ReadTime(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out ulong number))
            return number;
        if (
            reader.TokenType == JsonTokenType.String
            && Utf8Parser.TryParse(reader.ValueSpan, out number, out int length)
            && length == reader.ValueSpan.Length)
            return number;
        reader.Skip();
        return 0;
    }

    /// <summary>Advances to the next property of an object, or to its end.</summary>
    private static bool NextProperty(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Advances to the next object of an array, skipping other values, or to its end.</summary>
    private static bool NextObject(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
                return true;
            reader.Skip();
        }

        return false;
    }

    private static void SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static bool IsArray(ref Utf8JsonReader reader, string name) => Enters(ref reader, name, JsonTokenType.StartArray);

    private static bool IsObject(ref Utf8JsonReader reader, string name) => Enters(ref reader, name, JsonTokenType.StartObject);

    /// <summary>Returns whether the property has the given name and its value the given kind. If so, enters the value; otherwise,
    /// stays.</summary>
    private static bool Enters(ref Utf8JsonReader reader, string name, JsonTokenType kind)
    {
        if (!reader.ValueTextEquals(name))
            return false;

        Utf8JsonReader value = reader;
        if (!value.Read() || value.TokenType != kind)
            return false;
        reader = value;
        return true;
    }
}
