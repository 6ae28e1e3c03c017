using System.Diagnostics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring;

/// <summary>A record as a handler sees it: a generation, an evaluation or a single metric point. It is a view that is valid only during the
/// call, except that the records of <see cref="InMemoryRecords"/> stay valid.</summary>
public readonly struct MetricRecord
{
    private readonly Record[] _records;
    private readonly int _index;

    internal MetricRecord(Record[] records, int index, Names names)
    {
        _records = records;
        _index = index;
        Names = names;
    }

    /// <summary>The kind of the record.</summary>
    public MetricRecordKind Kind => Record.Kind switch
    {
        RecordKind.Evaluation => MetricRecordKind.Evaluation,
        RecordKind.Metric => MetricRecordKind.Metric,
        _ => MetricRecordKind.Generation,
    };

    /// <summary>The time of the record, in UTC.</summary>
    public DateTimeOffset Timestamp => new(Record.Timestamp, TimeSpan.Zero);

    /// <summary>The duration of the generation or evaluation; zero for a metric point.</summary>
    public TimeSpan Duration => TimeSpan.FromTicks(Record.Duration);

    /// <summary>Whether the generation or evaluation succeeded; <see langword="false"/> for a metric point.</summary>
    public bool Success => Record.Has(RecordFields.Success);

    /// <summary>The model, or <see langword="null"/>.</summary>
    public string? ModelName => Name(Names.Models, Record.ModelId, Record.Details?.ModelName);

    /// <summary>Prompt tokens, or <see langword="null"/>.</summary>
    public long? PromptTokenCount => Optional(RecordFields.PromptTokens, Record.PromptTokens);

    /// <summary>Completion tokens, or <see langword="null"/>.</summary>
    public long? CompletionTokenCount => Optional(RecordFields.CompletionTokens, Record.CompletionTokens);

    /// <summary>Total tokens as given, or <see langword="null"/>.</summary>
    public long? TotalTokenCount => Optional(RecordFields.TotalTokens, Record.TotalTokens);

    /// <summary>Cached prompt tokens, or <see langword="null"/>.</summary>
    public long? CachedPromptTokenCount => Optional(RecordFields.CachedPromptTokens, Record.CachedPromptTokens);

    /// <summary>Reasoning tokens, or <see langword="null"/>.</summary>
    public long? ReasoningTokenCount => Optional(RecordFields.ReasoningTokens, Record.ReasoningTokens);

    /// <summary>The cost of the call in US dollars, or <see langword="null"/> if it is unknown or the monitor has no
    /// <see cref="GenerationMonitorOptions.Pricing"/>.</summary>
    public double? CostUsd => Record.Has(RecordFields.Cost) ? Record.Value : null;

    /// <summary>Tokens of the call for which the monitor's <see cref="GenerationMonitorOptions.Pricing"/> has no price, or
    /// <see langword="null"/>.</summary>
    public long? UnpricedTokenCount => Record.Has(RecordFields.Unpriced) ? (long)Record.Value : null;

    /// <summary>The finish reason, or <see langword="null"/>.</summary>
    public string? FinishReason => Name(Names.FinishReasons, Record.FinishReasonId, Record.Details?.FinishReason);

    /// <summary>The error, or <see langword="null"/>.</summary>
    public string? Error => Record.Details?.Error;

    /// <summary>Turns in the conversation, or <see langword="null"/>.</summary>
    public int? ConversationLength => Record.Has(RecordFields.ConversationLength) ? Record.ConversationLength : null;

    /// <summary>Time to the first token, or <see langword="null"/>.</summary>
    public TimeSpan? TimeToFirstToken => Record.Has(RecordFields.TimeToFirstToken) ? TimeSpan.FromTicks(Record.TimeToFirstToken) : null;

    /// <summary>The provider, or <see langword="null"/>.</summary>
    public string? Provider => Name(Names.Labels, Record.ProviderId, Record.Details?.Provider);

    /// <summary>The operation, or <see langword="null"/>.</summary>
    public string? Operation => Name(Names.Labels, Record.OperationId, Record.Details?.Operation);

    /// <summary>The part of the prompt that the provider wrote to its cache (<c>gen_ai.usage.cache_write.input_tokens</c>), or
    /// <see langword="null"/>.</summary>
    public long? CacheWriteTokenCount => RecordExtras.Count(Record.Details?.Extras, RecordSchema.CacheWriteTokenCount);

    /// <summary>The part of <see cref="CacheWriteTokenCount"/> that is kept for an hour, or <see langword="null"/>.</summary>
    public long? CacheWriteOneHourTokenCount => RecordExtras.Count(Record.Details?.Extras, RecordSchema.CacheWriteOneHourTokenCount);

    /// <summary>The part of the prompt that is audio, or <see langword="null"/>.</summary>
    public long? AudioPromptTokenCount => RecordExtras.Count(Record.Details?.Extras, RecordSchema.AudioPromptTokenCount);

    /// <summary>The part of the completion that is audio, or <see langword="null"/>.</summary>
    public long? AudioCompletionTokenCount => RecordExtras.Count(Record.Details?.Extras, RecordSchema.AudioCompletionTokenCount);

    /// <summary>The part of the completion that is images, or <see langword="null"/>.</summary>
    public long? ImageCompletionTokenCount => RecordExtras.Count(Record.Details?.Extras, RecordSchema.ImageCompletionTokenCount);

    /// <summary>The model that was requested (<c>gen_ai.request.model</c>) if the answer names another, or
    /// <see langword="null"/>.</summary>
    public string? RequestModel => RecordExtras.Text(Record.Details?.Extras, RecordSchema.RequestModel);

    /// <summary>The provider's response ID (<c>gen_ai.response.id</c>), which evaluations and feedback refer to, or
    /// <see langword="null"/>.</summary>
    public string? Id => RecordExtras.Text(Record.Details?.Extras, RecordSchema.Id);

    /// <summary>The <see cref="GenerationDetails.Id"/> of the generation that was judged, or <see langword="null"/>.</summary>
    public string? GenerationId => RecordExtras.Text(Record.Details?.Extras, RecordSchema.GenerationId);

    /// <summary>The trace that the call belongs to, as 32 hexadecimal digits, or <see langword="null"/>.</summary>
    public string? TraceId => RecordExtras.Text(Record.Details?.Extras, RecordSchema.TraceId);

    /// <summary>The span that the call belongs to, as 16 hexadecimal digits, or <see langword="null"/>.</summary>
    public string? SpanId => RecordExtras.Text(Record.Details?.Extras, RecordSchema.SpanId);

    /// <summary>Whether the provider reported no usage for a call that must have had some, or <see langword="null"/>.</summary>
    public bool? UsageMissing => RecordExtras.Count(Record.Details?.Extras, RecordSchema.UsageMissing) is { } flag ? flag != 0 : null;

    /// <summary>The evaluator of an evaluation; otherwise, <see langword="null"/>.</summary>
    public string? EvaluatorType =>
        Record.Kind == RecordKind.Evaluation ? Name(Names.Labels, Record.NameId, Record.Details?.Name) : null;

    /// <summary>The metric name of a single metric point; otherwise, <see langword="null"/>.</summary>
    public string? MetricName => Record.Kind == RecordKind.Metric ? Name(Names.Metrics, Record.NameId, Record.Details?.Name) : null;

    /// <summary>The value of a single metric point, in the metric's unit; otherwise, 0.</summary>
    public double Value => Record.Kind == RecordKind.Metric ? Record.Value : 0;

    /// <summary>The scores of an evaluation; otherwise, empty. Reading this property allocates memory.</summary>
    public IReadOnlyList<KeyValuePair<string, EvaluationScore>> Scores =>
        Record.Details?.Scores is { } scores
            ? [.. scores.Select(s => KeyValuePair.Create(s.Name, new EvaluationScore(s.Score, s.Feedback)))]
            : [];

    /// <summary>The tags of a generation or evaluation, or the metadata of a metric point. Keys are distinct. A value is null, a string, a
    /// bool, a long, a ulong, a decimal or a double; a list or a dictionary is a <see cref="System.Text.Json.JsonElement"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>> Tags => Record.Details?.Tags ?? [];

    /// <summary>The activity in which the record was made, if there was a listener for spans.</summary>
    internal Activity? Activity => Record.Details?.Activity;

    internal ReadOnlySpan<RecordExtras.Value> Extras => Record.Details?.Extras is { } extras ? extras.Values : [];

    internal ref readonly Record Record => ref _records[_index];

    internal Names Names { get; }

    /// <summary>Copies the record into memory of its own.</summary>
    internal MetricRecord Copy() => new([_records[_index]], 0, Names);

    private static string? Name(NameTable table, int id, string? trueName) => id switch
    {
        NameTable.None => null,
        NameTable.Overflow => trueName ?? table[id],
        _ => table[id],
    };

    private long? Optional(RecordFields field, long value) => Record.Has(field) ? value : null;
}
