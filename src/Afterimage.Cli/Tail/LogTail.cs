using Afterimage.Monitoring;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Cli.Tail;

/// <summary>Reads the newest records and log entries of a log directory that is being written, and then those that are added.</summary>
/// <remarks>A line without its line end waits until it has one. A file that is truncated or replaced is read again from its
/// start.</remarks>
internal sealed class LogTail(LogDirectory log)
{
    private readonly Dictionary<string, TailedFile> _records = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TailedFile> _logs = new(StringComparer.Ordinal);
    private readonly RecordLine _record = new();

    /// <summary>The number of lines that are neither records nor log entries.</summary>
    public long SkippedLines { get; private set; }

    /// <summary>Reads the last lines of each file. Reading then continues after them.</summary>
    public List<LogLine> ReadLast(int count, CancellationToken cancellationToken)
    {
        List<LogLine> lines = [];
        foreach (ReadOnlyMemory<byte> line in log.ReadCompactedEnds(count, cancellationToken))
            Take(LogLine.OfRecord(line, _record), lines);
        Read(lines, count);
        return lines;
    }

    /// <summary>Reads the complete lines that are new.</summary>
    public List<LogLine> ReadNew()
    {
        List<LogLine> lines = [];
        try
        {
            Read(lines, int.MaxValue);
        }
        catch (DirectoryNotFoundException)
        {
            // The directory itself may be removed and created again.
        }

        return lines;
    }

    private void Read(List<LogLine> lines, int count)
    {
        foreach (string path in log.FindRecordFiles().Where(path => !LogDirectory.IsCompacted(path)))
            Read(_records, path, count, line => LogLine.OfRecord(line, _record), lines);
        foreach (string path in log.FindLogFiles())
            Read(_logs, path, count, LogLine.OfLogEntry, lines);
    }

    private void Read(
        Dictionary<string, TailedFile> files,
        string path,
        int count,
        Func<ReadOnlyMemory<byte>, LogLine?> parse,
        List<LogLine> found)
    {
        try
        {
            if (!files.TryGetValue(path, out TailedFile? file))
                files.Add(path, file = new TailedFile(path));
            FileChange change = file.Look(toEnd: false);
            if (change == FileChange.Replaced)
            {
                files[path] = file = new TailedFile(path);
                change = file.Look(toEnd: false);
            }

            if (change != FileChange.Grown)
                return;

            if (count < int.MaxValue)
                file.PassToLastLines(count);
            using (var lines = new LineSplitter(path, file.Position, file.End))
            {
                while (lines.Read())
                    Take(parse(lines.Line), found);
            }

            file.Advance();
        }
        catch (FileNotFoundException)
        {
            // A writer that keeps only its newest files may have deleted it. If the name is used again, it will be another file.
            files.Remove(path);
        }
    }

    private void Take(LogLine? line, List<LogLine> found)
    {
        if (line is null)
            SkippedLines++;
        else
            found.Add(line);
    }
}
