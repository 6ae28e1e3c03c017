namespace Afterimage.Monitoring.Log.Reading;

/// <summary>The change of a file since it was last checked.</summary>
internal enum FileChange
{
    None,

    /// <summary>There are complete lines that have not been read.</summary>
    Grown,

    /// <summary>The file was truncated or replaced: what was read of it no longer exists.</summary>
    Replaced,
}

/// <summary>A file of lines that another writer appends to, and the position up to which it has been read. A line without its line end
/// waits until it has one.</summary>
internal sealed class TailedFile(string path)
{
    // The number of bytes that are compared to recognize a file: a line begins with its time, to 100 ns.
    private const int MarkLength = 64;
    private const int BlockSize = 64 * 1024;

    private byte[] _head = [];
    private byte[] _tail = [];
    private long _length;
    private DateTime _written;

    public string Path => path;

    /// <summary>The start of the lines that have not been read.</summary>
    public long Position { get; private set; }

    /// <summary>The end of the lines that have not been read.</summary>
    public long End { get; private set; }

    /// <summary>Checks the file for changes.</summary>
    /// <param name="toEnd">Whether the file is no longer being written, so that a last line without its line end counts too.</param>
    /// <exception cref="IOException">The file cannot be read, or is gone.</exception>
    public FileChange Look(bool toEnd)
    {
        var info = new FileInfo(path);
        (long length, DateTime written) = (info.Length, info.LastWriteTimeUtc);
        if (length == _length && written == _written && (!toEnd || Position == length))
            return FileChange.None;

        using Stream file = SharedFile.Open(path);
        length = file.Length;
        if (length < Position || !StartsWith(file, 0, _head) || !StartsWith(file, Position - _tail.Length, _tail))
            return FileChange.Replaced;

        (_length, _written) = (length, written);
        End = toEnd ? length : EndOfLastLine(file, Position, length);
        return End > Position ? FileChange.Grown : FileChange.None;
    }

    /// <summary>Skips all unread bytes but the last ones.</summary>
    public void PassTo(long last) => Position = Math.Max(Position, End - last);

    /// <summary>Skips all unread lines but the last ones.</summary>
    /// <exception cref="IOException">The file cannot be read, or is gone.</exception>
    public void PassToLastLines(int count)
    {
        using Stream file = SharedFile.Open(path);
        long start = End;
        for (int lines = 0; lines < count && start > Position; lines++)
            start = EndOfLastLine(file, Position, start - 1);
        Position = start;
    }

    /// <summary>Marks the lines up to <see cref="End"/> as read.</summary>
    /// <exception cref="IOException">The file cannot be read, or is gone.</exception>
    public void Advance()
    {
        using Stream file = SharedFile.Open(path);
        Position = End;
        _head = Read(file, 0, (int)Math.Min(MarkLength, Position));
        _tail = Read(file, Math.Max(0, Position - MarkLength), (int)Math.Min(MarkLength, Position));
    }

    private static bool StartsWith(Stream file, long position, byte[] mark) =>
        mark.Length == 0 || Read(file, position, mark.Length).AsSpan().SequenceEqual(mark);

    private static byte[] Read(Stream file, long position, int length)
    {
        var bytes = new byte[length];
        file.Position = position;
        return bytes[..file.ReadAtLeast(bytes, length, throwOnEndOfStream: false)];
    }

    private static long EndOfLastLine(Stream file, long from, long length)
    {
        var block = new byte[Math.Min(BlockSize, Math.Max(0, length - from))];
        for (long end = length; end > from;)
        {
            int size = (int)Math.Min(block.Length, end - from);
            file.Position = end - size;
            int read = file.ReadAtLeast(block.AsSpan(0, size), size, throwOnEndOfStream: false);
            int last = block.AsSpan(0, read).LastIndexOf((byte)'\n');
            if (last >= 0)
                return end - size + last + 1;
            end -= size;
        }

        return from;
    }
}
