namespace Afterimage.Monitoring.Log;

/// <summary>A directory that contains runs, and the directories below it.</summary>
internal static class LogTree
{
    /// <summary>The prefix of directories with unfinished imports, which are not runs yet.</summary>
    public const string ImportPrefix = ".importing-";

    /// <summary>Finds the files that match a pattern, sorted by path. Symbolic links are not followed.</summary>
    /// <exception cref="IOException">A directory could not be listed.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a directory is denied.</exception>
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

    // The writers' lock files are named after the files that they lock.
    private static bool IsPassedOver(string file) =>
        file.Split(Path.DirectorySeparatorChar)[..^1]
            .Any(directory => directory == ".locks" || directory.StartsWith(ImportPrefix, StringComparison.Ordinal));
}
