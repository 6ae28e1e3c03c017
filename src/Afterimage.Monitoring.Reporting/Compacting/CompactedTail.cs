using System.Text;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>The ends of compacted files, as the lines that they stand for.</summary>
internal static class CompactedTail
{
    /// <summary>The last lines of each file, in their order: a number of records, and what is between them and behind.</summary>
    public static IReadOnlyList<string> Read(IReadOnlyCollection<string> files, int count, CancellationToken cancellationToken)
    {
        if (files.Count == 0)
            return [];

        using var snapshot = new LogSnapshot(RecordColumn.All, cancellationToken);
        snapshot.Execute(CompactedFile.Macros);
        return [.. files.SelectMany(file => Lines(snapshot, file, count))];
    }

    private static IEnumerable<string> Lines(LogSnapshot snapshot, string file, int count)
    {
        string end = CompactedFile.SelectEnd(LogSnapshot.ListFiles([file]), count);
        foreach (DuckDBDataReader row in snapshot.Query($"SELECT CASE WHEN r.line IS NULL THEN {CompactedFile.Line} END, r.line FROM ({end}) AS r"))
            yield return row.IsDBNull(1) ? row.GetString(0) : Text(row);
    }

    private static string Text(DuckDBDataReader row)
    {
        // A torn line may end within a character.
        using var reader = new StreamReader(row.GetStream(1), Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
        return reader.ReadToEnd();
    }
}
