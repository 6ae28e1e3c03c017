using Afterimage.Monitoring.Handlers.Files;

namespace Afterimage.Monitoring.Reporting;

/// <summary>The files of records in a directory and below it, as one moment has them.</summary>
internal static class RecordFiles
{
    public const string JsonPattern = "metrics*.jsonl";

    private static readonly NumberedName Names = new("", NumberedName.Records);

    /// <summary>All that count: those that a compacted file stands for do not, be they still there.</summary>
    /// <param name="find">Lists the files of a pattern, sorted by their paths.</param>
    public static string[] Find(Func<string, string[]> find)
    {
        // A file may be compacted while the directory is being listed, so that neither it nor what stands for it is seen. What stands for it is there before it goes,
        // so that a second listing would have seen that.
        string[] files = List(find);
        while (true)
        {
            string[] again = List(find);
            if (files.AsSpan().SequenceEqual(again))
                return Current(files);
            files = again;
        }
    }

    public static bool IsCompacted(string path) => CompactedName.Parse(path) is not null;

    // In the order that they were written in.
    private static string[] List(Func<string, string[]> find) =>
    [
        .. find(CompactedName.Pattern).Where(IsCompacted),
        .. find(JsonPattern).OrderBy(Path.GetDirectoryName, StringComparer.Ordinal).ThenBy(Names.NumberOf),
    ];

    /// <summary>Those of the files that no other of them stands for.</summary>
    public static string[] Current(string[] files)
    {
        ILookup<string, CompactedName> compacted = files.Select(CompactedName.Parse).OfType<CompactedName>().ToLookup(c => c.Directory, StringComparer.Ordinal);
        if (compacted.Count == 0)
            return files;

        return [.. files.Where(file => !compacted[Path.GetDirectoryName(file)!].Any(c => CompactedName.Parse(file) is { } other ? c.StandsFor(other) : c.StandsFor(Names.NumberOf(file))))];
    }
}
