using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Writing;

/// <summary>Writes what memory holds into one JSON file: <c>metrics</c> (figures and points by name) and <c>token_usage</c>.</summary>
internal static class MetricsSnapshot
{
    /// <remarks>The caller holds the recorder's lock.</remarks>
    public static string Save(
        string directory,
        DateTimeOffset now,
        long wallOffset,
        MetricStore store,
        TokenUsageReport tokens,
        Names names)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"metrics_{now.UtcDateTime:yyyyMMdd_HHmmss}");
        for (int attempt = 1; ; attempt++)
        {
            string path = Path.Combine(directory, attempt == 1 ? $"{name}.json" : $"{name}_{attempt}.json");
            FileStream stream;
            try
            {
                stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
            }
            catch (IOException) when (File.Exists(path))
            {
                continue;
            }

            using (stream)
            using (var writer = new Utf8JsonWriter(stream))
                Write(writer, now, wallOffset, store, tokens, names);
            return path;
        }
    }

    private static void Write(
        Utf8JsonWriter writer,
        DateTimeOffset now,
        long wallOffset,
        MetricStore store,
        TokenUsageReport tokens,
        Names names)
    {
        writer.WriteStartObject();
        writer.WriteString(RecordKeys.Timestamp, now.UtcDateTime);
        writer.WriteStartObject("metrics");
        foreach (Series series in store.AllSeries)
        {
            writer.WriteStartObject(series.Name);
            WriteAggregate(writer, series.Aggregate(TimeRange.All));
            writer.WriteStartArray("points");
            foreach (Chunk chunk in series.RawChunks())
            {
                for (int i = 0; i < chunk.Count; i++)
                    WritePoint(writer, chunk, i, wallOffset, names);
                writer.Flush();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        WriteTokens(writer, tokens);
        writer.WriteEndObject();
    }

    private static void WriteAggregate(Utf8JsonWriter writer, in MetricAggregate aggregate)
    {
        writer.WriteNumber("count", aggregate.Count);
        WriteNumber(writer, "sum", aggregate.Sum);
        WriteNumber(writer, "mean", aggregate.Mean);
        WriteNumber(writer, "min", aggregate.Min);
        WriteNumber(writer, "max", aggregate.Max);
        WriteNumber(writer, "standard_deviation", aggregate.StandardDeviation);
        WriteNumber(writer, "p50", aggregate.Quantile(0.5));
        WriteNumber(writer, "p95", aggregate.Quantile(0.95));
        WriteNumber(writer, "p99", aggregate.Quantile(0.99));
    }

    // A sum of finite values may be infinite.
    private static void WriteNumber(Utf8JsonWriter writer, string name, double value)
    {
        writer.WritePropertyName(name);
        JsonLines.WriteNumber(writer, value);
    }

    private static void WritePoint(Utf8JsonWriter writer, Chunk chunk, int index, long wallOffset, Names names)
    {
        writer.WriteStartObject();
        writer.WriteString(
            RecordKeys.Timestamp,
            new DateTime(
                Math.Clamp(chunk.Timestamps[index] + wallOffset, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks),
                DateTimeKind.Utc));
        writer.WriteNumber(RecordKeys.Value, chunk.Values[index]);
        if (chunk.ModelIds[index] != NameTable.None)
            writer.WriteString(RecordKeys.ModelName, names.Models[chunk.ModelIds[index]]);
        writer.WriteEndObject();
    }

    private static void WriteTokens(Utf8JsonWriter writer, TokenUsageReport tokens)
    {
        writer.WriteStartObject("token_usage");
        writer.WriteStartArray("by_model");
        foreach (ModelTokenUsage usage in tokens.ByModel)
        {
            writer.WriteStartObject();
            writer.WriteString(RecordKeys.ModelName, usage.ModelName);
            writer.WriteNumber("prompt_tokens", usage.PromptTokens);
            writer.WriteNumber("completion_tokens", usage.CompletionTokens);
            writer.WriteNumber("total_tokens", usage.TotalTokens);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("total_prompt_tokens", tokens.TotalPromptTokens);
        writer.WriteNumber("total_completion_tokens", tokens.TotalCompletionTokens);
        writer.WriteNumber("total_tokens", tokens.TotalTokens);
        writer.WriteEndObject();
    }
}
