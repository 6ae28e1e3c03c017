using Afterimage.Monitoring;

namespace Afterimage.Cli.CommandLine;

/// <summary>Finds log directories by what users call them: a path, the name of a run, or nothing for the newest run.</summary>
internal static class RunNames
{
    /// <summary>The directory for runs without an explicit directory.</summary>
    public const string Root = ".afterimage-monitoring";

    private const int MaxShown = 5;

    /// <summary>Returns the directory with a path or name.</summary>
    /// <exception cref="InputException">There is no such directory, or a name matches several.</exception>
    public static string Resolve(string given)
    {
        if (Directory.Exists(given))
            return given;

        string[] runs = Find(given);
        return runs.Length switch
        {
            1 => runs[0],
            0 when File.Exists(given) => throw new InputException(
                $"The log directory '{Path.GetFullPath(given)}' is a file, not a directory."),
            0 when IsName(given) && Directory.Exists(Root) => throw new InputException(
                $"The log directory '{Path.GetFullPath(given)}' does not exist, nor does a run of that name below ./{Root}."),
            0 => throw new InputException($"The log directory '{Path.GetFullPath(given)}' does not exist."),
            _ => throw new InputException(
                $"'{Format.Name(given, 60)}' matches {runs.Length} runs: "
                + string.Join(", ", runs.Take(MaxShown).Select(run => Format.Name(Path.GetFileName(run), 60)))
                + (runs.Length > MaxShown ? ", and others." : ".")),
        };
    }

    /// <summary>Returns whether the text is a directory, or the name of a run.</summary>
    public static bool IsKnown(string given) => Directory.Exists(given) || Find(given).Length > 0;

    /// <summary>Finds the directory of the newest run.</summary>
    /// <exception cref="InputException">There is no run.</exception>
    public static async Task<string> NewestAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<RecordedRun> runs = Directory.Exists(Root) ? await LogDirectory.FindRunsAsync(Root, cancellationToken) : [];
        return runs.Count > 0
            ? runs[0].Directory.Path
            : throw new InputException($"No log directory was given, and there is no run below ./{Root}.");
    }

    private static bool IsName(string text) => text.IndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]) < 0
        && text is not ("" or "." or "..");

    // Match a whole name or, failing that, the beginning of names.
    private static string[] Find(string name)
    {
        if (!IsName(name) || !Directory.Exists(Root))
            return [];
        string whole = Path.Combine(Root, name);
        return Directory.Exists(whole)
            ? [whole]
            :
            [
                .. Directory.EnumerateDirectories(Root)
                    .Where(run => Path.GetFileName(run).StartsWith(name, StringComparison.Ordinal))
                    .Order(StringComparer.Ordinal),
            ];
    }
}
