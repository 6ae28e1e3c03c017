using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>One metric's points of the records of one model, or with one tag, or both: a series of its own, as exact in every window as
/// that of all points.</summary>
internal sealed class FilteredSeries
{
    private readonly int? _modelId;
    private readonly KeyValuePair<string, string>? _tag;

    public FilteredSeries(Names names, string metricName, string? modelName, KeyValuePair<string, string>? tag)
    {
        // What is watched by name is known by name, however many others there are.
        MetricId = names.Metrics.GetOrAddUnlimited(metricName);
        _modelId = modelName is null ? null : names.Models.GetOrAddUnlimited(modelName);
        _tag = tag;
        Series = new Series(metricName, byModel: false);
    }

    public int MetricId { get; }

    public Series Series { get; }

    public bool Takes(in Record record) =>
        (_modelId is not { } model || ModelSums.Key(record.ModelId) == model)
        && (_tag is not { } tag || RecordTags.Has(record.Details?.Tags, tag));
}
