using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring.Log;

/// <summary>The version of the format of log directories (docs/log-format.md), which is recorded in <c>run.json</c>.</summary>
internal static class FormatVersion
{
    /// <summary>The version that is written, and the latest that can be read.</summary>
    public const int Current = 1;

    /// <summary>The name pattern of the files that record the version.</summary>
    public const string Files = "run*.json";

    /// <summary>The key of the version.</summary>
    public const string Key = "format_version";

    /// <summary>Rejects <c>run.json</c> files of a later version, because the meaning of the lines next to them is unknown.</summary>
    /// <exception cref="IOException">A file is of such a version, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to a file is denied.</exception>
    public static void Check(IEnumerable<string> runFiles)
    {
        foreach (string file in runFiles)
        {
            if (Of(file) is > Current and var version)
            {
                throw new IOException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{file}' has format version {version}, "
                    + $"but this version of Afterimage reads versions up to {Current}. Use a later version of Afterimage."));
            }
        }
    }

    private static long? Of(string file) =>
        JsonFile.Read(file) is { } run
        && run.TryGetProperty(Key, out JsonElement version)
        && version.ValueKind == JsonValueKind.Number
        && version.TryGetInt64(out long number)
            ? number
            : null;
}
