using System.Globalization;
using System.Text;
using System.Text.Json;
using Afterimage.Cli.Commands;

namespace Afterimage.Cli.Tail;

/// <summary>A line of the log directory as a line for a person.</summary>
/// <param name="Time">When it happened.</param>
/// <param name="Text">What happened.</param>
/// <param name="Line">The line as it is in the log.</param>
internal sealed record LogLine(DateTimeOffset Time, string Text, string Line)
{
    private const int MaxName = 48;
    private const int MaxMessage = 200;

    /// <summary>Reads a line; <see langword="null"/> for one that is no record and no log entry.</summary>
    public static LogLine? Parse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            JsonElement record = document.RootElement;
            if (
                record.ValueKind != JsonValueKind.Object
                || !DateTimeOffset.TryParse(Of(record, "timestamp"), CultureInfo.InvariantCulture, out DateTimeOffset time))
                return null;
            return Describe(record) is { } text ? new LogLine(time, $"{time.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}Z {text}", line) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The second: a text has half of a surrogate pair, which is no text.
            return null;
        }
    }

    /// <summary>The line as JSON of ASCII only: what could steer a terminal stands within its strings, and is escaped there.</summary>
    public string Json()
    {
        var json = new StringBuilder(Line.Length);
        foreach (char c in Line.AsSpan().TrimEnd('\r'))
            _ = c < '\u007f' ? json.Append(c) : json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        return json.ToString();
    }

    private static string? Describe(JsonElement record)
    {
        switch (Of(record, "event"))
        {
            case "generation":
                return Join(
                    "generation",
                    Outcome(record),
                    Name(record, "model_name"),
                    Seconds(record),
                    Tokens(record),
                    Name(record, "finish_reason"),
                    Message(record, "error"));
            case "evaluation":
                return Join(
                    "evaluation",
                    Outcome(record),
                    Name(record, "evaluator_type"),
                    Seconds(record),
                    Scores(record),
                    Tokens(record),
                    Message(record, "error"));
            case "metric":
                return Join("metric", Name(record, "metric_name"), Name(record, "value"));
            case null when Of(record, "level") is { } level && Of(record, "message") is not null:
                return Join("log", Format.Name(level, MaxName), Message(record, "message"), Message(record, "error"));
            default:
                return null;
        }
    }

    private static string Join(params IEnumerable<string?> parts) => string.Join("  ", parts.Where(part => !string.IsNullOrEmpty(part)));

    private static string Outcome(JsonElement record) => Of(record, "success") == "true" ? "ok" : "FAILED";

    private static string? Seconds(JsonElement record) =>
        Of(record, "duration") is { } duration ? Format.Name(duration, MaxName) + " s" : null;

    private static string? Tokens(JsonElement record)
    {
        string? prompt = Name(record, "prompt_token_count");
        string? completion = Name(record, "completion_token_count");
        return prompt is null && completion is null ? null : $"{prompt ?? "?"} + {completion ?? "?"} tokens";
    }

    private static string? Scores(JsonElement record) =>
        record.TryGetProperty("scores", out JsonElement scores) && scores.ValueKind == JsonValueKind.Object
            ? string.Join(
                ", ",
                scores
                    .EnumerateObject()
                    .Select(score => $"{Format.Name(score.Name, MaxName)} {Format.Name(score.Value.ToString(), MaxName)}"))
            : null;

    private static string? Name(JsonElement record, string key) => Of(record, key) is { } text ? Format.Name(text, MaxName) : null;

    private static string? Message(JsonElement record, string key) => Of(record, key) is { } text ? Format.Name(text, MaxMessage) : null;

    private static string? Of(JsonElement record, string key) =>
        !record.TryGetProperty(key, out JsonElement value)
            ? null
            : value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => null,
            };
}
