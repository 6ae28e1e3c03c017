using System.Text.Json;

namespace Afterimage.Monitoring.Log;

/// <summary>Reads the content of a <c>run.json</c> (docs/log-format.md).</summary>
internal static class RunJson
{
    /// <summary>Returns the object in a file; <see langword="null"/> if the file does not contain one.</summary>
    /// <exception cref="IOException">The file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static JsonElement? Read(string file)
    {
        try
        {
            // The writer may replace the file in the meantime. A pipe or a device has no length.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!stream.CanSeek || stream.Length == 0)
                return null;
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            // The file was removed in the meantime, or is not the library's: nothing is known about its run.
            return null;
        }
    }
}
