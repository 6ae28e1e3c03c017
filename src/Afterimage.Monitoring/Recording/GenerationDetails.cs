using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring;

/// <summary>What is known about a finished generation besides its duration and outcome. Every property is optional.</summary>
/// <remarks>
/// Names follow the OpenTelemetry semantic conventions for generative AI
/// (<see href="https://opentelemetry.io/docs/specs/semconv/gen-ai/"/>) if they have a term. An empty string counts as not given.
/// </remarks>
public readonly record struct GenerationDetails
{
    /// <summary>The highest count of tokens of a call, 10^15. One above it is refused as absurd, and lines with one are skipped by
    /// readers.</summary>
    public const long MaxTokenCount = RecordSchema.HighestCount;

    // What is not in RecordFields, which takes the lower half.
    private const int HasProvider = 1 << 16;
    private const int HasOperation = 1 << 17;
    private const int HasError = 1 << 18;
    private const int HasTags = 1 << 19;
    private const int HasReservation = 1 << 20;
    private const int HasExtras = 1 << 21;
    private const int Plain = (int)(RecordFields.PromptTokens | RecordFields.CompletionTokens | RecordFields.TotalTokens);

    // One field holds the flags of all given values, in the record's own format. A nullable would have a flag of its own, and reading one
    // that was not given is expensive: a caller zeroes this struct with 64-byte stores, and the processor stalls on reading a part of a
    // store that it has just made.
    private readonly int _given;
    private readonly int _conversationLength;
    private readonly long _promptTokens;
    private readonly long _completionTokens;
    private readonly long _totalTokens;
    private readonly long _cachedPromptTokens;
    private readonly long _reasoningTokens;
    private readonly TimeSpan _timeToFirstToken;
    private readonly DateTimeOffset _timestamp;
    private readonly IReadOnlyList<KeyValuePair<string, object?>>? _tags;
    private readonly string? _operation;
    private readonly string? _provider;
    private readonly string? _error;
    private readonly BudgetReservation? _reservation;
    private readonly RecordExtras? _extras;

    /// <summary>The model that answered (<c>gen_ai.response.model</c>), such as <c>gpt-4o-2024-08-06</c>. Tokens of a generation without a
    /// model are counted under <c>unknown</c>.</summary>
    public string? ModelName { get; init; }

    /// <summary>Tokens in the prompt, cached ones included (<c>gen_ai.usage.input_tokens</c>). 0 to <see cref="MaxTokenCount"/>.</summary>
    public long? PromptTokenCount
    {
        get => Has(RecordFields.PromptTokens) ? _promptTokens : null;
        init => (_given, _promptTokens) = (With((int)RecordFields.PromptTokens, value.HasValue), value.GetValueOrDefault());
    }

    /// <summary>Tokens in the completion, reasoning included (<c>gen_ai.usage.output_tokens</c>). 0 to
    /// <see cref="MaxTokenCount"/>.</summary>
    public long? CompletionTokenCount
    {
        get => Has(RecordFields.CompletionTokens) ? _completionTokens : null;
        init => (_given, _completionTokens) = (With((int)RecordFields.CompletionTokens, value.HasValue), value.GetValueOrDefault());
    }

    /// <summary>Prompt and completion tokens together. Where it is not given, the sum of the two stands for it. 0 to
    /// <see cref="MaxTokenCount"/>.</summary>
    public long? TotalTokenCount
    {
        get => Has(RecordFields.TotalTokens) ? _totalTokens : null;
        init => (_given, _totalTokens) = (With((int)RecordFields.TotalTokens, value.HasValue), value.GetValueOrDefault());
    }

    /// <summary>The part of the prompt that the provider served from its cache. 0 to <see cref="MaxTokenCount"/>.</summary>
    public long? CachedPromptTokenCount
    {
        get => Has(RecordFields.CachedPromptTokens) ? _cachedPromptTokens : null;
        init => (_given, _cachedPromptTokens) = (With((int)RecordFields.CachedPromptTokens, value.HasValue), value.GetValueOrDefault());
    }

    /// <summary>The part of the completion that the model spent on reasoning. 0 to <see cref="MaxTokenCount"/>.</summary>
    public long? ReasoningTokenCount
    {
        get => Has(RecordFields.ReasoningTokens) ? _reasoningTokens : null;
        init => (_given, _reasoningTokens) = (With((int)RecordFields.ReasoningTokens, value.HasValue), value.GetValueOrDefault());
    }

    /// <summary>Why the model stopped (<c>gen_ai.response.finish_reasons</c>), such as <c>stop</c> or <c>length</c>.</summary>
    public string? FinishReason { get; init; }

    /// <summary>What went wrong, as a type name or a message. If set, the generation's <c>error_rate</c> point is 1.</summary>
    public string? Error
    {
        get => _error;
        init => (_given, _error) = (With(HasError, value is not null), value);
    }

    /// <summary>The number of turns in the conversation so far. Must not be negative.</summary>
    public int? ConversationLength
    {
        get => Has(RecordFields.ConversationLength) ? _conversationLength : null;
        init => (_given, _conversationLength) = (With((int)RecordFields.ConversationLength, value.HasValue), value.GetValueOrDefault());
    }

    /// <summary>The time from the request to the first token of the answer. Must be from zero to 366 days.</summary>
    public TimeSpan? TimeToFirstToken
    {
        get => Has(RecordFields.TimeToFirstToken) ? _timeToFirstToken : null;
        init => (_given, _timeToFirstToken) = (With((int)RecordFields.TimeToFirstToken, value.HasValue), value.GetValueOrDefault());
    }

    /// <summary>The provider that served the model (<c>gen_ai.provider.name</c>), such as <c>openai</c>.</summary>
    public string? Provider
    {
        get => _provider;
        init => (_given, _provider) = (With(HasProvider, value is not null), value);
    }

    /// <summary>The operation that was requested (<c>gen_ai.operation.name</c>), such as <c>chat</c> or <c>embeddings</c>.</summary>
    public string? Operation
    {
        get => _operation;
        init => (_given, _operation) = (With(HasOperation, value is not null), value);
    }

    /// <summary>The time at which the generation ended. Default: now, by the monitor's clock. Stored as UTC.</summary>
    public DateTimeOffset? Timestamp
    {
        get => Has(RecordFields.GivenTimestamp) ? _timestamp : null;
        init => (_given, _timestamp) = (With((int)RecordFields.GivenTimestamp, value.HasValue), value.GetValueOrDefault());
    }

    /// <summary>
    /// Further data. Keys must not be null or empty; if a key is given twice, the last value counts. Lists, dictionaries and JSON
    /// (<see cref="System.Text.Json.JsonElement"/>, nodes and documents) are kept as JSON, up to 1,000 values and a depth of 8. Any other
    /// value that is not a JSON scalar, such as a date or an enum, is kept as its invariant text. Telemetry takes the attributes
    /// <c>gen_ai.request.model</c>, <c>server.address</c> and <c>server.port</c> from the tags of these names, <c>error.type</c> too for a
    /// generation with an <see cref="Error"/>, and the mean time between chunks, in seconds, from <c>time_per_output_chunk</c>.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, object?>>? Tags
    {
        get => _tags;
        init => (_given, _tags) = (With(HasTags, value is not null), value);
    }

    /// <summary>The call's reservation in the monitor's budgets. It is released at the moment when the call is counted; a reservation of
    /// another monitor is ignored. Not written to the log.</summary>
    public BudgetReservation? Reservation
    {
        get => _reservation;
        init => (_given, _reservation) = (With(HasReservation, value is not null), value);
    }

    /// <summary>The part of the prompt that the provider wrote to its cache (<c>gen_ai.usage.cache_write.input_tokens</c>). 0 to
    /// <see cref="MaxTokenCount"/>.</summary>
    public long? CacheWriteTokenCount
    {
        get => RecordExtras.Count(Extras, RecordSchema.CacheWriteTokenCount);
        init => Extras = RecordExtras.With(Extras, RecordSchema.CacheWriteTokenCount, value);
    }

    /// <summary>The part of <see cref="CacheWriteTokenCount"/> that is kept for an hour, which Anthropic charges more for. 0 to
    /// <see cref="MaxTokenCount"/>.</summary>
    public long? CacheWriteOneHourTokenCount
    {
        get => RecordExtras.Count(Extras, RecordSchema.CacheWriteOneHourTokenCount);
        init => Extras = RecordExtras.With(Extras, RecordSchema.CacheWriteOneHourTokenCount, value);
    }

    /// <summary>The part of the prompt that is audio. 0 to <see cref="MaxTokenCount"/>.</summary>
    public long? AudioPromptTokenCount
    {
        get => RecordExtras.Count(Extras, RecordSchema.AudioPromptTokenCount);
        init => Extras = RecordExtras.With(Extras, RecordSchema.AudioPromptTokenCount, value);
    }

    /// <summary>The part of the completion that is audio. 0 to <see cref="MaxTokenCount"/>.</summary>
    public long? AudioCompletionTokenCount
    {
        get => RecordExtras.Count(Extras, RecordSchema.AudioCompletionTokenCount);
        init => Extras = RecordExtras.With(Extras, RecordSchema.AudioCompletionTokenCount, value);
    }

    /// <summary>The part of the completion that is images. 0 to <see cref="MaxTokenCount"/>.</summary>
    public long? ImageCompletionTokenCount
    {
        get => RecordExtras.Count(Extras, RecordSchema.ImageCompletionTokenCount);
        init => Extras = RecordExtras.With(Extras, RecordSchema.ImageCompletionTokenCount, value);
    }

    /// <summary>The model that was requested (<c>gen_ai.request.model</c>), if the answer names another.</summary>
    public string? RequestModel
    {
        get => RecordExtras.Text(Extras, RecordSchema.RequestModel);
        init => Extras = RecordExtras.With(Extras, RecordSchema.RequestModel, value);
    }

    /// <summary>The provider's response ID (<c>gen_ai.response.id</c>), which evaluations and feedback refer to.</summary>
    public string? Id
    {
        get => RecordExtras.Text(Extras, RecordSchema.Id);
        init => Extras = RecordExtras.With(Extras, RecordSchema.Id, value);
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

    /// <summary>Whether the provider reported no usage for a call that must have had some. <see langword="null"/>: unknown.</summary>
    public bool? UsageMissing
    {
        get => RecordExtras.Count(Extras, RecordSchema.UsageMissing) is { } flag ? flag != 0 : null;
        init => Extras = RecordExtras.With(Extras, RecordSchema.UsageMissing, value is { } flag ? (flag ? 1 : 0) : (long?)null);
    }

    /// <summary>The given values of the fields that have no member of their own.</summary>
    internal RecordExtras? Extras
    {
        get => _extras;
        private init => (_given, _extras) = (With(HasExtras, value is not null), value);
    }

    /// <summary>Whether at most a model, a finish reason and the three token counts are given.</summary>
    internal bool IsPlain => (_given & ~Plain) == 0;

    /// <summary>Flags that say which of the optional numbers and times are given.</summary>
    internal RecordFields Given => (RecordFields)_given;

    /// <summary>Whether a number or the time to the first token is negative, a count above <see cref="MaxTokenCount"/>, or the time longer
    /// than <paramref name="longest"/>.</summary>
    internal bool HasAbsurd(TimeSpan longest)
    {
        // What is not given is zero. Where all bits together are in range, each count is; where not, each is looked at.
        long tokens = _promptTokens | _completionTokens | _totalTokens;
        if (IsPlain)
            return (ulong)tokens > (ulong)MaxTokenCount && HasAbsurdCount();

        tokens |= _cachedPromptTokens | _reasoningTokens | (long)_conversationLength;
        return ((ulong)tokens > (ulong)MaxTokenCount && HasAbsurdCount())
            || (ulong)_timeToFirstToken.Ticks > (ulong)longest.Ticks
            || _extras?.FindAbsurd() is not null;
    }

    /// <summary>Copies the optional numbers into a record.</summary>
    internal void CopyTo(ref Record record)
    {
        record.PromptTokens = _promptTokens;
        record.CompletionTokens = _completionTokens;
        record.TotalTokens = _totalTokens;
        if (IsPlain)
        {
            record.TimeToFirstToken = 0;
            record.CachedPromptTokens = 0;
            record.ReasoningTokens = 0;
            record.ConversationLength = 0;
        }
        else
        {
            record.TimeToFirstToken = _timeToFirstToken.Ticks;
            record.CachedPromptTokens = _cachedPromptTokens;
            record.ReasoningTokens = _reasoningTokens;
            record.ConversationLength = _conversationLength;
        }
    }

    private bool HasAbsurdCount()
    {
        const ulong Max = MaxTokenCount;
        return (ulong)_promptTokens > Max || (ulong)_completionTokens > Max || (ulong)_totalTokens > Max
            || (ulong)_cachedPromptTokens > Max || (ulong)_reasoningTokens > Max || _conversationLength < 0;
    }

    private bool Has(RecordFields field) => (_given & (int)field) != 0;

    private int With(int flag, bool isGiven) => isGiven ? _given | flag : _given & ~flag;
}
