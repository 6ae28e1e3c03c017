using System.Buffers.Binary;
using System.Text;

namespace Afterimage.Benchmarks.Serving;

/// <summary>Writes what the bodies need of protobuf: numbers, texts, and messages in messages.</summary>
internal sealed class ProtobufWriter
{
    private const int LengthDelimited = 2;
    private const int Fixed64Type = 1;

    private readonly MemoryStream _stream = new();

    public void Number(int field, ulong value)
    {
        Varint((ulong)field << 3);
        Varint(value);
    }

    public void Fixed64(int field, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Varint(((ulong)field << 3) | Fixed64Type);
        _stream.Write(bytes);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Varint(((ulong)field << 3) | LengthDelimited);
        Varint((ulong)value.Length);
        _stream.Write(value);
    }

    public void Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Writes a message as a field of this one, and empties it for the next.</summary>
    public void Message(int field, ProtobufWriter message)
    {
        Bytes(field, message._stream.GetBuffer().AsSpan(0, (int)message._stream.Length));
        message._stream.SetLength(0);
    }

    public byte[] ToArray() => _stream.ToArray();

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _stream.WriteByte((byte)(value | 0x80));
        _stream.WriteByte((byte)value);
    }
}
