using System.Text.Json;

namespace Afterimage.Monitoring.Log;

/// <summary>The files that shippers leave in the directories that they ship: checkpoints, and the progress of each finished file, so that
/// nothing is removed before it is shipped.</summary>
internal static class ShippingMarks
{
    private const string DirectoryName = ".shipping";
    private const string CheckpointExtension = ".checkpoint";
    private const string MarkExtension = ".shipped";

    /// <summary>Returns the path of the checkpoint of a run for a destination.</summary>
    public static string CheckpointOf(string runDirectory, string destination) =>
        Path.Combine(runDirectory, DirectoryName, destination + CheckpointExtension);

    /// <summary>Returns whether a shipper has ever shipped from a directory.</summary>
    public static bool AreIn(string runDirectory) => Directory.Exists(Path.Combine(runDirectory, DirectoryName));

    /// <summary>Records which files of a run are shipped: no other files may be removed.</summary>
    /// <param name="runDirectory">The directory of the run.</param>
    /// <param name="destination">The destination that the run is shipped to.</param>
    /// <param name="files">The names and lengths of finished files that are completely shipped.</param>
    /// <exception cref="IOException">The marks cannot be written.</exception>
    public static void Write(string runDirectory, string destination, IEnumerable<KeyValuePair<string, long>> files)
    {
        string path = Path.Combine(runDirectory, DirectoryName, destination + MarkExtension);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string written = path + ".new";
        FileSizeLimit.FailWrites();
        try
        {
            using var stream = new FileStream(written, FileMode.Create, FileAccess.Write, FileShare.None);
            using var writer = new Utf8JsonWriter(stream);
            writer.WriteStartObject();
            foreach ((string name, long length) in files)
                writer.WriteNumber(name, length);
            writer.WriteEndObject();
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw FileSizeLimit.Failed(written, e);
        }

        File.Move(written, path, overwrite: true);
    }

    /// <summary>Returns whether shippers allow the removal of a file: either none has shipped from its directory, or all have shipped the
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
            // If the state is unknown, the file is kept.
            return false;
        }
    }
}
