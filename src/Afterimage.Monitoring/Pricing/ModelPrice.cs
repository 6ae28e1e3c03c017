using System.Collections.Frozen;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>The prices of a model, in US dollars per million tokens.</summary>
public sealed record ModelPrice
{
    internal const decimal Highest = 1_000_000;
    private const decimal Million = 1_000_000;

    /// <summary>Price of prompt tokens, in US dollars per million. Like every price here, it must be from 0 to 1,000,000.</summary>
    public required decimal Input { get; init; }

    /// <summary>Price of completion tokens, in US dollars per million.</summary>
    public required decimal Output { get; init; }

    /// <summary>Price of prompt tokens read from the provider's cache, in US dollars per million. Default: <see langword="null"/>, the same
    /// as <see cref="Input"/>.</summary>
    public decimal? CachedInput { get; init; }

    /// <summary>Price of prompt tokens written to the provider's cache, in US dollars per million. Default: <see langword="null"/>, the
    /// same as <see cref="Input"/>.</summary>
    public decimal? CacheWrite { get; init; }

    /// <summary>Price of prompt tokens written to the provider's cache for an hour, in US dollars per million. Default:
    /// <see langword="null"/>, unknown; a call with such tokens is unpriced.</summary>
    public decimal? CacheWriteOneHour { get; init; }

    /// <summary>Price of completion tokens spent on reasoning, in US dollars per million. Default: <see langword="null"/>, the same as
    /// <see cref="Output"/>.</summary>
    public decimal? Reasoning { get; init; }

    /// <summary>Price of audio tokens in the prompt, in US dollars per million. Default: <see langword="null"/>, unknown; a call with such
    /// tokens is unpriced.</summary>
    public decimal? AudioInput { get; init; }

    /// <summary>Price of audio tokens in the prompt that were read from the provider's cache, in US dollars per million. Default:
    /// <see langword="null"/>, the same as <see cref="AudioInput"/>.</summary>
    public decimal? CachedAudioInput { get; init; }

    /// <summary>Price of audio tokens in the completion, in US dollars per million. Default: <see langword="null"/>, unknown; a call with
    /// such tokens is unpriced.</summary>
    public decimal? AudioOutput { get; init; }

    /// <summary>Price of image tokens in the completion, in US dollars per million. Default: <see langword="null"/>, unknown; a call with
    /// such tokens is unpriced.</summary>
    public decimal? ImageOutput { get; init; }

    /// <summary>Different prices for calls with long prompts. Default: none.</summary>
    public IReadOnlyList<LongContextPrice> LongContext { get; init; } = [];

    /// <summary>Different prices for calls of another service tier, by its name: <c>batch</c>, <c>flex</c>, <c>priority</c> or any other.
    /// Default: none.</summary>
    /// <remarks>A call's tier is given by its tag <c>service_tier</c>, or by OpenTelemetry's <c>openai.response.service_tier</c>. A call of
    /// a tier that is not listed is unpriced. A call whose prompt is long for the model is also unpriced if its tier has no
    /// <see cref="LongContext"/>. Prices that a tier lacks are not taken from the model. Service tiers within a tier are ignored.</remarks>
    public IReadOnlyDictionary<string, ModelPrice> ServiceTiers { get; init; } = FrozenDictionary<string, ModelPrice>.Empty;

    /// <summary>The source of the prices, such as a URL or the entry of another table. Default: <see langword="null"/>, unknown.</summary>
    public string? Source { get; init; }

    /// <summary>Calculates the exact cost of one call.</summary>
    /// <remarks>
    /// Cached and cache-write tokens are parts of the prompt; reasoning tokens are a part of the completion. Each part is charged at its
    /// own price, and the rest at <see cref="Input"/> and <see cref="Output"/>. A part larger than its whole is charged in full, and there
    /// is no rest. Tokens that belong to two parts, such as cached audio, are charged once. If the prompt is longer than a
    /// <see cref="LongContextPrice.AbovePromptTokenCount"/>, the whole call is charged at that tier's prices, as Anthropic, Google and
    /// OpenAI bill it.
    /// </remarks>
    /// <param name="promptTokens">Tokens in the prompt, including cached ones. Like every count here, it must not be negative.</param>
    /// <param name="completionTokens">Tokens in the completion, including reasoning.</param>
    /// <param name="cachedPromptTokens">The part of the prompt that was read from the cache. Default: none.</param>
    /// <param name="reasoningTokens">The part of the completion that was spent on reasoning. Default: none.</param>
    /// <param name="cacheWriteTokens">The part of the prompt that was written to the cache. Default: none.</param>
    /// <returns>The cost in US dollars.</returns>
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
    /// <returns>The cost in US dollars; null if the service tier, audio or images have no price here.</returns>
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

        // If the parts add up to more than the prompt, some audio is also among the tokens read from or written to the cache.
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
