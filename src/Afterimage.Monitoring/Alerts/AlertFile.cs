using System.Text.Json;
using Afterimage.Monitoring.Log.Writing;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Writes alerts to <c>alerts.jsonl</c>, one JSON object per line (docs/log-format.md).</summary>
internal sealed class AlertFile(string logDirectory, LogFileOptions options, TimeProvider timeProvider) : IDisposable
{
    private readonly JsonLineFile _file = new(logDirectory, "alerts.jsonl", options, timeProvider);

    /// <summary>Writes all of the lines or none.</summary>
    public void Write(IReadOnlyList<Alert> alerts)
    {
        _file.Discard();
        foreach (Alert alert in alerts)
        {
            Utf8JsonWriter writer = _file.BeginLine();
            JsonLines.WriteTimestamp(writer, alert.Timestamp);
            WriteFields(writer, alert);
            _file.EndLine();
        }

        _file.Commit();
    }

    /// <summary>Makes everything written so far as durable as the options require.</summary>
    public void Flush() => _file.Flush();

    /// <summary>Writes the fields of a line after its timestamp.</summary>
    public static void WriteFields(Utf8JsonWriter writer, Alert alert)
    {
        writer.WriteString(RecordKeys.Name, alert.Name);
        writer.WriteString(RecordKeys.Level, alert.Level switch
        {
            AlertLevel.Error => "error",
            AlertLevel.Warning => "warning",
            _ => "info",
        });
        writer.WriteString(RecordKeys.Message, alert.Message);
        JsonLines.WriteObject(writer, RecordKeys.Data, alert.Data);
    }

    public void Dispose() => _file.Dispose();
}
