using System.Text.Json;

namespace Afterimage.Monitoring.Tests.Support;

/// <summary>Reads what the monitor wrote, strictly: every line is one JSON object and ends in a line break.</summary>
internal static class JsonFile
{
    public static List<JsonElement> Lines(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length > 0)
            Assert.Equal((byte)'\n', bytes[^1]);

        List<JsonElement> lines = [];
        ReadOnlyMemory<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            int end = rest.Span.IndexOf((byte)'\n');
            using var document = JsonDocument.Parse(rest[..end]);
            Assert.Equal(JsonValueKind.Object, document.RootElement.ValueKind);
            lines.Add(document.RootElement.Clone());
            rest = rest[(end + 1)..];
        }

        return lines;
    }

    public static JsonElement Object(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        return document.RootElement.Clone();
    }

    public static string Text(this JsonElement line, string key) => line.GetProperty(key).GetString()!;

    public static string[] Keys(this JsonElement line) => [.. line.EnumerateObject().Select(p => p.Name)];
}
