using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Server.Runs;

/// <summary>Reads the lines of <c>alerts.jsonl</c> and <c>afterimage.log</c> (docs/log-format.md).</summary>
internal static class NoteLines
{
    private const int MaxMessageLength = 2000;

    /// <summary>The alert of a line; null where it is none.</summary>
    public static Alert? Alert(ReadOnlyMemory<byte> line)
    {
        if (Parse(line) is not { } note
            || Text(note, RecordKeys.Name) is not { } name
            || Text(note, RecordKeys.Message) is not { } message
            || !Enum.TryParse(Text(note, RecordKeys.Level), ignoreCase: true, out AlertLevel level)
            || Time(note) is not { } time)
            return null;

        var data = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (note.TryGetProperty(RecordKeys.Data, out JsonElement given) && given.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in given.EnumerateObject())
                data[property.Name] = Scalar(property.Value);
        }

        return new Alert
        {
            Name = name,
            Message = Cut(message),
            Level = level,
            Timestamp = time,
            Data = data,
        };
    }

    /// <summary>The log entry of a line; null where it is none.</summary>
    public static LogNote? Log(ReadOnlyMemory<byte> line) =>
        Parse(line) is { } note && Text(note, RecordKeys.Timestamp) is { } time && Text(note, RecordKeys.Message) is { } message
            ? new LogNote(time, Text(note, RecordKeys.Level) ?? "", Cut(message), Text(note, RecordKeys.Error) is { } error ? Cut(error) : null)
            : null;

    private static JsonElement? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            // Torn by a crash, or not the library's.
            return null;
        }
    }

    private static DateTimeOffset? Time(JsonElement note) =>
        Text(note, RecordKeys.Timestamp) is { } text && RecordTime.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out long ticks)
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;

    private static string? Text(JsonElement note, string key) =>
        note.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static object? Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number when value.TryGetInt64(out long whole) => whole,
        JsonValueKind.Number => value.GetDouble(),
        _ => value.GetRawText(),
    };

    private static string Cut(string text) => text.Length > MaxMessageLength ? text[..MaxMessageLength] + "…" : text;
}
