using System.Text.Json.Serialization;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A span that is a generation, as it will be recorded. It may still be merged into a span above it.</summary>
internal sealed class GenerationSpan
{
    [JsonIgnore]
    public SpanKey Key => new(TraceHigh, TraceLow, Span);

    public ulong TraceHigh { get; init; }

    public ulong TraceLow { get; init; }

    public ulong Span { get; init; }

    public ulong Parent { get; init; }

    /// <summary>The time at which the span ended, in UTC ticks.</summary>
    public long Timestamp { get; init; }

    /// <summary>The duration, in ticks.</summary>
    public long Duration { get; init; }

    public bool Success { get; init; }

    public string? Error { get; init; }

    public string? Model { get; set; }

    public string? RequestModel { get; set; }

    public string? Provider { get; set; }

    public string? Operation { get; init; }

    public long? PromptTokens { get; set; }

    public long? CompletionTokens { get; set; }

    public long? TotalTokens { get; set; }

    public long? CachedPromptTokens { get; set; }

    public long? CacheWriteTokens { get; set; }

    public long? ReasoningTokens { get; set; }

    public long? AudioPromptTokens { get; set; }

    public long? AudioCompletionTokens { get; set; }

    public string? FinishReason { get; set; }

    /// <summary>The time to first token, in ticks.</summary>
    public long? TimeToFirstToken { get; set; }

    public int? ConversationLength { get; set; }

    public string? Id { get; set; }

    public string? ConversationId { get; set; }

    public string? UserId { get; set; }

    public string? Agent { get; set; }

    public string? Workflow { get; set; }

    public string? ServerAddress { get; set; }

    public string? ServiceVersion { get; init; }

    public string? Environment { get; init; }

    public string? Scope { get; init; }

    /// <summary>The IDs of the spans that were merged into this one.</summary>
    public List<string>? Merged { get; set; }

    /// <summary>Whether the span was recorded before all spans above it were known, so that one for the same call may still
    /// arrive.</summary>
    [JsonIgnore]
    public bool IsRecordedEarly { get; set; }

    [JsonIgnore]
    public bool HasUsage => PromptTokens is not null || CompletionTokens is not null || TotalTokens is not null;

    /// <summary>Merges a span below this one that is for the same call.</summary>
    /// <param name="below">The other span.</param>
    /// <param name="takesUsage">Whether to take its usage, because this span reported none of its own.</param>
    public void Merge(GenerationSpan below, bool takesUsage)
    {
        if (takesUsage)
        {
            PromptTokens = Sum(PromptTokens, below.PromptTokens);
            CompletionTokens = Sum(CompletionTokens, below.CompletionTokens);
            TotalTokens = Sum(TotalTokens, below.TotalTokens);
            CachedPromptTokens = Sum(CachedPromptTokens, below.CachedPromptTokens);
            CacheWriteTokens = Sum(CacheWriteTokens, below.CacheWriteTokens);
            ReasoningTokens = Sum(ReasoningTokens, below.ReasoningTokens);
            AudioPromptTokens = Sum(AudioPromptTokens, below.AudioPromptTokens);
            AudioCompletionTokens = Sum(AudioCompletionTokens, below.AudioCompletionTokens);
        }
        else
        {
            CachedPromptTokens ??= below.CachedPromptTokens;
            CacheWriteTokens ??= below.CacheWriteTokens;
            ReasoningTokens ??= below.ReasoningTokens;
            AudioPromptTokens ??= below.AudioPromptTokens;
            AudioCompletionTokens ??= below.AudioCompletionTokens;
        }

        Model ??= below.Model;
        RequestModel ??= below.RequestModel;
        Provider ??= below.Provider;
        FinishReason ??= below.FinishReason;
        TimeToFirstToken ??= below.TimeToFirstToken;
        ConversationLength ??= below.ConversationLength;
        Id ??= below.Id;
        ConversationId ??= below.ConversationId;
        UserId ??= below.UserId;
        Agent ??= below.Agent;
        Workflow ??= below.Workflow;
        ServerAddress ??= below.ServerAddress;
        Merged ??= [];
        Merged.Add(below.Key.SpanId);
        if (below.Merged is not null)
            Merged.AddRange(below.Merged);
    }

    /// <summary>Returns a count that a call can have; null for any other.</summary>
    public static long? Told(long? count) => count is >= 0 and <= GenerationDetails.MaxTokenCount ? count : null;

    private static long? Sum(long? one, long? other) => one is { } a && other is { } b ? SaturatingSum.Of(a, b) : one ?? other;
}
