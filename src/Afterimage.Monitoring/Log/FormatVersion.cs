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

    /// <summary>Refuses a directory, or one below it, that is of a later version: what such lines mean nobody knows yet.</summary>
    /// <exception cref="IOException">There is one, or a file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A directory may not be listed, or a file not be read.</exception>
    public static void CheckTree(string directory)
    {
        foreach (string file in LogTree.Find(directory, Files))
            CheckFile(file);
    }

    /// <summary>Refuses a <c>run.json</c> of a later version.</summary>
    /// <exception cref="IOException">It is of one, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static void CheckFile(string file)
    {
        if (Of(file) is > Current and var version)
        {
            throw new IOException(string.Create(
                CultureInfo.InvariantCulture,
                $"'{file}' is of format version {version}, "
                + $"and this version of Afterimage knows those up to {Current}: a later one can read it."));
        }
    }

    private static long? Of(string file)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

            // A pipe or a device has no length.
            if (!stream.CanSeek || stream.Length == 0)
                return null;
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(Key, out JsonElement version)
                && version.ValueKind == JsonValueKind.Number
                && version.TryGetInt64(out long number)
                    ? number
                    : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException or InvalidOperationException)
        {
            // Removed meanwhile, or not the library's.
            return null;
        }
    }
}
