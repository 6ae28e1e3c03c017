using System.Runtime.CompilerServices;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>A string in a DuckDB vector: 16 bytes, of which the first four are its length.</summary>
/// <remarks>Up to twelve bytes are stored after the length. For a longer string, the last eight bytes are a pointer to it. The layout is
/// that of <c>duckdb_string_t</c> in DuckDB's C header.</remarks>
internal static unsafe class VectorString
{
    private const int Size = 16;
    private const int MaxInlinedLength = Size - sizeof(uint);
    private const int PointerOffset = 8;

    public static ReadOnlySpan<byte> Read(nint data, long row)
    {
        byte* place = (byte*)data + (row * Size);
        int length = Unsafe.ReadUnaligned<int>(place);
        return length <= MaxInlinedLength
            ? new ReadOnlySpan<byte>(place + sizeof(uint), length)
            : new ReadOnlySpan<byte>(*(byte**)(place + PointerOffset), length);
    }

    /// <summary>Writes a string that fits into the vector itself.</summary>
    /// <returns><see langword="true"/> if the string was written; <see langword="false"/> if it is too long.</returns>
    public static bool TryWrite(nint data, long row, ReadOnlySpan<byte> text)
    {
        if (text.Length > MaxInlinedLength)
            return false;

        byte* place = (byte*)data + (row * Size);
        new Span<byte>(place, Size).Clear();
        Unsafe.WriteUnaligned(place, (uint)text.Length);
        text.CopyTo(new Span<byte>(place + sizeof(uint), MaxInlinedLength));
        return true;
    }
}
