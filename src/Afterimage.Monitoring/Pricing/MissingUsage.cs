using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Pricing;

/// <summary>Calls whose provider told no usage: what was reserved for them stands for what they used.</summary>
internal static class MissingUsage
{
    /// <summary>Fills the counts that are not given with the estimate of the call's reservation, so that memory, log and budgets tell the
    /// same. Again: nothing changes.</summary>
    public static void Fill(ref Record record)
    {
        if (record.Details?.Reservation is not { } reservation || !record.IsUsageMissing)
            return;

        BudgetEstimate estimate = reservation.Estimate;
        if (!record.Has(RecordFields.PromptTokens) && estimate.PromptTokenCount > 0)
        {
            record.PromptTokens = estimate.PromptTokenCount;
            record.Fields |= RecordFields.PromptTokens;
        }

        if (!record.Has(RecordFields.CompletionTokens) && estimate.CompletionTokenCount > 0)
        {
            record.CompletionTokens = estimate.CompletionTokenCount;
            record.Fields |= RecordFields.CompletionTokens;
        }
    }

    /// <summary>What the call was estimated to cost, in US dollars; null where nobody said so, or its usage is known.</summary>
    public static decimal? EstimatedCost(in Record record) =>
        record.Details?.Reservation is { } reservation && record.IsUsageMissing ? reservation.Estimate.CostUsd : null;
}
