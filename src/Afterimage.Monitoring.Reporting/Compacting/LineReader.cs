using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>The lines of a file that DuckDB's reader takes for lines: those of white space alone are none.</summary>
internal sealed class LineReader(string path) : IDisposable
{
    private readonly FileStream _stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    private byte[] _buffer = new byte[1 << 20];
    private int _start;
    private int _length;
    private int _next;
    private int _end;

    /// <summary>The line that was read, without its end.</summary>
    public ReadOnlySpan<byte> Line => _buffer.AsSpan(_start, _length);

    public bool Read()
    {
        do
        {
            if (!ReadAny())
                return false;
        }
        while (Line.Trim(" \t\r"u8).IsEmpty);
        return true;
    }

    public void Dispose() => _stream.Dispose();

    private bool ReadAny()
    {
        _start = _next;
        int searched = 0;
        while (true)
        {
            int length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                _length = searched + length;
                _next = _start + _length + 1;
                return true;
            }

            searched = _end - _start;
            if (Fill())
                continue;
            _length = searched;
            _next = _end;
            return _length > 0;
        }
    }

    private bool Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        int read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
