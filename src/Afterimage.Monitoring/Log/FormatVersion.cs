using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring.Log;

/// <summary>The version of the format of log directories (docs/log-format.md), which <c>run.json</c> tells.</summary>
internal static class FormatVersion
{
    /// <summary>The version that is written, and the latest that is read.</summary>
    public const int Current = 1;

    /// <summary>What the files that tell it are called.</summary>
    public const string Files = "run*.json";

    /// <summary>The key that tells it.</summary>
    public const string Key = "format_version";

    /// <summary>Refuses files <c>run.json</c> of a later version: what the lines beside them mean nobody knows yet.</summary>
    /// <exception cref="IOException">One is of such a version, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">One may not be read.</exception>
    public static void Check(IEnumerable<string> runFiles)
    {
        foreach (string file in runFiles)
        {
            if (Of(file) is > Current and var version)
            {
                throw new IOException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{file}' is of format version {version}, "
                    + $"and this version of Afterimage knows those up to {Current}: a later one can read it."));
            }
        }
    }

    private static long? Of(string file) =>
        RunJson.Read(file) is { } run
        && run.TryGetProperty(Key, out JsonElement version)
        && version.ValueKind == JsonValueKind.Number
        && version.TryGetInt64(out long number)
            ? number
            : null;
}
