using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Recording;

internal enum RecordKind : byte
{
    Generation,
    Evaluation,
    Metric,
    Log,
}

[Flags]
internal enum RecordFields : ushort
{
    None = 0,
    Success = 1 << 0,
    Error = 1 << 1,
    PromptTokens = 1 << 2,
    CompletionTokens = 1 << 3,
    TotalTokens = 1 << 4,
    CachedPromptTokens = 1 << 5,
    ReasoningTokens = 1 << 6,
    ConversationLength = 1 << 7,
    TimeToFirstToken = 1 << 8,

    /// <summary>The timestamp was given by the caller and is wall-clock time. Otherwise, it is a <see cref="Clock.Stamp"/> until the record
    /// is applied, and a time on the clock's timeline from then on.</summary>
    GivenTimestamp = 1 << 9,

    /// <summary><see cref="Record.Value"/> is the cost of the call, in US dollars.</summary>
    Cost = 1 << 10,

    /// <summary><see cref="Record.Value"/> is the number of the call's tokens that have no known price.</summary>
    Unpriced = 1 << 11,
}

/// <summary>One wide event. Recurring strings are IDs of <see cref="Names"/>; rare values are in <see cref="Details"/>.</summary>
/// <remarks>Records are stored by value in the per-thread buffers, so keep this struct small. It is 104 bytes now.</remarks>
internal struct Record
{
    /// <summary>The time in UTC, in ticks of 100 ns; see <see cref="RecordFields.GivenTimestamp"/>. Always wall-clock time in a
    /// <see cref="RecordBatch"/>.</summary>
    public long Timestamp;

    /// <summary>The duration, in ticks of 100 ns.</summary>
    public long Duration;

    /// <summary>The time to first token, in ticks of 100 ns.</summary>
    public long TimeToFirstToken;

    /// <summary>The value of a <see cref="RecordKind.Metric"/>. For a call that has been priced, the value described by
    /// <see cref="RecordFields.Cost"/> or <see cref="RecordFields.Unpriced"/>.</summary>
    public double Value;

    public long PromptTokens;
    public long CompletionTokens;
    public long TotalTokens;
    public long CachedPromptTokens;
    public long ReasoningTokens;

    public RecordDetails? Details;

    public int ConversationLength;
    public int ModelId;
    public int FinishReasonId;

    /// <summary>The metric of a <see cref="RecordKind.Metric"/>, the evaluator of an <see cref="RecordKind.Evaluation"/>.</summary>
    public int NameId;

    public short ProviderId;
    public short OperationId;
    public RecordFields Fields;
    public RecordKind Kind;

    /// <summary>Whether the provider reported no usage for a call that must have had some.</summary>
    public readonly bool IsUsageMissing =>
        Details?.Extras is { } extras && RecordExtras.Count(extras, RecordSchema.UsageMissing) > 0;

    public readonly bool Has(RecordFields field) => (Fields & field) != 0;
}
