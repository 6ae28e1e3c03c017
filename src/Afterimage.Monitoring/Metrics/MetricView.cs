namespace Afterimage.Monitoring.Metrics;

/// <summary>The metrics as a query sees them: of a stretch of time, and of one model, one tag or both.</summary>
/// <remarks>Called under the recorder's lock. What has both a model and a tag is read point by point, from those in memory.</remarks>
internal readonly struct MetricView(MetricStore store, TimeRange range, string? modelName, KeyValuePair<string, string>? tag)
{
    public TimeRange Range => range;

    public string? ModelName => modelName;

    public IEnumerable<string> MetricNames => store.AllSeries.Select(series => series.Name);

    public static MetricView All(MetricStore store) => new(store, TimeRange.All, null, null);

    public MetricView Within(TimeRange other) => new(store, other, modelName, tag);

    /// <summary>The earliest point of a metric, or null.</summary>
    public long? First(string metricName) => Source(metricName) is { Count: > 0 } series ? series.FirstTimestamp : null;

    public MetricAggregate Aggregate(string metricName)
    {
        if (Source(metricName) is not { } series)
            return default;
        if (tag is null || modelName is null)
            return series.Aggregate(range);
        return store.TryGetModel(modelName, out int modelId) ? MetricAggregate.Of(series.Values(range, modelId)) : default;
    }

    /// <summary>Aggregates by the values of a dimension; a value without points is left out.</summary>
    public IReadOnlyDictionary<string, MetricAggregate> AggregateBy(string metricName, string dimension)
    {
        var byValue = new Dictionary<string, MetricAggregate>(StringComparer.Ordinal);
        if (!store.TryGetMetric(metricName, out int metricId))
            return byValue;

        bool isByModel = dimension == MetricStore.ModelDimension;
        if (isByModel ? modelName is not null : tag is not null)
        {
            Add(isByModel ? modelName! : tag!.Value.Value, Aggregate(metricName));
        }
        else if (isByModel && tag is not null)
        {
            if (Source(metricName) is { } series)
            {
                foreach ((int modelId, List<double> values) in series.ValuesByModel(range))
                    Add(store.ModelName(modelId), MetricAggregate.Of([.. values]));
            }
        }
        else
        {
            foreach ((string value, Series series) in store.Slices(dimension).Of(metricId))
            {
                if (modelName is null)
                    Add(value, series.Aggregate(range));
                else if (store.TryGetModel(modelName, out int modelId))
                    Add(value, MetricAggregate.Of(series.Values(range, modelId)));
            }
        }

        return byValue;

        void Add(string value, in MetricAggregate aggregate)
        {
            if (aggregate.Count > 0)
                byValue[value] = aggregate;
        }
    }

    /// <summary>Sums the points of a metric of tokens or cost by model id: parts, to be added up.</summary>
    public ModelSums[] SumByModel(int metricId)
    {
        Series? series = tag is { } given ? store.Slices(given.Key).Find(metricId, given.Value) : store.Find(metricId);
        ModelSums[] parts = series?.SumByModel(range) ?? [];
        if (modelName is null)
            return parts;

        var own = new ModelSums();
        if (store.TryGetModel(modelName, out int wanted))
        {
            foreach (ModelSums part in parts)
            {
                foreach ((int modelId, double sum) in part)
                {
                    if (modelId == wanted)
                        own.Add(modelId, sum);
                }
            }
        }

        return [own];
    }

    private Series? Source(string metricName)
    {
        if (!store.TryGetMetric(metricName, out int metricId))
            return null;
        if (tag is { } given)
            return store.Slices(given.Key).Find(metricId, given.Value);
        return modelName is null ? store.Find(metricId) : store.Slices(MetricStore.ModelDimension).Find(metricId, modelName);
    }
}
