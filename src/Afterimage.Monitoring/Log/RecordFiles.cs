using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Log;

/// <summary>The files of records in a directory and below it, as one moment has them.</summary>
internal static class RecordFiles
{
    public const string JsonPattern = "metrics*.jsonl";

    private static readonly NumberedName Names = new("", NumberedName.Records);

    /// <summary>All that count, each directory's in the order that they were written in: those that a compacted file stands for do not, be
    /// they still there.</summary>
    /// <exception cref="IOException">A directory could not be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory may not be listed.</exception>
    public static string[] Find(string directory)
    {
        // A file may be compacted while the directory is being listed, so that neither it nor what stands for it is seen. What stands for
        // it is there before it goes, so that a second listing would have seen that.
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

    /// <summary>The number in a file's name, the first that it stands for if it is compacted, -1 for a file of another kind.</summary>
    public static int NumberOf(string path) => CompactedName.Parse(path)?.First ?? Names.NumberOf(path);

    /// <summary>Those of the files that no other of them stands for.</summary>
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
