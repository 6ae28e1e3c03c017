using System.Globalization;
using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Cli.Tail;

/// <summary>A line of the log directory, formatted for people.</summary>
/// <param name="Time">The time of the event.</param>
/// <param name="Text">The description of the event.</param>
/// <param name="Line">The line as it is in the log.</param>
internal sealed record LogLine(DateTimeOffset Time, string Text, string Line)
{
    private const int MaxName = 48;
    private const int MaxMessage = 200;

    /// <summary>Parses a line of records; returns <see langword="null"/> if it is not a record.</summary>
    /// <param name="line">The line.</param>
    /// <param name="record">The parser of records.</param>
    public static LogLine? OfRecord(ReadOnlyMemory<byte> line, RecordLine record) =>
        record.TryParse(line) ? Of(record.Timestamp, Describe(record), line) : null;

    /// <summary>Parses a line of the log; returns <see langword="null"/> if it is not a log entry.</summary>
    public static LogLine? OfLogEntry(ReadOnlyMemory<byte> line) =>
        NoteLine.LogEntry(line) is { } entry
            ? Of(
                entry.Timestamp,
                Join("log", Format.Name(entry.Level, MaxName), Format.Name(entry.Message, MaxMessage), Message(entry.Error)),
                line)
            : null;

    /// <summary>Returns the line as ASCII-only JSON. Characters that could control a terminal are in its strings, and are escaped
    /// there.</summary>
    public string Json()
    {
        var json = new StringBuilder(Line.Length);
        foreach (char c in Line.AsSpan().TrimEnd('\r'))
            _ = c < '\u007f' ? json.Append(c) : json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        return json.ToString();
    }

    private static LogLine Of(long ticks, string text, ReadOnlyMemory<byte> line)
    {
        var time = new DateTime(ticks, DateTimeKind.Utc);
        return new LogLine(
            time,
            string.Create(CultureInfo.InvariantCulture, $"{time:yyyy-MM-dd HH:mm:ss.fff}Z {text}"),
            Encoding.UTF8.GetString(line.Span));
    }

    private static string Describe(RecordLine record) => record.Event switch
    {
        RecordEvents.Metric => Join("metric", Name(record, RecordSchema.MetricName), Number(record, RecordSchema.Value)),
        RecordEvents.Evaluation => Join(
            "evaluation",
            Outcome(record),
            Name(record, RecordSchema.EvaluatorType),
            Seconds(record),
            Scores(record),
            Tokens(record),
            Message(TextOf(record, RecordSchema.Error))),
        _ => Join(
            "generation",
            Outcome(record),
            Name(record, RecordSchema.ModelName),
            Seconds(record),
            Tokens(record),
            Name(record, RecordSchema.FinishReason),
            Message(TextOf(record, RecordSchema.Error))),
    };

    private static string Join(params IEnumerable<string?> parts) => string.Join("  ", parts.Where(part => !string.IsNullOrEmpty(part)));

    private static string Outcome(RecordLine record) => record.Flag(RecordSchema.Success) ? "ok" : "FAILED";

    private static string Seconds(RecordLine record) => Number(record, RecordSchema.Duration) + " s";

    private static string? Tokens(RecordLine record)
    {
        string? prompt = Count(record, RecordSchema.PromptTokenCount);
        string? completion = Count(record, RecordSchema.CompletionTokenCount);
        return prompt is null && completion is null ? null : $"{prompt ?? "?"} + {completion ?? "?"} tokens";
    }

    private static string? Scores(RecordLine record)
    {
        if (TextOf(record, RecordSchema.Scores) is not { } json)
            return null;

        using JsonDocument scores = JsonDocument.Parse(json);
        return string.Join(
            ", ",
            scores
                .RootElement.EnumerateObject()
                .Select(score => $"{Format.Name(score.Name, MaxName)} {Format.Name(score.Value.ToString(), MaxName)}"));
    }

    private static string? Name(RecordLine record, RecordField field) =>
        TextOf(record, field) is { } text ? Format.Name(text, MaxName) : null;

    private static string? Message(string? text) => text is null ? null : Format.Name(text, MaxMessage);

    private static string? TextOf(RecordLine record, RecordField field) =>
        record.Has(field) ? Encoding.UTF8.GetString(record.Text(field)) : null;

    private static string? Count(RecordLine record, RecordField field) =>
        record.Has(field) ? record.Count(field).ToString(CultureInfo.InvariantCulture) : null;

    private static string Number(RecordLine record, RecordField field) => record.Number(field).ToString(CultureInfo.InvariantCulture);
}
