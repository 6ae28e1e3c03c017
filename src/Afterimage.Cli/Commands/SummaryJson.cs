using System.Text.Encodings.Web;
using System.Text.Json;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary>A summary as one line of JSON on standard output.</summary>
internal static class SummaryJson
{
    // Names stay readable; the output is no HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="summary">The summary.</param>
    /// <param name="writeMore">Writes further properties of the object.</param>
    public static void Write(RunSummary summary, Action<Utf8JsonWriter>? writeMore = null)
    {
        using Stream output = Console.OpenStandardOutput();
        using (var writer = new Utf8JsonWriter(output, Options))
        {
            writer.WriteStartObject();
            summary.WriteProperties(writer);
            writeMore?.Invoke(writer);
            writer.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    public static void WriteAlerts(Utf8JsonWriter writer, IEnumerable<Alert> alerts)
    {
        writer.WriteStartArray("alerts");
        foreach (Alert alert in alerts)
        {
            writer.WriteStartObject();
            writer.WriteString("name", alert.Name);
            writer.WriteString("level", alert.Level.ToString().ToLowerInvariant());
            writer.WriteString("message", alert.Message);
            writer.WriteString("timestamp", alert.Timestamp.UtcDateTime);
            writer.WriteStartObject("data");
            foreach ((string name, object? value) in alert.Data)
            {
                writer.WritePropertyName(name);
                WriteScalar(writer, value);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
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
