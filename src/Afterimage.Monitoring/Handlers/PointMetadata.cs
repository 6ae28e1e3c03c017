using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Handlers;

/// <summary>Creates the metadata for <see cref="IMetricHandler.HandleMetric"/>.</summary>
internal static class PointMetadata
{
    public static Dictionary<string, object?> Of(MetricRecord record)
    {
        // Tags come first, so that a field replaces a tag of the same name.
        var metadata = new Dictionary<string, object?>(record.Tags, StringComparer.Ordinal)
        {
            [RecordKeys.Timestamp] = record.Timestamp,
            [RecordKeys.Event] = RecordKeys.EventOf(record.Kind),
        };
        if (record.Kind == MetricRecordKind.Metric)
            return metadata;

        metadata[RecordKeys.Duration] = record.Duration;
        metadata[RecordKeys.Success] = record.Success;
        AddIfGiven(metadata, RecordKeys.ModelName, record.ModelName);
        AddIfGiven(metadata, RecordKeys.PromptTokenCount, record.PromptTokenCount);
        AddIfGiven(metadata, RecordKeys.CompletionTokenCount, record.CompletionTokenCount);
        AddIfGiven(metadata, RecordKeys.TotalTokenCount, record.TotalTokenCount);
        AddIfGiven(metadata, RecordKeys.CachedPromptTokenCount, record.CachedPromptTokenCount);
        AddIfGiven(metadata, RecordKeys.ReasoningTokenCount, record.ReasoningTokenCount);
        AddIfGiven(metadata, RecordKeys.CostUsd, record.CostUsd);
        AddIfGiven(metadata, RecordKeys.UnpricedTokenCount, record.UnpricedTokenCount);
        AddIfGiven(metadata, RecordKeys.FinishReason, record.FinishReason);
        AddIfGiven(metadata, RecordKeys.Error, record.Error);
        AddIfGiven(metadata, RecordKeys.ConversationLength, record.ConversationLength);
        AddIfGiven(metadata, RecordKeys.TimeToFirstToken, record.TimeToFirstToken);
        AddIfGiven(metadata, RecordKeys.Provider, record.Provider);
        AddIfGiven(metadata, RecordKeys.Operation, record.Operation);
        AddIfGiven(metadata, RecordKeys.EvaluatorType, record.EvaluatorType);
        foreach (RecordExtras.Value extra in record.Extras)
            metadata[extra.Field.Key] = extra.Shown;
        return metadata;
    }

    private static void AddIfGiven(Dictionary<string, object?> metadata, string key, object? value)
    {
        if (value is not null)
            metadata[key] = value;
    }
}
