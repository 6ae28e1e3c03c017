using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>Takes the points that a record stands for.</summary>
internal interface IPointVisitor
{
    /// <param name="metricId">The metric, an id in <see cref="Names.Metrics"/>.</param>
    /// <param name="value">The value; may be NaN or infinite where it came from outside.</param>
    /// <param name="score">The score that it came from, if any.</param>
    void Visit(int metricId, double value, in RecordScore score);
}

/// <summary>The one place that says which metric points a record stands for (docs/log-format.md, "From records to points").</summary>
internal static class RecordPoints
{
    public static void Visit<TVisitor>(in Record record, Names names, ref TVisitor visitor)
        where TVisitor : struct, IPointVisitor, allows ref struct
    {
        RecordScore none = default;
        switch (record.Kind)
        {
            case RecordKind.Generation:
                visitor.Visit(WellKnownMetrics.GenerationTime, Seconds(record.Duration), none);
                visitor.Visit(WellKnownMetrics.SuccessRate, record.Has(RecordFields.Success) ? 1 : 0, none);
                visitor.Visit(WellKnownMetrics.ErrorRate, record.Has(RecordFields.Error) ? 1 : 0, none);
                if (record.Has(RecordFields.TimeToFirstToken))
                    visitor.Visit(WellKnownMetrics.TimeToFirstToken, Seconds(record.TimeToFirstToken), none);
                if (record.Has(RecordFields.ConversationLength))
                    visitor.Visit(WellKnownMetrics.ConversationLength, record.ConversationLength, none);
                VisitTokens(record, ref visitor);
                if (record.ModelId != NameTable.None)
                    visitor.Visit(names.ModelUsageMetric(record.ModelId), 1, none);
                if (record.FinishReasonId != NameTable.None)
                    visitor.Visit(names.FinishReasonMetric(record.FinishReasonId), 1, none);
                break;

            case RecordKind.Evaluation:
                visitor.Visit(WellKnownMetrics.EvaluationTime, Seconds(record.Duration), none);
                visitor.Visit(WellKnownMetrics.EvaluationErrorRate, record.Has(RecordFields.Error) ? 1 : 0, none);
                foreach (ref readonly RecordScore score in record.Details!.Scores.AsSpan())
                    visitor.Visit(score.MetricId, score.Score, score);
                VisitTokens(record, ref visitor);
                break;

            case RecordKind.Metric:
                visitor.Visit(record.NameId, record.Value, none);
                break;

            case RecordKind.Log:
            default:
                break;
        }
    }

    private static void VisitTokens<TVisitor>(in Record record, ref TVisitor visitor)
        where TVisitor : struct, IPointVisitor, allows ref struct
    {
        RecordScore none = default;
        if ((record.Fields & (RecordFields.PromptTokens | RecordFields.CompletionTokens | RecordFields.TotalTokens)) != 0)
        {
            if (record.Has(RecordFields.PromptTokens))
                visitor.Visit(WellKnownMetrics.PromptTokenCount, record.PromptTokens, none);
            if (record.Has(RecordFields.CompletionTokens))
                visitor.Visit(WellKnownMetrics.CompletionTokenCount, record.CompletionTokens, none);

            // Fields that were not given are zero, so that the sum is right with either of the two missing.
            double total = record.Has(RecordFields.TotalTokens)
                ? record.TotalTokens
                : (double)record.PromptTokens + record.CompletionTokens;
            visitor.Visit(WellKnownMetrics.TotalTokenCount, total, none);
        }

        if (record.Has(RecordFields.Cost))
            visitor.Visit(WellKnownMetrics.CostUsd, record.Value, none);
        else if (record.Has(RecordFields.Unpriced))
            visitor.Visit(WellKnownMetrics.UnpricedTokenCount, record.Value, none);
        if (record.IsUsageMissing)
            visitor.Visit(WellKnownMetrics.UsageMissing, 1, none);
    }

    private static double Seconds(long ticks) => (double)ticks / TimeSpan.TicksPerSecond;
}
