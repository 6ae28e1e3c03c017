using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>The calls of one model, or with one tag, from the run's metric store.</summary>
internal sealed class CallGroup
{
    private static readonly string[] Metrics =
    [
        .. new[]
        {
            WellKnownMetrics.GenerationTime,
            WellKnownMetrics.SuccessRate,
            WellKnownMetrics.PromptTokenCount,
            WellKnownMetrics.CompletionTokenCount,
            WellKnownMetrics.TotalTokenCount,
            WellKnownMetrics.CostUsd,
            WellKnownMetrics.UnpricedTokenCount,
        }.Select(WellKnownMetrics.NameOf),
    ];

    private readonly Func<string, TimeRange, MetricAggregate> _read;

    private CallGroup(Func<string, TimeRange, MetricAggregate> read) => _read = read;

    /// <summary>Returns the group of a model. The store groups every metric by model anyway.</summary>
    public static CallGroup OfModel(MetricStore store, string model) =>
        new((metric, range) => new MetricView(store, range, model, null).Aggregate(metric));

    /// <summary>Returns the group of a tag, which counts from now on: the store only keeps tags that are watched.</summary>
    public static CallGroup OfTag(MetricStore store, string key, string value)
    {
        Dictionary<string, FilteredSeries> series = Metrics.ToDictionary(
            metric => metric,
            metric => store.Watch(metric, null, new(key, value)));
        return new((metric, range) => series[metric].Series.Aggregate(range));
    }

    public MetricAggregate Times(long from) => Read(WellKnownMetrics.GenerationTime, from);

    public MetricAggregate Successes(long from) => Read(WellKnownMetrics.SuccessRate, from);

    public MetricAggregate PromptTokens(long from) => Read(WellKnownMetrics.PromptTokenCount, from);

    public MetricAggregate CompletionTokens(long from) => Read(WellKnownMetrics.CompletionTokenCount, from);

    public MetricAggregate TotalTokens(long from) => Read(WellKnownMetrics.TotalTokenCount, from);

    public MetricAggregate Cost(long from) => Read(WellKnownMetrics.CostUsd, from);

    public MetricAggregate UnpricedTokens(long from) => Read(WellKnownMetrics.UnpricedTokenCount, from);

    private MetricAggregate Read(int metric, long from) => _read(WellKnownMetrics.NameOf(metric), TimeRange.Since(from));
}
