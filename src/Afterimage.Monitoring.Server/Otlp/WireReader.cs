using System.Buffers.Binary;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Reads protobuf's wire format (<see href="https://protobuf.dev/programming-guides/encoding/"/>), field by field and without
/// allocating.</summary>
internal ref struct WireReader
{
    public const int Varint = 0;
    public const int Fixed64 = 1;
    public const int Bytes = 2;
    private const int StartGroup = 3;
    private const int EndGroup = 4;
    private const int Fixed32 = 5;
    private const int MaxDepth = 64;

    private readonly ReadOnlySpan<byte> _body;
    private readonly int _end;
    private int _position;

    public WireReader(ReadOnlySpan<byte> body)
        : this(body, 0, body.Length)
    {
    }

    private WireReader(ReadOnlySpan<byte> body, int start, int end)
    {
        _body = body;
        _position = start;
        _end = end;
    }

    public int Field { get; private set; }

    public int Type { get; private set; }

    /// <summary>Advances to the next field.</summary>
    /// <exception cref="OtlpFormatException">The data is not valid protobuf.</exception>
    public bool Next()
    {
        if (_position >= _end)
            return false;

        ulong tag = ReadVarint();
        Field = (int)(tag >> 3);
        Type = (int)(tag & 7);
        if (Field <= 0 || tag > uint.MaxValue)
            throw new OtlpFormatException("The number of a field is not valid.");
        return true;
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (_position >= _end)
                throw Truncated();
            byte part = _body[_position++];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return value;
        }

        throw new OtlpFormatException("A number must be at most ten bytes long.");
    }

    public ulong ReadFixed64()
    {
        if (_end - _position < 8)
            throw Truncated();
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_body[_position..]);
        _position += 8;
        return value;
    }

    /// <summary>Reads the position of a text or of bytes in the body.</summary>
    public (int Start, int Length) ReadRange()
    {
        ulong length = ReadVarint();
        if (length > (ulong)(_end - _position))
            throw Truncated();
        int start = _position;
        _position += (int)length;
        return (start, (int)length);
    }

    public ReadOnlySpan<byte> ReadBytes()
    {
        (int start, int length) = ReadRange();
        return _body.Slice(start, length);
    }

    public WireReader ReadMessage()
    {
        (int start, int length) = ReadRange();
        return new WireReader(_body, start, start + length);
    }

    /// <summary>Returns whether the field has the given number and type.</summary>
    public readonly bool Is(int field, int type) => Field == field && Type == type;

    public void Skip() => Skip(0);

    private void Skip(int depth)
    {
        switch (Type)
        {
            case Varint:
                ReadVarint();
                break;
            case Fixed64:
                Advance(8);
                break;
            case Bytes:
                ReadRange();
                break;
            case Fixed32:
                Advance(4);
                break;
            case StartGroup when depth < MaxDepth:
                while (Next() && Type != EndGroup)
                    Skip(depth + 1);
                break;
            default:
                throw new OtlpFormatException("The type of a field is not valid.");
        }
    }

    private void Advance(int length)
    {
        if (_end - _position < length)
            throw Truncated();
        _position += length;
    }

    private static OtlpFormatException Truncated() => new("The message ends in the middle of a field.");
}
