using System.Text.Json;

namespace Afterimage.Monitoring.Log;

/// <summary>What shippers leave in the directories that they ship: checkpoints, and how far each finished file is, so that nothing is
/// removed that is not shipped.</summary>
internal static class ShippingMarks
{
    private const string DirectoryName = ".shipping";
    private const string CheckpointExtension = ".checkpoint";
    private const string MarkExtension = ".shipped";

    /// <summary>The checkpoint of a run for a destination.</summary>
    public static string CheckpointOf(string runDirectory, string destination) =>
        Path.Combine(runDirectory, DirectoryName, destination + CheckpointExtension);

    /// <summary>Whether a shipper has ever taken a directory on.</summary>
    public static bool AreIn(string runDirectory) => Directory.Exists(Path.Combine(runDirectory, DirectoryName));

    /// <summary>Says how far the files of a run are: nothing else of it may be removed.</summary>
    /// <param name="runDirectory">The run.</param>
    /// <param name="destination">Where it is shipped to.</param>
    /// <param name="files">The names of finished files that are wholly shipped, and their lengths.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string runDirectory, string destination, IEnumerable<KeyValuePair<string, long>> files)
    {
        string path = Path.Combine(runDirectory, DirectoryName, destination + MarkExtension);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string written = path + ".new";
        using (var stream = new FileStream(written, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            using var writer = new Utf8JsonWriter(stream);
            writer.WriteStartObject();
            foreach ((string name, long length) in files)
                writer.WriteNumber(name, length);
            writer.WriteEndObject();
        }

        File.Move(written, path, overwrite: true);
    }

    /// <summary>Whether a file may be removed, as far as shippers are concerned: none has taken its directory on, or all have shipped the
    /// file as it is.</summary>
    public static bool AllowRemoval(string path)
    {
        string directory = Path.Combine(Path.GetDirectoryName(path)!, DirectoryName);
        if (!Directory.Exists(directory))
            return true;

        string[] marks = [.. Directory.EnumerateFiles(directory, "*" + MarkExtension)];
        return marks.All(mark => IsShipped(mark, path));
    }

    private static bool IsShipped(string mark, string path)
    {
        try
        {
            using var stream = new FileStream(mark, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement.TryGetProperty(Path.GetFileName(path), out JsonElement length)
                && length.GetInt64() >= new FileInfo(path).Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException
            or InvalidOperationException or FormatException)
        {
            // Whoever does not know keeps it.
            return false;
        }
    }
}
