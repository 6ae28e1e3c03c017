using System.Text.Json.Serialization;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A span that is a generation, as its record will have it. It may still be merged into one above it.</summary>
internal sealed class GenerationSpan
{
    [JsonIgnore]
    public SpanKey Key => new(TraceHigh, TraceLow, Span);

    public ulong TraceHigh { get; init; }

    public ulong TraceLow { get; init; }

    public ulong Span { get; init; }

    public ulong Parent { get; init; }

    /// <summary>When it ended, in UTC ticks.</summary>
    public long Timestamp { get; init; }

    /// <summary>In ticks.</summary>
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

    /// <summary>In ticks.</summary>
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

    /// <summary>The span ids of those that were merged into it.</summary>
    public List<string>? Merged { get; set; }

    /// <summary>Whether it was recorded before all above it was known, so that one that comes later may tell of the same call.</summary>
    [JsonIgnore]
    public bool IsRecordedEarly { get; set; }

    [JsonIgnore]
    public bool HasUsage => PromptTokens is not null || CompletionTokens is not null || TotalTokens is not null;

    /// <summary>Whether one of these below this one tells of the same call.</summary>
    public bool IsSameCallAs(GenerationSpan below) =>
        (Id is not null && Id == below.Id) || (Operation == below.Operation && Model == below.Model);

    /// <summary>Takes in one below it that tells of the same call.</summary>
    /// <param name="below">The other.</param>
    /// <param name="takesUsage">Whether this one told no usage of its own, so that those below it are the only ones to tell.</param>
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

    private static long? Sum(long? one, long? other) => one is { } a && other is { } b ? SaturatingSum.Of(a, b) : one ?? other;
}
