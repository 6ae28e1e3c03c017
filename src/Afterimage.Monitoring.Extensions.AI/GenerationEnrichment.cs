using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>A call that has ended, to whose record <see cref="GenerationMonitorMiddlewareOptions.Enrich"/> can add tags.</summary>
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

    /// <summary>The request: the messages of a chat, the inputs of embeddings, the audio stream, or an
    /// <see cref="ImageGenerationRequest"/>.</summary>
    public object? Request { get; }

    /// <summary>The messages of a chat; otherwise, <see langword="null"/>.</summary>
    public IReadOnlyCollection<ChatMessage>? Messages => Request as IReadOnlyCollection<ChatMessage>;

    /// <summary>The options of the call, of the type that its client takes; <see langword="null"/> if there were none.</summary>
    public object? Options { get; }

    /// <summary>The options of a chat; otherwise, <see langword="null"/>.</summary>
    public ChatOptions? ChatOptions => Options as ChatOptions;

    /// <summary>
    /// The provider's response, of the type that its client returns. For a stream, the updates received, combined. <see langword="null"/>
    /// if there was no response.
    /// </summary>
    public object? Response { get; }

    /// <summary>The response of a chat; otherwise, <see langword="null"/>.</summary>
    public ChatResponse? ChatResponse => Response as ChatResponse;

    /// <summary>The exception that the call threw; <see langword="null"/> if it threw none, or if its caller abandoned it.</summary>
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
                    $"{nameof(CacheWriteOneHourTokenCount)} must be from 0 to {GenerationDetails.MaxTokenCount}.");
            }

            field = value;
        }
    }

    /// <summary>Sets a tag of the call's record, replacing any tag with the same key.</summary>
    /// <param name="key">The key of the tag. Must not be empty.</param>
    /// <param name="value">The value of the tag.</param>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="key"/> is empty.</exception>
    public void SetTag(string key, object? value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        _setTag(key, value);
    }
}
