using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring;

/// <summary>What is known about a finished evaluation besides its duration, outcome and scores. Every property is optional.</summary>
/// <remarks>An empty string counts as not given. Tokens spent on an evaluation count in the token metrics and totals like any
/// others.</remarks>
public readonly record struct EvaluationDetails
{
    /// <summary>What went wrong. If set, the evaluation's <c>evaluation_error_rate</c> point is 1.</summary>
    public string? Error { get; init; }

    /// <summary>The model that judged, if the evaluator is a model.</summary>
    public string? ModelName { get; init; }

    /// <summary>Tokens in the judge's prompt. 0 to <see cref="GenerationDetails.MaxTokenCount"/>.</summary>
    public long? PromptTokenCount { get; init; }

    /// <summary>Tokens in the judge's answer. 0 to <see cref="GenerationDetails.MaxTokenCount"/>.</summary>
    public long? CompletionTokenCount { get; init; }

    /// <summary>Prompt and completion tokens together. Where it is not given, the sum of the two stands for it. 0 to
    /// <see cref="GenerationDetails.MaxTokenCount"/>.</summary>
    public long? TotalTokenCount { get; init; }

    /// <summary>The time at which the evaluation ended. Default: now, by the monitor's clock. Stored as UTC.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Further data, under the rules of <see cref="GenerationDetails.Tags"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, object?>>? Tags { get; init; }

    /// <inheritdoc cref="GenerationDetails.Reservation"/>
    public BudgetReservation? Reservation { get; init; }

    /// <summary>The part of the prompt that the provider wrote to its cache (<c>gen_ai.usage.cache_write.input_tokens</c>). 0 to
    /// <see cref="GenerationDetails.MaxTokenCount"/>.</summary>
    public long? CacheWriteTokenCount
    {
        get => RecordExtras.Count(Extras, RecordSchema.CacheWriteTokenCount);
        init => Extras = RecordExtras.With(Extras, RecordSchema.CacheWriteTokenCount, value);
    }

    /// <summary>The part of <see cref="CacheWriteTokenCount"/> that is kept for an hour, which Anthropic charges more for. 0 to
    /// <see cref="GenerationDetails.MaxTokenCount"/>.</summary>
    public long? CacheWriteOneHourTokenCount
    {
        get => RecordExtras.Count(Extras, RecordSchema.CacheWriteOneHourTokenCount);
        init => Extras = RecordExtras.With(Extras, RecordSchema.CacheWriteOneHourTokenCount, value);
    }

    /// <summary>The provider's response ID (<c>gen_ai.response.id</c>), which evaluations and feedback refer to.</summary>
    public string? Id
    {
        get => RecordExtras.Text(Extras, RecordSchema.Id);
        init => Extras = RecordExtras.With(Extras, RecordSchema.Id, value);
    }

    /// <summary>The <see cref="GenerationDetails.Id"/> of the generation that was judged.</summary>
    public string? GenerationId
    {
        get => RecordExtras.Text(Extras, RecordSchema.GenerationId);
        init => Extras = RecordExtras.With(Extras, RecordSchema.GenerationId, value);
    }

    /// <summary>The trace that the call belongs to, as 32 hexadecimal digits.</summary>
    public string? TraceId
    {
        get => RecordExtras.Text(Extras, RecordSchema.TraceId);
        init => Extras = RecordExtras.With(Extras, RecordSchema.TraceId, value);
    }

    /// <summary>The span that the call belongs to, as 16 hexadecimal digits.</summary>
    public string? SpanId
    {
        get => RecordExtras.Text(Extras, RecordSchema.SpanId);
        init => Extras = RecordExtras.With(Extras, RecordSchema.SpanId, value);
    }

    /// <summary>The given values of the fields that have no member of their own.</summary>
    internal RecordExtras? Extras { get; private init; }
}
