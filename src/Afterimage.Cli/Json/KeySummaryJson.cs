using Afterimage.Monitoring;

namespace Afterimage.Cli.Json;

/// <summary>Writes a summary by a key as one line of JSON.</summary>
internal static class KeySummaryJson
{
    /// <param name="place">Where the records are.</param>
    /// <param name="key">The key.</param>
    /// <param name="groups">The groups.</param>
    public static void Write(string place, SummaryKey key, IReadOnlyList<KeySummary> groups) => JsonOutput.Write(writer =>
    {
        writer.WriteString("by", key.Name);
        writer.WriteStartArray("groups");
        foreach (KeySummary group in groups)
        {
            writer.WriteStartObject();
            writer.WriteString("value", group.Value);
            writer.WriteNumber("generations", group.Generations);
            writer.WriteNumber("evaluations", group.Evaluations);
            Optional("success_rate", group.SuccessRate);
            Optional("p50_seconds", group.MedianSeconds);
            Optional("p95_seconds", group.P95Seconds);
            writer.WriteNumber("prompt_tokens", group.PromptTokenCount);
            writer.WriteNumber("completion_tokens", group.CompletionTokenCount);
            writer.WriteNumber("total_tokens", group.TotalTokenCount);
            writer.WriteNumber("calls_without_tokens", group.CallsWithoutTokens);

            // A value that is unknown is left out rather than written as zero.
            if (group.CostUsd is { } dollars)
                writer.WriteNumber("cost_usd", dollars);
            writer.WriteNumber("unpriced_tokens", group.UnpricedTokenCount);
            writer.WriteNumber("usage_missing_count", group.UsageMissingCount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("log_dir", place);

        void Optional(string name, double? value)
        {
            if (value is { } number)
                writer.WriteNumber(name, number);
        }
    });
}
