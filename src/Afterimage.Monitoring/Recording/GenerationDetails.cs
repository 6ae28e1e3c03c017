namespace Afterimage.Monitoring;

/// <summary>What is known about a finished generation beside its duration and outcome. Every property is optional.</summary>
/// <remarks>
/// Names follow the OpenTelemetry semantic conventions for generative AI
/// (<see href="https://opentelemetry.io/docs/specs/semconv/gen-ai/"/>) where those have a term.
/// An empty string counts as not given.
/// </remarks>
public readonly record struct GenerationDetails
{
    /// <summary>The model that answered (<c>gen_ai.response.model</c>), such as <c>gpt-4o-2024-08-06</c>.
    /// Token counts of a generation without a model count under <c>unknown</c>.</summary>
    public string? ModelName { get; init; }

    /// <summary>Tokens in the prompt, cached ones included (<c>gen_ai.usage.input_tokens</c>). Not negative.</summary>
    public long? PromptTokenCount { get; init; }

    /// <summary>Tokens in the completion, reasoning included (<c>gen_ai.usage.output_tokens</c>). Not negative.</summary>
    public long? CompletionTokenCount { get; init; }

    /// <summary>Prompt and completion tokens together. Where it is not given, the sum of the two stands for it. Not negative.</summary>
    public long? TotalTokenCount { get; init; }

    /// <summary>The part of the prompt that the provider served from its cache. Not negative.</summary>
    public long? CachedPromptTokenCount { get; init; }

    /// <summary>The part of the completion that the model spent on reasoning. Not negative.</summary>
    public long? ReasoningTokenCount { get; init; }

    /// <summary>Why the model stopped (<c>gen_ai.response.finish_reasons</c>), such as <c>stop</c> or <c>length</c>.</summary>
    public string? FinishReason { get; init; }

    /// <summary>What went wrong, as a type name or a message. Set, it makes the generation's <c>error_rate</c> point 1.</summary>
    public string? Error { get; init; }

    /// <summary>Turns in the conversation so far. Not negative.</summary>
    public int? ConversationLength { get; init; }

    /// <summary>From the request to the first token of the answer. Zero to 366 days.</summary>
    public TimeSpan? TimeToFirstToken { get; init; }

    /// <summary>Who served the model (<c>gen_ai.provider.name</c>), such as <c>openai</c>.</summary>
    public string? Provider { get; init; }

    /// <summary>What was asked of it (<c>gen_ai.operation.name</c>), such as <c>chat</c> or <c>embeddings</c>.</summary>
    public string? Operation { get; init; }

    /// <summary>When the generation ended. Default: now, by the monitor's clock. Stored as UTC.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>
    /// Anything else worth keeping. Keys are not null or empty; of a key that is given twice the last value counts.
    /// A value that is no JSON scalar is kept as its invariant text. Telemetry takes attributes from tags of their names: <c>gen_ai.request.model</c>, <c>server.address</c>,
    /// <c>server.port</c>, and of a generation with an <see cref="Error"/> <c>error.type</c>; and the mean seconds between chunks from <c>time_per_output_chunk</c>.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, object?>>? Tags { get; init; }
}
