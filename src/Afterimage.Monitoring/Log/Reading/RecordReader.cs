namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Reads the records of a file of lines, or of a range of it, in order. Every line that is not blank is either read as a record or
/// skipped, and is counted accordingly.</summary>
internal sealed class RecordReader : IDisposable
{
    private readonly LineSplitter _lines;

    /// <inheritdoc cref="LineSplitter(string, long, long, int)"/>
    public RecordReader(string path, long start = 0, long end = long.MaxValue, int maxLineLength = LineSplitter.DefaultMaxLineLength) =>
        _lines = new LineSplitter(path, start, end, maxLineLength);

    /// <summary>The record, valid until the next is read. Must only be used if <see cref="IsRecord"/> is true.</summary>
    public RecordLine Record { get; } = new();

    /// <summary>Whether the line is a valid record; otherwise, it is skipped.</summary>
    public bool IsRecord { get; private set; }

    /// <summary>The line that was read; empty if it is too long.</summary>
    public ReadOnlySpan<byte> Line => _lines.Line.Span;

    /// <summary>Whether the line is longer than the limit, so that its content is unknown.</summary>
    public bool IsTooLong => _lines.IsTooLong;

    /// <summary>The position of the line in the file.</summary>
    public long Position => _lines.Position;

    public long Records { get; private set; }

    public long SkippedLines { get; private set; }

    /// <summary>Advances to the next line.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool ReadLine()
    {
        if (!_lines.Read())
            return false;

        IsRecord = !_lines.IsTooLong && Record.TryParse(_lines.Line);
        if (IsRecord)
            Records++;
        else
            SkippedLines++;
        return true;
    }

    /// <summary>Advances to the next record, skipping lines that are not records.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool Read()
    {
        while (ReadLine())
        {
            if (IsRecord)
                return true;
        }

        return false;
    }

    public void Dispose() => _lines.Dispose();
}
