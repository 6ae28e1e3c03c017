namespace Afterimage.Monitoring.Log.Reading;

/// <summary>What became of a file since it was last looked at.</summary>
internal enum FileChange
{
    None,

    /// <summary>There are whole lines that were not read.</summary>
    Grown,

    /// <summary>It was cut short, or another is in its place: what was read of it is no more.</summary>
    Replaced,
}

/// <summary>A file of lines that somebody else writes, and how far it was read. A line without its end waits until it has one.</summary>
internal sealed class TailedFile(string path)
{
    // What is compared to know a file again: a line begins with its time, to 100 ns.
    private const int MarkLength = 64;
    private const int BlockSize = 64 * 1024;

    private byte[] _head = [];
    private byte[] _tail = [];
    private long _length;
    private DateTime _written;

    public string Path => path;

    /// <summary>Where the lines begin that were not read.</summary>
    public long Position { get; private set; }

    /// <summary>Where they end.</summary>
    public long End { get; private set; }

    /// <summary>Looks at the file.</summary>
    /// <param name="toEnd">Whether nobody writes it any more, so that a last line without its end counts too.</param>
    /// <exception cref="IOException">The file cannot be read, or is gone.</exception>
    public FileChange Look(bool toEnd)
    {
        var info = new FileInfo(path);
        (long length, DateTime written) = (info.Length, info.LastWriteTimeUtc);
        if (length == _length && written == _written && (!toEnd || Position == length))
            return FileChange.None;

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        length = file.Length;
        if (length < Position || !StartsWith(file, 0, _head) || !StartsWith(file, Position - _tail.Length, _tail))
            return FileChange.Replaced;

        (_length, _written) = (length, written);
        End = toEnd ? length : EndOfLastLine(file, Position, length);
        return End > Position ? FileChange.Grown : FileChange.None;
    }

    /// <summary>Passes over all but the last bytes of what was not read.</summary>
    public void PassTo(long last) => Position = Math.Max(Position, End - last);

    /// <summary>Passes over all but the last lines of what was not read.</summary>
    /// <exception cref="IOException">The file cannot be read, or is gone.</exception>
    public void PassToLastLines(int count)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        long start = End;
        for (int lines = 0; lines < count && start > Position; lines++)
            start = EndOfLastLine(file, Position, start - 1);
        Position = start;
    }

    /// <summary>Says that the lines up to <see cref="End"/> were read.</summary>
    /// <exception cref="IOException">The file cannot be read, or is gone.</exception>
    public void Advance()
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        Position = End;
        _head = Read(file, 0, (int)Math.Min(MarkLength, Position));
        _tail = Read(file, Math.Max(0, Position - MarkLength), (int)Math.Min(MarkLength, Position));
    }

    private static bool StartsWith(FileStream file, long position, byte[] mark) =>
        mark.Length == 0 || Read(file, position, mark.Length).AsSpan().SequenceEqual(mark);

    private static byte[] Read(FileStream file, long position, int length)
    {
        var bytes = new byte[length];
        file.Position = position;
        return bytes[..file.ReadAtLeast(bytes, length, throwOnEndOfStream: false)];
    }

    private static long EndOfLastLine(FileStream file, long from, long length)
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
