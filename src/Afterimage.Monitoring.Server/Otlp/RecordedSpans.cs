using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>The spans that are recorded in the directory of a sender.</summary>
internal static class RecordedSpans
{
    /// <summary>The tag that names the spans that were merged into a generation.</summary>
    public const string MergedTag = "merged_span_ids";

    /// <summary>The tag with the parent of a generation that was recorded before all spans above it were known.</summary>
    public const string ParentTag = "parent_span_id";

    /// <summary>The number of bytes to read back. Exporters resend a body for minutes, not for days: older spans cannot arrive
    /// again.</summary>
    private const long MaxBytes = 64 << 20;

    /// <summary>Adds the recorded spans to memory.</summary>
    /// <returns>The spans that were recorded before all spans above them were known, and above which one may still arrive.</returns>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static List<GenerationSpan> AddTo(SpanMemory memory, string directory)
    {
        List<GenerationSpan> early = [];
        long left = MaxBytes;
        foreach (string file in RecordFiles.Find(directory).Where(file => !RecordFiles.IsCompacted(file)).Reverse())
        {
            long length = new FileInfo(file).Length;
            using var reader = new RecordReader(file, start: Math.Max(0, length - left));
            while (reader.Read())
                Add(memory, early, reader.Record);
            left -= length;
            if (left <= 0)
                break;
        }

        return early;
    }

    private static void Add(SpanMemory memory, List<GenerationSpan> early, RecordLine record)
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
        if (!record.Has(RecordSchema.Tags) || record.Text(RecordSchema.Tags).IndexOf("_span_id"u8) < 0)
            return;
        using JsonDocument tags = JsonDocument.Parse(record.Text(RecordSchema.Tags).ToArray());
        foreach (string span in Tag(tags, MergedTag)?.Split(',') ?? [])
            memory.Add(key.WithSpan(SpanKey.ParseSpan(Encoding.ASCII.GetBytes(span))));
        if (Tag(tags, ParentTag) is not { } parent)
            return;
        early.Add(
            new GenerationSpan
            {
                TraceHigh = key.TraceHigh,
                TraceLow = key.TraceLow,
                Span = key.Span,
                Parent = SpanKey.ParseSpan(Encoding.ASCII.GetBytes(parent)),
                Id = Text(record, RecordSchema.Id),
                Operation = Text(record, RecordSchema.Operation),
                Model = Text(record, RecordSchema.ModelName),
            });
    }

    private static string? Tag(JsonDocument tags, string name) =>
        tags.RootElement.TryGetProperty(name, out JsonElement tag) && tag.ValueKind == JsonValueKind.String ? tag.GetString() : null;

    private static string? Text(RecordLine record, RecordField field) =>
        record.Has(field) ? Encoding.UTF8.GetString(record.Text(field)) : null;
}
