using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Writing;

/// <summary>Records as the lines of <c>metrics.jsonl</c>. Interned names are escaped once and kept.</summary>
internal sealed class RecordJson(Names names, TextLimit limit)
{
    private static readonly JsonEncodedText Event = JsonEncodedText.Encode(RecordKeys.Event);
    private static readonly JsonEncodedText Generation = JsonEncodedText.Encode("generation");
    private static readonly JsonEncodedText Evaluation = JsonEncodedText.Encode("evaluation");
    private static readonly JsonEncodedText Metric = JsonEncodedText.Encode("metric");
    private static readonly JsonEncodedText Duration = JsonEncodedText.Encode(RecordKeys.Duration);
    private static readonly JsonEncodedText Success = JsonEncodedText.Encode(RecordKeys.Success);
    private static readonly JsonEncodedText ModelName = JsonEncodedText.Encode(RecordKeys.ModelName);
    private static readonly JsonEncodedText PromptTokenCount = JsonEncodedText.Encode(RecordKeys.PromptTokenCount);
    private static readonly JsonEncodedText CompletionTokenCount = JsonEncodedText.Encode(RecordKeys.CompletionTokenCount);
    private static readonly JsonEncodedText TotalTokenCount = JsonEncodedText.Encode(RecordKeys.TotalTokenCount);
    private static readonly JsonEncodedText CachedPromptTokenCount = JsonEncodedText.Encode(RecordKeys.CachedPromptTokenCount);
    private static readonly JsonEncodedText ReasoningTokenCount = JsonEncodedText.Encode(RecordKeys.ReasoningTokenCount);
    private static readonly JsonEncodedText CostUsd = JsonEncodedText.Encode(RecordKeys.CostUsd);
    private static readonly JsonEncodedText UnpricedTokenCount = JsonEncodedText.Encode(RecordKeys.UnpricedTokenCount);
    private static readonly JsonEncodedText FinishReason = JsonEncodedText.Encode(RecordKeys.FinishReason);
    private static readonly JsonEncodedText ConversationLength = JsonEncodedText.Encode(RecordKeys.ConversationLength);
    private static readonly JsonEncodedText TimeToFirstToken = JsonEncodedText.Encode(RecordKeys.TimeToFirstToken);
    private static readonly JsonEncodedText Provider = JsonEncodedText.Encode(RecordKeys.Provider);
    private static readonly JsonEncodedText Operation = JsonEncodedText.Encode(RecordKeys.Operation);
    private static readonly JsonEncodedText EvaluatorType = JsonEncodedText.Encode(RecordKeys.EvaluatorType);

    private readonly EncodedNames _models = new(names.Models, limit);
    private readonly EncodedNames _finishReasons = new(names.FinishReasons, limit);
    private readonly EncodedNames _labels = new(names.Labels, limit);

    public Names Names => names;

    public static void WriteMetric(
        Utf8JsonWriter writer,
        TextLimit limit,
        string metricName,
        double value,
        IReadOnlyDictionary<string, object?> metadata)
    {
        DateTimeOffset timestamp = metadata.TryGetValue(RecordKeys.Timestamp, out object? given) && given is DateTimeOffset time
            ? time
            : TimeProvider.System.GetUtcNow();
        KeyValuePair<string, object?>[] values =
        [
            .. metadata.Where(m => m.Key != RecordKeys.Timestamp).Select(m => KeyValuePair.Create(m.Key, Scalar.Of(m.Value))),
        ];
        limit.Begin();
        limit.Count(metricName);
        limit.Count(values);
        limit.Decide();
        JsonLines.WriteTimestamp(writer, timestamp);
        writer.WriteString(Event, Metric);
        WriteNamedValue(writer, limit.Of(metricName), value);
        JsonLines.WriteObject(writer, RecordKeys.Metadata, values, limit);
    }

    public void Write(Utf8JsonWriter writer, MetricRecord record)
    {
        limit.Begin();
        if (record.Record.Details is { } details)
            Count(details);
        JsonLines.WriteTimestamp(writer, record.Timestamp);
        switch (record.Kind)
        {
            case MetricRecordKind.Evaluation:
                writer.WriteString(Event, Evaluation);
                WriteEvaluation(writer, record);
                break;
            case MetricRecordKind.Metric:
                writer.WriteString(Event, Metric);
                WriteNamedValue(writer, limit.Of(record.MetricName!), record.Value);
                if (record.Tags.Count > 0)
                    JsonLines.WriteObject(writer, RecordKeys.Metadata, record.Tags, limit);
                break;
            case MetricRecordKind.Generation:
            default:
                writer.WriteString(Event, Generation);
                WriteGeneration(writer, record);
                break;
        }
    }

    private void Count(RecordDetails details)
    {
        limit.Count(details.Error);
        limit.Count(details.Tags);
        limit.Count(details.ModelName);
        limit.Count(details.FinishReason);
        limit.Count(details.Name);
        limit.Count(details.Provider);
        limit.Count(details.Operation);
        foreach (RecordScore score in details.Scores ?? [])
        {
            limit.Count(score.Name);
            if (score.Feedback is null)
                continue;
            limit.Count(score.Name);
            limit.Count(score.Feedback);
        }

        if (details.Extras is { } extras)
        {
            foreach (RecordExtras.Value extra in extras.Values)
                limit.Count(extra.Text);
        }

        limit.Decide();
    }

    private static void WriteNamedValue(Utf8JsonWriter writer, string metricName, double value)
    {
        writer.WriteString(RecordKeys.MetricName, metricName);
        writer.WritePropertyName(RecordKeys.Value);
        JsonLines.WriteNumber(writer, value);
    }

    private void WriteGeneration(Utf8JsonWriter writer, MetricRecord record)
    {
        ref readonly Record raw = ref record.Record;
        WriteOutcome(writer, record);
        WriteOptional(writer, raw, RecordFields.CachedPromptTokens, CachedPromptTokenCount, raw.CachedPromptTokens);
        WriteOptional(writer, raw, RecordFields.ReasoningTokens, ReasoningTokenCount, raw.ReasoningTokens);
        _finishReasons.Write(writer, FinishReason, raw.FinishReasonId, raw.Details?.FinishReason);
        WriteOptional(writer, raw, RecordFields.ConversationLength, ConversationLength, raw.ConversationLength);
        if (raw.Has(RecordFields.TimeToFirstToken))
            JsonLines.WriteSeconds(writer, TimeToFirstToken, TimeSpan.FromTicks(raw.TimeToFirstToken));
        _labels.Write(writer, Provider, raw.ProviderId, raw.Details?.Provider);
        _labels.Write(writer, Operation, raw.OperationId, raw.Details?.Operation);
        if (raw.Details is not null)
            WriteDetails(writer, raw.Details);
    }

    private void WriteEvaluation(Utf8JsonWriter writer, MetricRecord record)
    {
        ref readonly Record raw = ref record.Record;
        WriteOutcome(writer, record);
        RecordDetails details = raw.Details!;
        _labels.Write(writer, EvaluatorType, raw.NameId, details.Name);

        writer.WriteStartObject(RecordKeys.Scores);
        foreach (RecordScore score in details.Scores!)
        {
            writer.WritePropertyName(limit.Of(score.Name));
            JsonLines.WriteNumber(writer, score.Score);
        }

        writer.WriteEndObject();
        if (details.Scores!.Any(s => s.Feedback is not null))
        {
            writer.WriteStartObject(RecordKeys.Feedback);
            foreach (RecordScore score in details.Scores!.Where(s => s.Feedback is not null))
                writer.WriteString(limit.Of(score.Name), limit.Of(score.Feedback!));
            writer.WriteEndObject();
        }

        WriteDetails(writer, details);
    }

    private void WriteOutcome(Utf8JsonWriter writer, MetricRecord record)
    {
        ref readonly Record raw = ref record.Record;
        JsonLines.WriteSeconds(writer, Duration, record.Duration);
        writer.WriteBoolean(Success, record.Success);
        _models.Write(writer, ModelName, raw.ModelId, raw.Details?.ModelName);
        WriteOptional(writer, raw, RecordFields.PromptTokens, PromptTokenCount, raw.PromptTokens);
        WriteOptional(writer, raw, RecordFields.CompletionTokens, CompletionTokenCount, raw.CompletionTokens);
        WriteOptional(writer, raw, RecordFields.TotalTokens, TotalTokenCount, raw.TotalTokens);
        if (record.CostUsd is { } cost)
            writer.WriteNumber(CostUsd, cost);
        WriteOptional(writer, raw, RecordFields.Unpriced, UnpricedTokenCount, record.UnpricedTokenCount ?? 0);
    }

    private void WriteDetails(Utf8JsonWriter writer, RecordDetails details)
    {
        if (details.Extras is not null)
            WriteExtras(writer, details.Extras);
        if (details.Error is not null)
            writer.WriteString(RecordKeys.Error, limit.Of(details.Error));
        if (details.Tags is not null)
            JsonLines.WriteObject(writer, RecordKeys.Tags, details.Tags, limit);
    }

    private void WriteExtras(Utf8JsonWriter writer, RecordExtras extras)
    {
        foreach (RecordExtras.Value extra in extras.Values)
        {
            if (extra.Text is { } text)
                writer.WriteString(extra.Field.Key, limit.Of(text));
            else if (extra.Field.Type == FieldType.Flag)
                writer.WriteBoolean(extra.Field.Key, extra.Count != 0);
            else
                writer.WriteNumber(extra.Field.Key, extra.Count);
        }
    }

    private static void WriteOptional(Utf8JsonWriter writer, in Record record, RecordFields field, JsonEncodedText key, long value)
    {
        if (record.Has(field))
            writer.WriteNumber(key, value);
    }

    private sealed class EncodedNames(NameTable table, TextLimit limit)
    {
        private JsonEncodedText?[] _encoded = new JsonEncodedText?[16];

        public void Write(Utf8JsonWriter writer, JsonEncodedText key, int id, string? trueName)
        {
            if (id == NameTable.None)
                return;

            if (id == NameTable.Overflow && trueName is not null)
            {
                writer.WriteString(key, limit.Of(trueName));
                return;
            }

            if (id >= _encoded.Length)
                Array.Resize(ref _encoded, Math.Max(id + 1, _encoded.Length * 2));
            // By way of UTF-8: an unpaired surrogate becomes U+FFFD, as the writer makes it, and does not throw.
            writer.WriteString(key, _encoded[id] ??= JsonEncodedText.Encode(Encoding.UTF8.GetBytes(table[id])));
        }
    }
}
