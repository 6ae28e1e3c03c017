using System.Text.Json;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Json;

/// <summary>Writes alerts as JSON.</summary>
internal static class AlertsJson
{
    public static void Write(AlertHistory history) => JsonOutput.Write(writer =>
    {
        writer.WriteStartArray("episodes");
        foreach (AlertEpisode episode in history.Episodes)
        {
            writer.WriteStartObject();
            writer.WriteString("name", episode.Name);
            writer.WriteString("level", AlertsView.Level(episode.Level));
            writer.WriteString("message", episode.Message);
            writer.WriteString("state", episode.State switch
            {
                AlertEpisodeState.Firing => "firing",
                AlertEpisodeState.Resolved => "resolved",
                _ => "run_ended",
            });
            writer.WriteString("start", episode.Start.UtcDateTime);
            if (episode.End is { } end)
                writer.WriteString("end", end.UtcDateTime);
            if (episode.Duration is { } duration)
                writer.WriteNumber("duration_seconds", duration.TotalSeconds);
            writer.WriteNumber("announcements", episode.Announcements);
            WriteData(writer, episode.Data);
            writer.WriteString("log_dir", episode.LogDirectory);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteAlerts(writer, history.Alerts);
        writer.WriteNumber("omitted_alerts", history.OmittedAlerts);
        writer.WriteNumber("skipped_lines", history.SkippedLines);
    });

    public static void WriteAlerts(Utf8JsonWriter writer, IEnumerable<Alert> alerts)
    {
        writer.WriteStartArray("alerts");
        foreach (Alert alert in alerts)
        {
            writer.WriteStartObject();
            writer.WriteString("name", alert.Name);
            writer.WriteString("level", AlertsView.Level(alert.Level));
            writer.WriteString("message", alert.Message);
            writer.WriteString("timestamp", alert.Timestamp.UtcDateTime);
            WriteData(writer, alert.Data);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteData(Utf8JsonWriter writer, IReadOnlyDictionary<string, object?> data)
    {
        writer.WriteStartObject("data");
        foreach ((string name, object? value) in data)
        {
            writer.WritePropertyName(name);
            WriteScalar(writer, value);
        }

        writer.WriteEndObject();
    }

    private static void WriteScalar(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case double number when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case long number:
                writer.WriteNumberValue(number);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            default:
                writer.WriteStringValue(FormattableString.Invariant($"{value}"));
                break;
        }
    }
}
