namespace Afterimage.Monitoring.Log;

/// <summary>The files of records in a directory and below it, as of one moment.</summary>
internal static class RecordFiles
{
    public const string JsonPattern = "metrics*.jsonl";

    private static readonly NumberedName Names = new("", NumberedName.Records);

    /// <summary>Finds all files that count; those of each directory are in the order in which they were written. Files that a compacted
    /// file has replaced do not count, even if they still exist.</summary>
    /// <exception cref="IOException">A directory could not be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a directory is denied.</exception>
    public static string[] Find(string directory)
    {
        // If a file is compacted while the directory is being listed, the listing may contain neither the file nor its replacement. The
        // replacement exists before the file is deleted, so that a second listing contains it.
        string[] files = List(directory);
        while (true)
        {
            string[] again = List(directory);
            if (files.AsSpan().SequenceEqual(again))
                return Current(files);
            files = again;
        }
    }

    public static bool IsCompacted(string path) => CompactedName.Parse(path) is not null;

    /// <summary>Returns the number in the name of a file; for a compacted file, the first number that it replaces; -1 for a file of another
    /// kind.</summary>
    public static int NumberOf(string path) => CompactedName.Parse(path)?.First ?? Names.NumberOf(path);

    /// <summary>Returns those of the files that no other of them replaces.</summary>
    public static string[] Current(string[] files)
    {
        ILookup<string, CompactedName> compacted = files
            .Select(CompactedName.Parse)
            .OfType<CompactedName>()
            .ToLookup(c => c.Directory, StringComparer.Ordinal);
        return compacted.Count == 0
            ? files
            : [.. files.Where(file => !compacted[Path.GetDirectoryName(file)!].Any(c => c.StandsFor(file)))];
    }

    private static string[] List(string directory) =>
    [
        .. LogTree.Find(directory, CompactedName.Pattern).Where(IsCompacted).Concat(LogTree.Find(directory, JsonPattern))
            .OrderBy(Path.GetDirectoryName, StringComparer.Ordinal).ThenBy(NumberOf),
    ];
}
