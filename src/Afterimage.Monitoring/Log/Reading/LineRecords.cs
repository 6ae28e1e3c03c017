using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Converts lines back to the records that were made.</summary>
internal static class LineRecords
{
    /// <summary>Returns the record of a generation or an evaluation, with its times and numbers. Its names are left to the owner of their
    /// tables.</summary>
    public static Record OfCall(RecordLine line)
    {
        Record call = default;
        call.Kind = line.Event == RecordEvents.Evaluation ? RecordKind.Evaluation : RecordKind.Generation;
        call.Fields = RecordFields.GivenTimestamp;
        call.Timestamp = line.Timestamp;
        call.Duration = Ticks(line.Number(RecordSchema.Duration));
        if (line.Flag(RecordSchema.Success))
            call.Fields |= RecordFields.Success;
        if (line.Has(RecordSchema.Error))
            call.Fields |= RecordFields.Error;
        call.PromptTokens = Count(line, RecordSchema.PromptTokenCount, RecordFields.PromptTokens, ref call);
        call.CompletionTokens = Count(line, RecordSchema.CompletionTokenCount, RecordFields.CompletionTokens, ref call);
        call.TotalTokens = Count(line, RecordSchema.TotalTokenCount, RecordFields.TotalTokens, ref call);
        call.CachedPromptTokens = Count(line, RecordSchema.CachedPromptTokenCount, RecordFields.CachedPromptTokens, ref call);
        call.ReasoningTokens = Count(line, RecordSchema.ReasoningTokenCount, RecordFields.ReasoningTokens, ref call);
        call.ConversationLength = (int)Math.Min(
            int.MaxValue,
            Count(line, RecordSchema.ConversationLength, RecordFields.ConversationLength, ref call));
        if (line.Has(RecordSchema.TimeToFirstToken))
        {
            call.TimeToFirstToken = Ticks(line.Number(RecordSchema.TimeToFirstToken));
            call.Fields |= RecordFields.TimeToFirstToken;
        }

        if (line.Has(RecordSchema.UnpricedTokenCount))
            call.Value = Count(line, RecordSchema.UnpricedTokenCount, RecordFields.Unpriced, ref call);
        if (line.Has(RecordSchema.CostUsd))
        {
            call.Value = line.Number(RecordSchema.CostUsd);
            call.Fields |= RecordFields.Cost;
        }

        return call;
    }

    private static long Count(RecordLine line, RecordField field, RecordFields flag, ref Record call)
    {
        if (!line.Has(field))
            return 0;

        call.Fields |= flag;
        return line.Count(field);
    }

    private static long Ticks(double seconds) => (long)Math.Min(seconds * TimeSpan.TicksPerSecond, TimeSpan.MaxValue.Ticks / 2);
}
