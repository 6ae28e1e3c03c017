using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Pricing;

/// <summary>The tokens of one call as they are charged: the sides add up to the total, and no token is in two parts.</summary>
internal readonly record struct CallTokens
{
    public long Prompt { get; init; }

    /// <summary>The tokens by which the total exceeds the sum of its given sides. They are charged as prompt tokens.</summary>
    public long Unexplained { get; init; }

    public long Completion { get; init; }

    public long CachedPrompt { get; init; }

    /// <summary>All tokens that were written to the cache.</summary>
    public long CacheWrite { get; init; }

    /// <summary>The part of <see cref="CacheWrite"/> that is kept for an hour.</summary>
    public long CacheWriteOneHour { get; init; }

    public long AudioPrompt { get; init; }

    public long Reasoning { get; init; }

    public long AudioCompletion { get; init; }

    public long ImageCompletion { get; init; }

    /// <param name="record">A generation or an evaluation.</param>
    /// <returns>The tokens of the call; null if only a total is known, or nothing.</returns>
    public static CallTokens? Of(in Record record)
    {
        bool hasPrompt = record.Has(RecordFields.PromptTokens);
        bool hasCompletion = record.Has(RecordFields.CompletionTokens);
        if (!hasPrompt && !hasCompletion)
            return null;

        long prompt = record.PromptTokens;
        long completion = record.CompletionTokens;
        long rest = record.Has(RecordFields.TotalTokens)
            ? (long)decimal.Max(0, (decimal)record.TotalTokens - prompt - completion)
            : 0;
        long unexplained = 0;
        if (!hasCompletion)
        {
            completion = rest;
        }
        else if (!hasPrompt)
        {
            prompt = rest;
        }
        else if (record.ReasoningTokens > 0 && rest >= record.ReasoningTokens)
        {
            // Some providers count reasoning in addition to the completion, not as part of it.
            completion += record.ReasoningTokens;
            unexplained = rest - record.ReasoningTokens;
        }
        else
        {
            unexplained = rest;
        }

        RecordExtras? extras = record.Details?.Extras;
        long oneHour = RecordExtras.Count(extras, RecordSchema.CacheWriteOneHourTokenCount) ?? 0;
        return new CallTokens
        {
            Prompt = prompt,
            Unexplained = unexplained,
            Completion = completion,
            CachedPrompt = record.CachedPromptTokens,
            Reasoning = record.ReasoningTokens,
            CacheWrite = Math.Max(RecordExtras.Count(extras, RecordSchema.CacheWriteTokenCount) ?? 0, oneHour),
            CacheWriteOneHour = oneHour,
            AudioPrompt = RecordExtras.Count(extras, RecordSchema.AudioPromptTokenCount) ?? 0,
            AudioCompletion = RecordExtras.Count(extras, RecordSchema.AudioCompletionTokenCount) ?? 0,
            ImageCompletion = RecordExtras.Count(extras, RecordSchema.ImageCompletionTokenCount) ?? 0,
        };
    }

    /// <summary>Returns all tokens of a call: the given total, or the sum of its sides if that is larger.</summary>
    public static decimal Total(in Record record) =>
        decimal.Max(record.TotalTokens, (decimal)record.PromptTokens + record.CompletionTokens);
}
