using System.Buffers.Binary;

namespace Afterimage.Monitoring.ClickHouse.Schema;

/// <summary>Writes rows in ClickHouse's RowBinary format, the only one that keeps every double unchanged.</summary>
internal sealed class RowWriter
{
    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void CutTo(int length) => Length = length;

    public void Byte(byte value) => Room(1)[0] = value;

    public void Count(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            Byte((byte)(value | 0x80));
        Byte((byte)value);
    }

    public void Date(ushort days) => BinaryPrimitives.WriteUInt16LittleEndian(Room(sizeof(ushort)), days);

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Room(sizeof(uint)), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(long)), value);

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Room(sizeof(ulong)), value);

    public void Double(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Room(sizeof(double)), value);

    public void Null() => Byte(1);

    public void NotNull() => Byte(0);

    public void Text(ReadOnlySpan<byte> utf8)
    {
        Count((ulong)utf8.Length);
        utf8.CopyTo(Room(utf8.Length));
    }

    public void Append(ReadOnlySpan<byte> rows) => rows.CopyTo(Room(rows.Length));

    private Span<byte> Room(int length)
    {
        if (_bytes.Length - Length < length)
            Array.Resize(ref _bytes, Math.Max(Length + length, _bytes.Length * 2));
        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }
}
