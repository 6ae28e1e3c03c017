using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Pricing;

/// <summary>Handles calls whose provider reported no usage: their reservations replace the usage.</summary>
internal static class MissingUsage
{
    /// <summary>Fills counts that are not given from the estimate of the call's reservation, so that memory, log and budgets agree. A
    /// second call changes nothing.</summary>
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

    /// <summary>Returns the estimated cost of the call, in US dollars; null if there is no estimate or the usage is known.</summary>
    public static decimal? EstimatedCost(in Record record) =>
        record.Details?.Reservation is { } reservation && record.IsUsageMissing ? reservation.Estimate.CostUsd : null;
}
