using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The spans that a sender's directory has records of.</summary>
internal static class RecordedSpans
{
    /// <summary>The tag that says which spans were merged into a generation.</summary>
    public const string MergedTag = "merged_span_ids";

    /// <summary>Exporters send a body again for minutes, not for days: what is older cannot come again.</summary>
    private const long MaxBytes = 64 << 20;

    /// <exception cref="IOException">A file cannot be read.</exception>
    public static void AddTo(SpanMemory memory, string directory)
    {
        long left = MaxBytes;
        foreach (string file in RecordFiles.Find(directory).Where(file => !RecordFiles.IsCompacted(file)).Reverse())
        {
            long length = new FileInfo(file).Length;
            using var reader = new RecordReader(file, start: Math.Max(0, length - left));
            while (reader.Read())
                Add(memory, reader.Record);
            left -= length;
            if (left <= 0)
                return;
        }
    }

    private static void Add(SpanMemory memory, RecordLine record)
    {
        if (record.Event == RecordEvents.Evaluation)
        {
            memory.Add(
                SpanKey.OfEvaluation(
                    record.Timestamp,
                    Text(record, RecordSchema.EvaluatorType) ?? "",
                    Text(record, RecordSchema.GenerationId),
                    Text(record, RecordSchema.TraceId),
                    Text(record, RecordSchema.SpanId)));
            return;
        }

        if (!record.Has(RecordSchema.TraceId) || !record.Has(RecordSchema.SpanId))
            return;
        SpanKey key = SpanKey.Parse(record.Text(RecordSchema.TraceId), record.Text(RecordSchema.SpanId));
        if (!key.IsValid)
            return;

        memory.Add(key);
        if (!record.Has(RecordSchema.Tags) || record.Text(RecordSchema.Tags).IndexOf("merged_span_ids"u8) < 0)
            return;
        using JsonDocument tags = JsonDocument.Parse(record.Text(RecordSchema.Tags).ToArray());
        if (!tags.RootElement.TryGetProperty(MergedTag, out JsonElement merged) || merged.ValueKind != JsonValueKind.String)
            return;
        foreach (string span in merged.GetString()!.Split(','))
            memory.Add(key.WithSpan(SpanKey.ParseSpan(Encoding.ASCII.GetBytes(span))));
    }

    private static string? Text(RecordLine record, RecordField field) =>
        record.Has(field) ? Encoding.UTF8.GetString(record.Text(field)) : null;
}
