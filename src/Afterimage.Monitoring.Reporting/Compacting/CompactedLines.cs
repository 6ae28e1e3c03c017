using Afterimage.Monitoring.Reporting.Snapshots;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>Compacted files, as the lines that they stand for.</summary>
internal static class CompactedLines
{
    /// <summary>The lines of a file in their order.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(string file)
    {
        using LogSnapshot snapshot = Open(CancellationToken.None);
        foreach (ReadOnlyMemory<byte> line in Lines(snapshot, file, CompactedFile.SelectRows(LogSnapshot.ListFiles([file]))))
            yield return line;
    }

    /// <summary>A number of a file's lines, from one on, 0 the first.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(string file, long first, long count)
    {
        using LogSnapshot snapshot = Open(CancellationToken.None);
        foreach (
            ReadOnlyMemory<byte> line in Lines(snapshot, file, CompactedFile.SelectRows(LogSnapshot.ListFiles([file]), first, count)))
            yield return line;
    }

    /// <summary>The last lines of each file, in their order: a number of records, and what is between them and behind.</summary>
    public static IReadOnlyList<ReadOnlyMemory<byte>> ReadEnds(
        IReadOnlyCollection<string> files,
        int count,
        CancellationToken cancellationToken)
    {
        if (files.Count == 0)
            return [];

        using LogSnapshot snapshot = Open(cancellationToken);
        return
        [
            .. files
                .SelectMany(file => Lines(snapshot, file, CompactedFile.SelectEnd(LogSnapshot.ListFiles([file]), count)))
                .Select(line => new ReadOnlyMemory<byte>(line.ToArray())),
        ];
    }

    private static LogSnapshot Open(CancellationToken cancellationToken)
    {
        var snapshot = new LogSnapshot(RecordColumn.All, cancellationToken);
        snapshot.Execute(CompactedFile.Macros);
        return snapshot;
    }

    /// <summary>The lines of some of a file's rows, each until the next is asked for.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Lines(LogSnapshot snapshot, string file, string rows)
    {
        byte[] buffer = new byte[4096];
        IReadOnlySet<string> columns = CompactedFile.Reading(
            file,
            () => CompactedFile.FilledColumns(snapshot, LogSnapshot.ListFiles([file])));
        using IEnumerator<DuckDBDataReader> read = snapshot.Query(CompactedFile.SelectLines(rows, columns)).GetEnumerator();
        while (CompactedFile.Reading(file, read.MoveNext))
        {
            using Stream line = CompactedFile.Reading(file, () => read.Current.GetStream(0));
            int length = (int)line.Length;
            if (buffer.Length < length)
                buffer = new byte[Math.Max(length, buffer.Length * 2)];
            line.ReadExactly(buffer, 0, length);
            yield return buffer.AsMemory(0, length);
        }
    }
}
