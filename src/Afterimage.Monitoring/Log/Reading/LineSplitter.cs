namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Splits a file, or a range of one, into lines. A line of any length costs no more memory than the limit.</summary>
/// <remarks>
/// A range has the lines that begin in it, so that ranges that meet have each line once. Blank lines are none. For one thread at a time.
/// </remarks>
internal sealed class LineSplitter : IDisposable
{
    /// <summary>Bytes of a line beyond which it is passed over. Default.</summary>
    public const int DefaultMaxLineLength = 16 << 20;

    private const int BufferSize = 128 * 1024;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private readonly FileStream _file;
    private readonly long _end;
    private readonly int _maxLineLength;
    private byte[] _buffer = new byte[BufferSize];
    private int _filled;
    private int _next;
    private int _lineStart;
    private int _lineLength;
    private bool _isAtEnd;

    /// <param name="path">The file. It may grow meanwhile.</param>
    /// <param name="start">Where the range begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="maxLineLength">Bytes of a line beyond which it is passed over.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public LineSplitter(string path, long start = 0, long end = long.MaxValue, int maxLineLength = DefaultMaxLineLength)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
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

    /// <summary>The line, without its end, until the next <see cref="Read"/>. Of one that is too long there is nothing.</summary>
    public ReadOnlyMemory<byte> Line => _buffer.AsMemory(_lineStart, _lineLength);

    /// <summary>Whether the line is longer than the limit.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Where the line begins in the file.</summary>
    public long Position { get; private set; }

    /// <summary>Goes on to the next line that is not blank.</summary>
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

            // The rest moves to the front with the next fill.
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
        // A line begins behind a line end: that of the byte before the range counts.
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
