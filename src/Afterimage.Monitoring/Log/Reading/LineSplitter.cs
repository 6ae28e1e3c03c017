namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Splits a file, or a range of a file, into lines. However long a line is, it takes no more memory than the limit.</summary>
/// <remarks>
/// A range has the lines that begin in it, so that adjacent ranges have each line once. Blank lines are skipped. Not thread-safe.
/// </remarks>
internal sealed class LineSplitter : IDisposable
{
    /// <summary>The default length, in bytes, beyond which a line is skipped.</summary>
    public const int DefaultMaxLineLength = 16 << 20;

    private const int BufferSize = 128 * 1024;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly Stream _file;
    private readonly long _end;
    private readonly int _maxLineLength;
    private byte[] _buffer = new byte[BufferSize];
    private int _filled;
    private int _next;
    private int _lineStart;
    private int _lineLength;
    private bool _isAtEnd;

    /// <param name="path">The file. It may grow in the meantime.</param>
    /// <param name="start">The start of the range.</param>
    /// <param name="end">The end of the range.</param>
    /// <param name="maxLineLength">The length, in bytes, beyond which a line is skipped.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public LineSplitter(string path, long start = 0, long end = long.MaxValue, int maxLineLength = DefaultMaxLineLength)
    {
        _file = SharedFile.Open(path);
        _end = end;
        _maxLineLength = maxLineLength;
        try
        {
            if (start > 0)
                GoToFirstLineFrom(start);
            else
                PassByteOrderMark();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The line without its line end, valid until the next <see cref="Read"/>. Empty if the line is too long.</summary>
    public ReadOnlyMemory<byte> Line => _buffer.AsMemory(_lineStart, _lineLength);

    /// <summary>Whether the line is longer than the limit.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The position of the line in the file.</summary>
    public long Position { get; private set; }

    /// <summary>Advances to the next line that is not blank.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool Read()
    {
        while (ReadAny())
        {
            if (IsTooLong || Line.Span.ContainsAnyExcept(" \t\r"u8))
                return true;
        }

        return false;
    }

    public void Dispose() => _file.Dispose();

    private bool ReadAny()
    {
        IsTooLong = false;
        Position = PositionOf(_next);
        if (Position >= _end)
            return false;

        int searched = _next;
        while (true)
        {
            int length = _buffer.AsSpan(searched, _filled - searched).IndexOf((byte)'\n');
            if (length >= 0)
                return Take(searched + length, next: searched + length + 1);

            if (_filled - _next > _maxLineLength)
                return PassLongLine();

            // The next fill moves the rest to the front.
            searched = _filled - _next;
            if (!Fill())
                return _filled > _next && Take(_filled, _filled);
        }
    }

    private bool Take(int end, int next)
    {
        _lineStart = _next;
        _lineLength = end - _next;
        _next = next;
        if (_lineLength > _maxLineLength)
            (IsTooLong, _lineLength) = (true, 0);
        return true;
    }

    private bool PassLongLine()
    {
        IsTooLong = true;
        while (true)
        {
            _lineStart = _lineLength = 0;
            _next = _filled;
            if (!Fill())
                return true;

            int length = _buffer.AsSpan(0, _filled).IndexOf((byte)'\n');
            if (length < 0)
                continue;

            _next = length + 1;
            return true;
        }
    }

    private bool Fill()
    {
        if (_isAtEnd)
            return false;

        _buffer.AsSpan(_next, _filled - _next).CopyTo(_buffer);
        _filled -= _next;
        _next = 0;
        if (_filled == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        int read = _file.Read(_buffer, _filled, _buffer.Length - _filled);
        _filled += read;
        _isAtEnd = read == 0;
        return read > 0;
    }

    private long PositionOf(int index) => _file.Position - _filled + index;

    private void GoToFirstLineFrom(long start)
    {
        // A line begins after a line end, which may be the byte before the range.
        _file.Position = start - 1;
        do
        {
            _next = _filled;
            if (!Fill())
                return;
            _next = _buffer.AsSpan(0, _filled).IndexOf((byte)'\n') + 1;
        }
        while (_next == 0);
    }

    private void PassByteOrderMark()
    {
        while (_filled < ByteOrderMark.Length && Fill())
        {
        }

        if (_buffer.AsSpan(0, _filled).StartsWith(ByteOrderMark))
            _next = ByteOrderMark.Length;
    }
}
