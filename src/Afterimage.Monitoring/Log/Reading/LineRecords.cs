using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Converts what was read back to the records that were made.</summary>
internal static class LineRecords
{
    /// <summary>Returns the record of a generation or an evaluation, with its times and numbers. Its names are left to the owner of their
    /// tables.</summary>
    public static Record OfCall(IRecord record)
    {
        Record call = default;
        call.Kind = record.Event == RecordEvents.Evaluation ? RecordKind.Evaluation : RecordKind.Generation;
        call.Fields = RecordFields.GivenTimestamp;
        call.Timestamp = record.Timestamp;
        call.Duration = Ticks(record.Number(RecordSchema.Duration));
        if (record.Flag(RecordSchema.Success))
            call.Fields |= RecordFields.Success;
        if (record.Has(RecordSchema.Error))
            call.Fields |= RecordFields.Error;
        call.PromptTokens = Count(record, RecordSchema.PromptTokenCount, RecordFields.PromptTokens, ref call);
        call.CompletionTokens = Count(record, RecordSchema.CompletionTokenCount, RecordFields.CompletionTokens, ref call);
        call.TotalTokens = Count(record, RecordSchema.TotalTokenCount, RecordFields.TotalTokens, ref call);
        call.CachedPromptTokens = Count(record, RecordSchema.CachedPromptTokenCount, RecordFields.CachedPromptTokens, ref call);
        call.ReasoningTokens = Count(record, RecordSchema.ReasoningTokenCount, RecordFields.ReasoningTokens, ref call);
        call.ConversationLength = (int)Math.Min(
            int.MaxValue,
            Count(record, RecordSchema.ConversationLength, RecordFields.ConversationLength, ref call));
        if (record.Has(RecordSchema.TimeToFirstToken))
        {
            call.TimeToFirstToken = Ticks(record.Number(RecordSchema.TimeToFirstToken));
            call.Fields |= RecordFields.TimeToFirstToken;
        }

        if (record.Has(RecordSchema.UnpricedTokenCount))
            call.Value = Count(record, RecordSchema.UnpricedTokenCount, RecordFields.Unpriced, ref call);
        if (record.Has(RecordSchema.CostUsd))
        {
            call.Value = record.Number(RecordSchema.CostUsd);
            call.Fields |= RecordFields.Cost;
        }

        return call;
    }

    private static long Count(IRecord record, RecordField field, RecordFields flag, ref Record call)
    {
        if (!record.Has(field))
            return 0;

        call.Fields |= flag;
        return record.Count(field);
    }

    // The product of a whole number of ticks may be just below it.
    private static long Ticks(double seconds) =>
        (long)Math.Min(Math.Round(seconds * TimeSpan.TicksPerSecond), TimeSpan.MaxValue.Ticks / 2);
}
