namespace Afterimage.Monitoring.Reporting.Exporting;

/// <summary>Splits a file of comma-separated values into several, each with the header.</summary>
internal static class CsvParts
{
    /// <param name="path">The file.</param>
    /// <param name="parts">The files to write, in the order of the source file, and the number of rows for each.</param>
    /// <param name="report">Receives progress from 0 to 1.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    public static void Cut(
        string path,
        IEnumerable<(string Path, long Rows)> parts,
        Action<double> report,
        CancellationToken cancellationToken)
    {
        using FileStream source = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var rows = new CsvRows(source);
        using var header = new MemoryStream();
        rows.CopyTo(header, 1, cancellationToken);
        foreach ((string part, long count) in parts)
        {
            using FileStream target = new(part, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            target.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
            rows.CopyTo(target, count, cancellationToken);
            report((double)source.Position / source.Length);
        }
    }

    /// <summary>Reads the rows of a file one by one.</summary>
    private sealed class CsvRows(Stream source)
    {
        private readonly byte[] _buffer = new byte[1 << 20];
        private int _start;
        private int _end;

        public void CopyTo(Stream target, long count, CancellationToken cancellationToken)
        {
            // A quote within quotes is doubled, so that it does not change whether the text after it is quoted.
            bool isQuoted = false;
            while (count > 0)
            {
                if (_start == _end)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    _start = 0;
                    _end = source.Read(_buffer);
                    if (_end == 0)
                        throw new EndOfStreamException("The export has fewer rows than were counted.");
                }

                int next = _start;
                while (next < _end && count > 0)
                {
                    int found = _buffer.AsSpan(next, _end - next).IndexOfAny((byte)'"', (byte)'\n');
                    if (found < 0)
                    {
                        next = _end;
                        break;
                    }

                    next += found + 1;
                    if (_buffer[next - 1] == '"')
                        isQuoted = !isQuoted;
                    else if (!isQuoted)
                        count--;
                }

                target.Write(_buffer, _start, next - _start);
                _start = next;
            }
        }
    }
}
