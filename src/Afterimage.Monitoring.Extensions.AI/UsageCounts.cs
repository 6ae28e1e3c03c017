using Microsoft.Extensions.AI;

namespace Afterimage.Monitoring;

/// <summary>The counts that a provider tells of one response. Null: not told. What is out of a count's range was not
/// told.</summary>
internal sealed record UsageCounts
{
    public static UsageCounts None { get; } = new();

    public long? Prompt { get; init; }

    public long? Completion { get; init; }

    public long? Total { get; init; }

    public long? CachedPrompt { get; init; }

    public long? CacheWrite { get; init; }

    public long? CacheWriteOneHour { get; init; }

    public long? Reasoning { get; init; }

    public long? AudioPrompt { get; init; }

    public long? AudioCompletion { get; init; }

    public long? ImageCompletion { get; init; }

    /// <summary>Whether tokens are told at all. A call has a prompt: zeros alone tell nothing.</summary>
    public bool HasAny => Told(Prompt) > 0 || Told(Completion) > 0 || Told(Total) > 0;

    public static UsageCounts Of(UsageDetails usage)
    {
        var counts = new UsageCounts
        {
            Prompt = Told(usage.InputTokenCount),
            Completion = Told(usage.OutputTokenCount),
            Total = Told(usage.TotalTokenCount),
            CachedPrompt = Told(usage.CachedInputTokenCount),
            Reasoning = Told(usage.ReasoningTokenCount),
#pragma warning disable MEAI001 // For evaluation only: where the clients fill it, it is what they charge by.
            AudioPrompt = Told(usage.InputAudioTokenCount),
            AudioCompletion = Told(usage.OutputAudioTokenCount),
#pragma warning restore MEAI001
        };
        foreach ((string key, long count) in usage.AdditionalCounts ?? [])
        {
            // Clients spell names differently: "InputTokenDetails.AudioTokenCount", "cache_creation_input_tokens".
            string name = string.Concat(key.Where(char.IsAsciiLetterOrDigit)).ToUpperInvariant();
            counts = name switch
            {
                "CACHECREATIONINPUTTOKENS" or "CACHECREATIONINPUTTOKENCOUNT" or "CACHEWRITEINPUTTOKENS" or "CACHEWRITEINPUTTOKENCOUNT"
                    or "CACHEWRITETOKENCOUNT" or "INPUTTOKENDETAILSCACHEWRITETOKENCOUNT" =>
                    counts with { CacheWrite = Larger(counts.CacheWrite, Told(count)) },
                "EPHEMERAL1HINPUTTOKENS" or "CACHECREATIONEPHEMERAL1HINPUTTOKENS" or "CACHEWRITEONEHOURTOKENCOUNT" =>
                    counts with { CacheWriteOneHour = Larger(counts.CacheWriteOneHour, Told(count)) },
                "INPUTTOKENDETAILSAUDIOTOKENCOUNT" or "INPUTAUDIOTOKENCOUNT" or "AUDIOPROMPTTOKENCOUNT" =>
                    counts with { AudioPrompt = Larger(counts.AudioPrompt, Told(count)) },
                "OUTPUTTOKENDETAILSAUDIOTOKENCOUNT" or "OUTPUTAUDIOTOKENCOUNT" or "AUDIOCOMPLETIONTOKENCOUNT" =>
                    counts with { AudioCompletion = Larger(counts.AudioCompletion, Told(count)) },
                "OUTPUTTOKENDETAILSIMAGETOKENCOUNT" or "OUTPUTIMAGETOKENCOUNT" or "IMAGECOMPLETIONTOKENCOUNT" =>
                    counts with { ImageCompletion = Larger(counts.ImageCompletion, Told(count)) },
                _ => counts,
            };
        }

        return counts;
    }

    /// <summary>Returns the larger value of each count.</summary>
    public UsageCounts Largest(UsageCounts other)
    {
        UsageCounts counts = Combine(other, Larger);

        // If usage is reported in parts, a reported total covers only its part.
        return counts.Total < Sum(counts.Prompt, counts.Completion) ? counts with { Total = null } : counts;
    }

    /// <summary>Returns the sum of each count.</summary>
    public UsageCounts Plus(UsageCounts other)
    {
        if (!HasAny || !other.HasAny)
            return Combine(other, Sum);

        // A total is only valid if all responses have one.
        return Combine(other, Sum) with { Total = Total is null || other.Total is null ? null : Sum(Total, other.Total) };
    }

    public GenerationDetails Fill(in GenerationDetails details) => details with
    {
        // Once more: sums of several responses may be beyond what a call can have.
        PromptTokenCount = Told(Prompt),
        CompletionTokenCount = Told(Completion),
        TotalTokenCount = Told(Total),
        CachedPromptTokenCount = Told(CachedPrompt),
        ReasoningTokenCount = Told(Reasoning),
        CacheWriteTokenCount = NotZero(CacheWrite),
        CacheWriteOneHourTokenCount = NotZero(CacheWriteOneHour),
        AudioPromptTokenCount = NotZero(AudioPrompt),
        AudioCompletionTokenCount = NotZero(AudioCompletion),
        ImageCompletionTokenCount = NotZero(ImageCompletion),
    };

    private static long? Told(long? count) => count is >= 0 and <= GenerationDetails.MaxTokenCount ? count : null;

    // Clients give these zeros with every call; a record of one is larger for nothing.
    private static long? NotZero(long? count) => count > 0 ? Told(count) : null;

    private static long? Larger(long? a, long? b) => a is { } x && b is { } y ? Math.Max(x, y) : a ?? b;

    private static long? Sum(long? a, long? b) => a is { } x && b is { } y ? x > long.MaxValue - y ? long.MaxValue : x + y : a ?? b;

    private UsageCounts Combine(UsageCounts other, Func<long?, long?, long?> combine) => new()
    {
        Prompt = combine(Prompt, other.Prompt),
        Completion = combine(Completion, other.Completion),
        Total = combine(Total, other.Total),
        CachedPrompt = combine(CachedPrompt, other.CachedPrompt),
        CacheWrite = combine(CacheWrite, other.CacheWrite),
        CacheWriteOneHour = combine(CacheWriteOneHour, other.CacheWriteOneHour),
        Reasoning = combine(Reasoning, other.Reasoning),
        AudioPrompt = combine(AudioPrompt, other.AudioPrompt),
        AudioCompletion = combine(AudioCompletion, other.AudioCompletion),
        ImageCompletion = combine(ImageCompletion, other.ImageCompletion),
    };
}
