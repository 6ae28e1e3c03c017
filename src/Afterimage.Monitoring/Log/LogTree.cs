using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Log;

/// <summary>A directory that runs are kept in, with those below it.</summary>
internal static class LogTree
{
    /// <summary>What the names of directories begin with that are imports which are not finished: they are no runs yet.</summary>
    public const string ImportPrefix = ".importing-";

    /// <summary>The files of a pattern, sorted by their paths. Symbolic links are not followed.</summary>
    /// <exception cref="IOException">A directory could not be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory may not be listed.</exception>
    public static string[] Find(string directory, string pattern)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = false,
            MatchCasing = MatchCasing.CaseSensitive,
        };

        string[] files =
        [
            .. Directory.EnumerateFiles(directory, pattern, options).Where(file => !IsPassedOver(Path.GetRelativePath(directory, file))),
        ];
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    // The writers' locks have the names of the files that they are about.
    private static bool IsPassedOver(string file) =>
        file.Split(Path.DirectorySeparatorChar)[..^1]
            .Any(directory => directory == ".locks" || directory.StartsWith(ImportPrefix, StringComparison.Ordinal));
}
