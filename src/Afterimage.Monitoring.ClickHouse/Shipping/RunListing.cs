using Afterimage.Monitoring.ClickHouse.Schema;
using Afterimage.Monitoring.Log;

namespace Afterimage.Monitoring.ClickHouse.Shipping;

/// <summary>A file to ship, as it is now.</summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Table">The table for its lines.</param>
/// <param name="Length">The length of the file, in bytes.</param>
/// <param name="Written">The time of the last write, in ticks.</param>
internal readonly record struct ListedFile(string Path, LineTable Table, long Length, long Written)
{
    public string Name => System.IO.Path.GetFileName(Path);

    public bool IsCompacted => Table == RecordTable.Instance && RecordFiles.IsCompacted(Path);
}

/// <summary>The files of a run, as they are now.</summary>
/// <param name="Directory">The directory of the run.</param>
/// <param name="Files">The files to ship; those of each kind are in the order in which they were written.</param>
/// <param name="Parts">The files <c>run*.json</c>.</param>
internal sealed record RunListing(string Directory, IReadOnlyList<ListedFile> Files, IReadOnlyList<ListedFile> Parts)
{
    private static readonly (string Name, LineTable? Table)[] Kinds =
    [
        ("metrics.jsonl", RecordTable.Instance),
        ("alerts.jsonl", EventTable.Alerts),
        ("afterimage.log", EventTable.Logs),
        ("run.json", null),
    ];

    /// <summary>Lists all runs in a directory and below it.</summary>
    /// <exception cref="IOException">A directory cannot be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a directory is denied.</exception>
    public static IReadOnlyList<RunListing> Of(string root)
    {
        // Files that a compacted file replaces are ignored; they are only removed after they have been shipped.
        ILookup<bool, string> found = LogTree.Find(root, "*")
            .Where(file => IsOfRun(Path.GetFileName(file)))
            .ToLookup(file => KindOf(Path.GetFileName(file)) == 0);
        string[] files = [.. RecordFiles.Current([.. found[true]]), .. found[false]];
        return
        [
            .. files
                .GroupBy(file => Path.GetDirectoryName(file)!, StringComparer.Ordinal)
                .Select(run => new RunListing(
                    run.Key,
                    [
                        .. run.Select(List)
                            .OfType<ListedFile>()
                            .Where(file => file.Table is not null)
                            .OrderBy(file => file.Table.Name)
                            .ThenBy(Number),
                    ],
                    [.. run.Where(file => KindOf(Path.GetFileName(file)) == 3).Select(List).OfType<ListedFile>()])),
        ];
    }

    /// <summary>A text that differs whenever there is something to do.</summary>
    public string Signature => string.Join(
        '|',
        Files.Concat(Parts).Select(file => FormattableString.Invariant($"{file.Name}:{file.Length}:{file.Written}")));

    private static bool IsOfRun(string name) => KindOf(name) >= 0;

    private static int KindOf(string name)
    {
        if (RecordFiles.IsCompacted(name))
            return 0;
        for (int kind = 0; kind < Kinds.Length; kind++)
        {
            string first = Kinds[kind].Name;
            string extension = Path.GetExtension(first);
            if (name.StartsWith(Path.GetFileNameWithoutExtension(first), StringComparison.Ordinal)
                && name.EndsWith(extension, StringComparison.Ordinal))
                return kind;
        }

        return -1;
    }

    private static ListedFile? List(string path)
    {
        var file = new FileInfo(path);
        return file.Exists
            ? new ListedFile(path, Kinds[KindOf(file.Name)].Table!, file.Length, file.LastWriteTimeUtc.Ticks)
            : null;
    }

    private static int Number(ListedFile file) => file.IsCompacted
        ? RecordFiles.NumberOf(file.Path)
        : new NumberedName("", Kinds[KindOf(file.Name)].Name).NumberOf(file.Path);
}
