using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>One call that has ended, for <see cref="GenerationMonitorMiddlewareOptions.Enrich"/> to add tags to its record.</summary>
public sealed class GenerationEnrichment
{
    private readonly Action<string, object?> _setTag;

    internal GenerationEnrichment(object? request, object? options, object? response, Exception? exception, Action<string, object?> setTag)
    {
        Request = request;
        Options = options;
        Response = response;
        Exception = exception;
        _setTag = setTag;
    }

    /// <summary>What was sent: a chat's messages, the inputs of embeddings, the stream of audio, or an
    /// <see cref="ImageGenerationRequest"/>.</summary>
    public object? Request { get; }

    /// <summary>The messages of a chat; otherwise <see langword="null"/>.</summary>
    public IReadOnlyCollection<ChatMessage>? Messages => Request as IReadOnlyCollection<ChatMessage>;

    /// <summary>The options of the call, of the type that its client takes; <see langword="null"/> where there were none.</summary>
    public object? Options { get; }

    /// <summary>The options of a chat; otherwise <see langword="null"/>.</summary>
    public ChatOptions? ChatOptions => Options as ChatOptions;

    /// <summary>
    /// What the provider answered, of the type that its client returns; of a stream what has come, put together. <see langword="null"/>
    /// where no answer came.
    /// </summary>
    public object? Response { get; }

    /// <summary>The answer of a chat; otherwise <see langword="null"/>.</summary>
    public ChatResponse? ChatResponse => Response as ChatResponse;

    /// <summary>What the call threw; <see langword="null"/> where it did not, or was left by its caller.</summary>
    public Exception? Exception { get; }

    /// <summary>The part of the tokens written to the provider's cache that is kept for an hour, which Anthropic charges more for. Clients
    /// do not hand it over with their counts; it is in their raw representation. 0 to <see cref="GenerationDetails.MaxTokenCount"/>.
    /// Default: <see langword="null"/>, as the counts say.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is out of its range.</exception>
    public long? CacheWriteOneHourTokenCount
    {
        get;
        set
        {
            if (value is < 0 or > GenerationDetails.MaxTokenCount)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(value),
                    value,
                    $"{nameof(CacheWriteOneHourTokenCount)} is from 0 to {GenerationDetails.MaxTokenCount}.");
            }

            field = value;
        }
    }

    /// <summary>Sets a tag of the call's record. It replaces one of the same key.</summary>
    /// <param name="key">The tag's key, which must not be empty.</param>
    /// <param name="value">The tag's value.</param>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="key"/> is empty.</exception>
    public void SetTag(string key, object? value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        _setTag(key, value);
    }
}
