using System.Text.Json;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Json;

/// <summary>Writes a summary as one line of JSON to standard output.</summary>
internal static class SummaryJson
{
    /// <param name="summary">The summary.</param>
    /// <param name="writeMore">Writes further properties of the object.</param>
    public static void Write(RunSummary summary, Action<Utf8JsonWriter> writeMore) => JsonOutput.Write(writer =>
    {
        summary.WriteProperties(writer);
        writeMore(writer);
    });
}
