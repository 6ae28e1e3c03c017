using System.Text.Encodings.Web;
using System.Text.Json;

namespace Afterimage.Monitoring.Log;

/// <summary>A file with one JSON object that is only ever replaced as a whole, such as <c>run.json</c> (docs/log-format.md).</summary>
internal static class JsonFile
{
    // The files are for people to read, and never part of a web page: a plus sign in a version need not be escaped.
    private static readonly JsonWriterOptions WriterOptions = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Replaces a file. A reader, or a crash, finds the old one or the new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the members of the object.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static void Replace(string path, Action<Utf8JsonWriter> write)
    {
        string written = path + ".tmp";
        try
        {
            using (var stream = new FileStream(written, FileMode.Create, FileAccess.Write, FileShare.None))
            using (var writer = new Utf8JsonWriter(stream, WriterOptions))
            {
                writer.WriteStartObject();
                write(writer);
                writer.WriteEndObject();
            }

            File.Move(written, path, overwrite: true);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw FileSizeLimit.Failed(path, e);
        }
    }

    /// <summary>Returns the object in a file; <see langword="null"/> if the file does not contain one.</summary>
    /// <exception cref="IOException">The file could not be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the file is denied.</exception>
    public static JsonElement? Read(string file)
    {
        try
        {
            // To open a pipe would wait for its writer. It has no length.
            if (new FileInfo(file).Length == 0)
                return null;

            // The writer may replace the file in the meantime.
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!stream.CanSeek || stream.Length == 0)
                return null;
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            // The file was removed in the meantime, or is not the library's: nothing is known.
            return null;
        }
    }
}
