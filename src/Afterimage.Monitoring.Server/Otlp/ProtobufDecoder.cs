namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Reads export requests in protobuf. Fields are identified by their numbers in the definition of the protocol
/// (<see href="https://opentelemetry.io/docs/specs/otlp/"/>).</summary>
internal sealed class ProtobufDecoder(OtlpDecoding decoding) : IOtlpDecoder
{
    // Field numbers of ResourceSpans, ResourceLogs and ResourceMetrics, and of the scopes in them.
    private const int Resource = 1;
    private const int Scopes = 2;
    private const int Scope = 1;
    private const int Items = 2;

    private enum Kind
    {
        Spans,
        Logs,
        Metrics,
    }

    public void ReadTraces(ReadOnlyMemory<byte> body) => ReadRequest(body, Kind.Spans);

    public void ReadLogs(ReadOnlyMemory<byte> body) => ReadRequest(body, Kind.Logs);

    public void ReadMetrics(ReadOnlyMemory<byte> body) => ReadRequest(body, Kind.Metrics);

    private void ReadRequest(ReadOnlyMemory<byte> body, Kind kind)
    {
        decoding.Begin(body);
        var request = new WireReader(body.Span);
        while (request.Next())
        {
            if (request.Is(1, WireReader.Bytes))
                ReadResource(request.ReadMessage(), kind);
            else
                request.Skip();
        }
    }

    private void ReadResource(WireReader message, Kind kind)
    {
        // The resource may follow the data that it sent.
        OtlpItem resource = decoding.Item;
        resource.Clear();
        WireReader first = message;
        while (first.Next())
        {
            if (first.Is(Resource, WireReader.Bytes))
                ReadAttributes(first.ReadMessage(), field: 1, resource);
            else
                first.Skip();
        }

        decoding.BeginResource();
        while (message.Next())
        {
            if (message.Is(Scopes, WireReader.Bytes))
                ReadScope(message.ReadMessage(), kind);
            else
                message.Skip();
        }
    }

    private void ReadScope(WireReader message, Kind kind)
    {
        WireReader first = message;
        decoding.BeginScope(default);
        while (first.Next())
        {
            if (first.Is(Scope, WireReader.Bytes))
                decoding.BeginScope(ReadScopeName(first.ReadMessage()));
            else
                first.Skip();
        }

        while (message.Next())
        {
            if (!message.Is(Items, WireReader.Bytes))
            {
                message.Skip();
                continue;
            }

            switch (kind)
            {
                case Kind.Spans:
                    ReadSpan(message.ReadMessage());
                    break;
                case Kind.Logs:
                    ReadLog(message.ReadMessage());
                    break;
                default:
                    message.Skip();
                    decoding.EndMetric();
                    break;
            }
        }
    }

    private static ReadOnlySpan<byte> ReadScopeName(WireReader scope)
    {
        while (scope.Next())
        {
            if (scope.Is(1, WireReader.Bytes))
                return scope.ReadBytes();
            scope.Skip();
        }

        return default;
    }

    private void ReadSpan(WireReader span)
    {
        OtlpItem item = decoding.Item;
        item.Clear();
        ReadOnlySpan<byte> traceId = default;
        ulong spanId = 0;
        while (span.Next())
        {
            switch (span.Field, span.Type)
            {
                case (1, WireReader.Bytes):
                    traceId = span.ReadBytes();
                    break;
                case (2, WireReader.Bytes):
                    spanId = SpanId(span.ReadBytes());
                    break;
                case (4, WireReader.Bytes):
                    item.Parent = SpanId(span.ReadBytes());
                    break;
                case (5, WireReader.Bytes):
                    item.Name = Text(span.ReadRange());
                    break;
                case (7, WireReader.Fixed64):
                    item.Start = span.ReadFixed64();
                    break;
                case (8, WireReader.Fixed64):
                    item.End = span.ReadFixed64();
                    break;
                case (9, WireReader.Bytes):
                    ReadAttribute(span.ReadMessage(), item);
                    break;
                case (11, WireReader.Bytes):
                    // Of an event, only its attributes matter, and of these only those of an exception.
                    ReadAttributes(span.ReadMessage(), field: 3, item, onlyExceptions: true);
                    break;
                case (15, WireReader.Bytes):
                    ReadStatus(span.ReadMessage(), item);
                    break;
                default:
                    span.Skip();
                    break;
            }
        }

        item.Key = SpanKey.Of(traceId, spanId);
        decoding.EndSpan();
    }

    private static void ReadStatus(WireReader status, OtlpItem item)
    {
        while (status.Next())
        {
            if (status.Is(2, WireReader.Bytes))
                item.StatusMessage = Text(status.ReadRange());
            else if (status.Is(3, WireReader.Varint))
                item.Status = (int)status.ReadVarint();
            else
                status.Skip();
        }
    }

    private void ReadLog(WireReader log)
    {
        OtlpItem item = decoding.Item;
        item.Clear();
        ReadOnlySpan<byte> traceId = default;
        ulong spanId = 0;
        while (log.Next())
        {
            switch (log.Field, log.Type)
            {
                case (1, WireReader.Fixed64):
                    item.End = log.ReadFixed64();
                    break;
                case (6, WireReader.Bytes):
                    ReadAttribute(log.ReadMessage(), item);
                    break;
                case (9, WireReader.Bytes):
                    traceId = log.ReadBytes();
                    break;
                case (10, WireReader.Bytes):
                    spanId = SpanId(log.ReadBytes());
                    break;
                case (11, WireReader.Fixed64):
                    item.Start = log.ReadFixed64();
                    break;
                case (12, WireReader.Bytes):
                    item.Name = Text(log.ReadRange());
                    break;
                default:
                    log.Skip();
                    break;
            }
        }

        item.Key = SpanKey.Of(traceId, spanId);
        decoding.EndLog();
    }

    private static void ReadAttributes(WireReader message, int field, OtlpItem item, bool onlyExceptions = false)
    {
        while (message.Next())
        {
            if (message.Is(field, WireReader.Bytes))
                ReadAttribute(message.ReadMessage(), item, onlyExceptions);
            else
                message.Skip();
        }
    }

    private static void ReadAttribute(WireReader attribute, OtlpItem item, bool onlyExceptions = false)
    {
        int slot = -1;
        AttributeValue value = default;
        while (attribute.Next())
        {
            if (attribute.Is(1, WireReader.Bytes))
            {
                ReadOnlySpan<byte> name = attribute.ReadBytes();
                slot = AttributeFields.SlotOf(name);
                if (slot < 0 && !onlyExceptions)
                    item.TakeIndexed(name);
            }
            else if (attribute.Is(2, WireReader.Bytes))
            {
                value = ReadValue(attribute.ReadMessage());
            }
            else
            {
                attribute.Skip();
            }
        }

        if (slot >= 0 && (!onlyExceptions || slot == AttributeFields.ExceptionType[0]))
            item.Set(slot, value);
    }

    private static AttributeValue ReadValue(WireReader value)
    {
        AttributeValue read = default;
        while (value.Next())
        {
            switch (value.Field, value.Type)
            {
                case (1, WireReader.Bytes):
                    read = Text(value.ReadRange());
                    break;
                case (2, WireReader.Varint):
                    read = new AttributeValue(AttributeKind.Truth, (long)value.ReadVarint());
                    break;
                case (3, WireReader.Varint):
                    read = new AttributeValue(AttributeKind.Integer, (long)value.ReadVarint());
                    break;
                case (4, WireReader.Fixed64):
                    read = new AttributeValue(AttributeKind.Number, (long)value.ReadFixed64());
                    break;
                case (5, WireReader.Bytes):
                    read = ReadList(value.ReadMessage());
                    break;
                default:
                    value.Skip();
                    break;
            }
        }

        return read;
    }

    private static AttributeValue ReadList(WireReader list)
    {
        int count = 0;
        AttributeValue first = default;
        while (list.Next())
        {
            if (!list.Is(1, WireReader.Bytes))
            {
                list.Skip();
                continue;
            }

            WireReader item = list.ReadMessage();
            if (count++ == 0 && item.Next() && item.Is(1, WireReader.Bytes))
                first = Text(item.ReadRange());
        }

        return first with { Kind = AttributeKind.List, Bits = count };
    }

    private static AttributeValue Text((int Start, int Length) range) => new(AttributeKind.Text, 0, range.Start, range.Length);

    private static ulong SpanId(ReadOnlySpan<byte> bytes) =>
        bytes.Length == 8 ? System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;
}
