using System.Text.Json;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A file in the directory of a sender that identifies it.</summary>
internal static class SenderFile
{
    public const string Name = "otlp.json";

    public static void Write(string directory, SenderId sender)
    {
        string path = Path.Combine(directory, Name);
        if (File.Exists(path))
            return;

        // Write to a temporary file and rename it, so that a reader finds it complete.
        string written = path + ".tmp";
        using (var stream = new FileStream(written, FileMode.Create, FileAccess.Write, FileShare.None))
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("service.name", sender.Service);
            if (sender.Instance is not null)
                writer.WriteString("service.instance.id", sender.Instance);
            writer.WriteEndObject();
        }

        File.Move(written, path, overwrite: true);
    }

    /// <returns>The sender; null if the directory has no such file, or if it is not valid.</returns>
    public static SenderId? Read(string directory)
    {
        try
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, Name)));
            return file.RootElement.ValueKind == JsonValueKind.Object && Text(file.RootElement, "service.name") is { } service
                ? new SenderId(service, Text(file.RootElement, "service.instance.id"))
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
