using System.Collections.Frozen;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>What a model charges, in US dollars per million tokens.</summary>
public sealed record ModelPrice
{
    internal const decimal Highest = 1_000_000;
    private const decimal Million = 1_000_000;

    /// <summary>Prompt tokens, US dollars per million. 0 to 1,000,000, like every price here.</summary>
    public required decimal Input { get; init; }

    /// <summary>Completion tokens, US dollars per million.</summary>
    public required decimal Output { get; init; }

    /// <summary>Prompt tokens served from the provider's cache, US dollars per million. Default: <see langword="null"/>, as
    /// <see cref="Input"/>.</summary>
    public decimal? CachedInput { get; init; }

    /// <summary>Prompt tokens written to the provider's cache, US dollars per million. Default: <see langword="null"/>, as
    /// <see cref="Input"/>.</summary>
    public decimal? CacheWrite { get; init; }

    /// <summary>Prompt tokens written to the provider's cache to be kept for an hour, US dollars per million. Default:
    /// <see langword="null"/>, not known: a call with such tokens is unpriced.</summary>
    public decimal? CacheWriteOneHour { get; init; }

    /// <summary>Completion tokens spent on reasoning, US dollars per million. Default: <see langword="null"/>, as
    /// <see cref="Output"/>.</summary>
    public decimal? Reasoning { get; init; }

    /// <summary>Prompt tokens that are audio, US dollars per million. Default: <see langword="null"/>, not known: a call with such
    /// tokens is unpriced.</summary>
    public decimal? AudioInput { get; init; }

    /// <summary>Audio in the prompt that came from the provider's cache, US dollars per million. Default: <see langword="null"/>, as
    /// <see cref="AudioInput"/>.</summary>
    public decimal? CachedAudioInput { get; init; }

    /// <summary>Completion tokens that are audio, US dollars per million. Default: <see langword="null"/>, not known: a call with such
    /// tokens is unpriced.</summary>
    public decimal? AudioOutput { get; init; }

    /// <summary>Completion tokens that are images, US dollars per million. Default: <see langword="null"/>, not known: a call with such
    /// tokens is unpriced.</summary>
    public decimal? ImageOutput { get; init; }

    /// <summary>Other prices for calls with long prompts. Default: none.</summary>
    public IReadOnlyList<LongContextPrice> LongContext { get; init; } = [];

    /// <summary>Other prices for calls of another service tier, by its name: <c>batch</c>, <c>flex</c>, <c>priority</c> or any other.
    /// Default: none.</summary>
    /// <remarks>A call says its tier by its tag <c>service_tier</c>, or OpenTelemetry's <c>openai.response.service_tier</c>. One of a tier
    /// that is not here is unpriced, as is one of a tier without <see cref="LongContext"/> whose prompt is long for the model's own.
    /// Prices that a tier does not have are not taken from the model. Service tiers of a tier are not looked at.</remarks>
    public IReadOnlyDictionary<string, ModelPrice> ServiceTiers { get; init; } = FrozenDictionary<string, ModelPrice>.Empty;

    /// <summary>Where the prices are from, such as an address or another table's entry. Default: <see langword="null"/>, nobody
    /// said.</summary>
    public string? Source { get; init; }

    /// <summary>What one call costs, exactly.</summary>
    /// <remarks>
    /// Cached and cache-write tokens are parts of the prompt, reasoning tokens are a part of the completion: each part at its own price,
    /// what remains at <see cref="Input"/> and <see cref="Output"/>. A part larger than its whole is charged as it is, and nothing remains.
    /// Tokens that are in two parts, as cached audio is, are charged once.
    /// A call whose prompt is longer than a <see cref="LongContextPrice.AbovePromptTokenCount"/> is charged at that tier's prices as a
    /// whole, as Anthropic, Google and OpenAI bill.
    /// </remarks>
    /// <param name="promptTokens">Tokens in the prompt, cached ones included. Not negative, like every count here.</param>
    /// <param name="completionTokens">Tokens in the completion, reasoning included.</param>
    /// <param name="cachedPromptTokens">The part of the prompt that came from the cache. Default: none.</param>
    /// <param name="reasoningTokens">The part of the completion that went into reasoning. Default: none.</param>
    /// <param name="cacheWriteTokens">The part of the prompt that was written to the cache. Default: none.</param>
    /// <returns>US dollars.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    public decimal Cost(
        long promptTokens,
        long completionTokens,
        long cachedPromptTokens = 0,
        long reasoningTokens = 0,
        long cacheWriteTokens = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(promptTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(completionTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(cachedPromptTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(reasoningTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(cacheWriteTokens);

        return Cost(new CallTokens
        {
            Prompt = promptTokens,
            Completion = completionTokens,
            CachedPrompt = cachedPromptTokens,
            Reasoning = reasoningTokens,
            CacheWrite = cacheWriteTokens,
        })!.Value;
    }

    /// <inheritdoc cref="Cost(long, long, long, long, long)"/>
    /// <returns>US dollars; null where the service tier, audio or images have no price here.</returns>
    internal decimal? Cost(in CallTokens tokens, string? serviceTier)
    {
        if (serviceTier is null)
            return Cost(tokens);

        decimal prompt = (decimal)tokens.Prompt + tokens.Unexplained;
        return
            !ServiceTiers.TryGetValue(serviceTier, out ModelPrice? tier)
            || (tier.LongContext.Count == 0 && LongContext.Any(other => prompt > other.AbovePromptTokenCount))
                ? null
                : tier.Cost(tokens);
    }

    private decimal? Cost(in CallTokens tokens)
    {
        ModelPrice price = this;
        long above = -1;
        decimal prompt = (decimal)tokens.Prompt + tokens.Unexplained;
        foreach (LongContextPrice tier in LongContext)
        {
            if (prompt <= tier.AbovePromptTokenCount || tier.AbovePromptTokenCount <= above)
                continue;
            price = tier.Price;
            above = tier.AbovePromptTokenCount;
        }

        if (
            (tokens.AudioPrompt > 0 && price.AudioInput is null)
            || (tokens.CacheWriteOneHour > 0 && price.CacheWriteOneHour is null)
            || (tokens.AudioCompletion > 0 && price.AudioOutput is null)
            || (tokens.ImageCompletion > 0 && price.ImageOutput is null))
            return null;

        // Where the parts are more than the prompt, audio is also among what was read from the cache or written to it.
        decimal cached = (decimal)tokens.CachedPrompt + tokens.CacheWrite;
        decimal twice = Math.Clamp(cached + tokens.AudioPrompt - tokens.Prompt, 0, Math.Min(cached, tokens.AudioPrompt));
        decimal cachedAudio = Math.Min(twice, tokens.CachedPrompt);
        decimal oneHour = Math.Min(tokens.CacheWriteOneHour, tokens.CacheWrite - (twice - cachedAudio));
        decimal shortWrite = tokens.CacheWrite - (twice - cachedAudio) - oneHour;

        decimal plainPrompt = Math.Max(0, tokens.Prompt - cached - tokens.AudioPrompt) + tokens.Unexplained;
        decimal plainCompletion = (decimal)tokens.Completion - tokens.Reasoning - tokens.AudioCompletion - tokens.ImageCompletion;
        decimal cost = (price.Input * plainPrompt)
            + (price.Output * Math.Max(0, plainCompletion))
            + ((price.CachedInput ?? price.Input) * (tokens.CachedPrompt - cachedAudio))
            + ((price.CacheWrite ?? price.Input) * shortWrite)
            + ((price.CacheWriteOneHour ?? 0) * oneHour)
            + ((price.Reasoning ?? price.Output) * tokens.Reasoning)
            + ((price.AudioInput ?? 0) * (tokens.AudioPrompt - cachedAudio))
            + ((price.CachedAudioInput ?? price.AudioInput ?? 0) * cachedAudio)
            + ((price.AudioOutput ?? 0) * tokens.AudioCompletion)
            + ((price.ImageOutput ?? 0) * tokens.ImageCompletion);
        return cost / Million;
    }
}
