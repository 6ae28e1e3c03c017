using System.Text.Json;

namespace Afterimage.Monitoring.Log;

/// <summary>Reads what is in a <c>run.json</c> (docs/log-format.md).</summary>
internal static class RunJson
{
    /// <summary>The object in a file; <see langword="null"/> where it holds none.</summary>
    /// <exception cref="IOException">The file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static JsonElement? Read(string file)
    {
        try
        {
            // Its writer may replace it meanwhile. A pipe or a device has no length.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!stream.CanSeek || stream.Length == 0)
                return null;
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            // Removed meanwhile, or not the library's: nothing is known of its run.
            return null;
        }
    }
}
