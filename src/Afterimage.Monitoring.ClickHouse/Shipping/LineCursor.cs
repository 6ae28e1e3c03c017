using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>Reads the lines of a file, or of a part of it, wherever they are stored.</summary>
internal abstract class LineCursor : IDisposable
{
    /// <summary>The current line, valid until the next is read.</summary>
    public abstract ReadOnlyMemory<byte> Line { get; }

    /// <summary>Whether the line is longer than any reader accepts.</summary>
    public abstract bool IsTooLong { get; }

    /// <summary>The position at which the line begins.</summary>
    public abstract long Position { get; }

    /// <summary>The position at which the part ends.</summary>
    public abstract long End { get; }

    /// <summary>Advances to the next line that is not blank.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public abstract bool Read();

    public abstract void Dispose();

    /// <summary>Creates a cursor over the lines of a file that begin between two positions.</summary>
    public static LineCursor OfFile(string path, long start, long end) => new FileCursor(path, start, end);

    /// <summary>Creates a cursor over lines that are read from a compacted version of their file.</summary>
    public static LineCursor OfLines(IEnumerable<ReadOnlyMemory<byte>> lines, long first, long count) =>
        new EnumeratedCursor(lines, first, count);

    private sealed class FileCursor(string path, long start, long end) : LineCursor
    {
        private readonly LineSplitter _lines = new(path, start, end);

        public override ReadOnlyMemory<byte> Line => _lines.Line;

        public override bool IsTooLong => _lines.IsTooLong;

        public override long Position => _lines.Position;

        public override long End => end;

        public override bool Read() => _lines.Read();

        public override void Dispose() => _lines.Dispose();
    }

    private sealed class EnumeratedCursor(IEnumerable<ReadOnlyMemory<byte>> lines, long first, long count) : LineCursor
    {
        private readonly IEnumerator<ReadOnlyMemory<byte>> _lines = lines.GetEnumerator();
        private long _position = first - 1;

        public override ReadOnlyMemory<byte> Line => _lines.Current;

        public override bool IsTooLong => false;

        public override long Position => _position;

        public override long End => first + count;

        public override bool Read()
        {
            if (_position + 1 >= End || !_lines.MoveNext())
                return false;
            _position++;
            return true;
        }

        public override void Dispose() => _lines.Dispose();
    }
}
