using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>A line of <c>alerts.jsonl</c> or <c>afterimage.log</c>, parsed by the rules of docs/log-format.md.</summary>
internal sealed record NoteLine
{
    private static readonly string[] AlertLevels = ["info", "warning", "error"];

    // As in the line of a record: if a key occurs twice, its meaning is unknown.
    private static readonly JsonDocumentOptions Options = new() { AllowDuplicateProperties = false };

    /// <summary>The time, in UTC ticks.</summary>
    public required long Timestamp { get; init; }

    /// <summary>The time, in UTC.</summary>
    public DateTimeOffset Time => new(Timestamp, TimeSpan.Zero);

    /// <summary>The name of the alert; null for a log entry.</summary>
    public required string? Name { get; init; }

    public required string Level { get; init; }

    public required string Message { get; init; }

    public string? Error { get; init; }

    public string? ErrorType { get; init; }

    public string? StackTrace { get; init; }

    /// <summary>The data object as it is in the line; null if there is none.</summary>
    public string? Data { get; init; }

    /// <summary>Parses a line as an alert; returns null if it is not one.</summary>
    public static NoteLine? Alert(ReadOnlyMemory<byte> line) =>
        Parse(line) is { Name: not null } note && AlertLevels.Contains(note.Level, StringComparer.Ordinal) ? note : null;

    /// <summary>Parses a line as a log entry; returns null if it is not one.</summary>
    public static NoteLine? LogEntry(ReadOnlyMemory<byte> line) => Parse(line);

    /// <summary>Returns the values of a data object: scalars as such, lists and objects as JSON.</summary>
    public static Dictionary<string, object?> ValuesOf(string? data)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (data is null)
            return values;

        using JsonDocument document = JsonDocument.Parse(data);
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            values[property.Name] = property.Value.ValueKind switch
            {
                JsonValueKind.Null => null,
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.String => property.Value.GetString(),
                JsonValueKind.Number when property.Value.TryGetInt64(out long whole) => whole,
                JsonValueKind.Number => property.Value.GetDouble(),
                _ => property.Value.GetRawText(),
            };
        }

        return values;
    }

    private static NoteLine? Parse(ReadOnlyMemory<byte> line)
    {
        if (!Utf8.IsValid(line.Span))
            return null;

        try
        {
            using JsonDocument document = JsonDocument.Parse(line, Options);
            JsonElement note = document.RootElement;
            if (note.ValueKind != JsonValueKind.Object
                || Text(note, RecordKeys.Timestamp) is not { } stamp
                || !RecordTime.TryParse(Encoding.UTF8.GetBytes(stamp), out long timestamp)
                || Text(note, RecordKeys.Level) is not { } level
                || Text(note, RecordKeys.Message) is not { } message)
                return null;

            return new NoteLine
            {
                Timestamp = timestamp,
                Name = Text(note, RecordKeys.Name),
                Level = level,
                Message = message,
                Error = Text(note, RecordKeys.Error),
                ErrorType = Text(note, RecordKeys.ErrorType),
                StackTrace = Text(note, RecordKeys.StackTrace),
                Data = note.TryGetProperty(RecordKeys.Data, out JsonElement data)
                    ? data.ValueKind == JsonValueKind.Object ? data.GetRawText() : throw new JsonException()
                    : null,
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Torn or foreign. The parser throws InvalidOperationException for text that is not valid Unicode.
            return null;
        }
    }

    /// <summary>Returns the text of a key; null if it is not given or empty.</summary>
    /// <exception cref="JsonException">The value is not text.</exception>
    private static string? Text(JsonElement note, string key)
    {
        if (!note.TryGetProperty(key, out JsonElement value))
            return null;
        if (value.ValueKind != JsonValueKind.String)
            throw new JsonException();

        return value.GetString() is { Length: > 0 } text ? text : null;
    }
}
