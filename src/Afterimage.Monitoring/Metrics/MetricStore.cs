using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>The metrics of one monitor in memory, on the line of its <see cref="Clock"/>. Not thread-safe: everything is called under the
/// recorder's lock.</summary>
internal sealed class MetricStore(Names names, Clock clock, int maxRetainedPoints) : IRecordReducer
{
    private readonly Queue<(Series Series, Block Leaf)> _retained = new();
    private Series?[] _series = new Series?[64];
    private long _retainedPoints;
    private FilteredSeries[] _filtered = [];

    /// <summary>Points that were NaN or infinite.</summary>
    public long NonFinite { get; private set; }

    public IEnumerable<Series> AllSeries => _series.OfType<Series>();

    /// <summary>Keeps the points of some records of a metric apart as well, from now on.</summary>
    public FilteredSeries Watch(string metricName, string? modelName, KeyValuePair<string, string>? tag)
    {
        var filtered = new FilteredSeries(names, metricName, modelName, tag);
        _filtered = [.. _filtered, filtered];
        return filtered;
    }

    public void Apply(Span<Record> records)
    {
        foreach (ref readonly Record record in records)
        {
            long timestamp = record.Has(RecordFields.GivenTimestamp) ? record.Timestamp - clock.WallOffset : record.Timestamp;
            var appender = new Appender(this, timestamp, record);
            RecordPoints.Visit(record, names, ref appender);
        }
    }

    /// <summary>Aggregates a metric's points stamped at or after <paramref name="from"/>; of an unknown metric, nothing.</summary>
    public MetricAggregate Aggregate(string metricName, long from) =>
        Find(metricName) is { } series ? series.Aggregate(from) : default;

    /// <summary>Sums the points, stamped at or after <paramref name="from"/>, of a metric of tokens or cost by model id: parts, to be added
    /// up.</summary>
    public ModelSums[] SumByModel(int metricId, long from) => _series[metricId]?.SumByModel(from) ?? [];

    public Series? Find(string metricName) =>
        names.Metrics.TryGet(metricName, out int id) && id < _series.Length ? _series[id] : null;

    private void Add(int metricId, long timestamp, double value, in Record record)
    {
        if (!double.IsFinite(value))
        {
            NonFinite++;
            return;
        }

        if (metricId >= _series.Length)
            Array.Resize(ref _series, Math.Max(metricId + 1, _series.Length * 2));

        Add(_series[metricId] ??= new Series(names.Metrics[metricId], IsSummedByModel(metricId)), timestamp, value, record.ModelId);
        foreach (FilteredSeries filtered in _filtered)
        {
            if (filtered.MetricId == metricId && filtered.Takes(record))
                Add(filtered.Series, timestamp, value, record.ModelId);
        }
    }

    private void Add(Series series, long timestamp, double value, int modelId)
    {
        if (series.Add(timestamp, value, modelId) is { } finished)
            Retain(series, finished);
    }

    private static bool IsSummedByModel(int metricId) =>
        metricId is WellKnownMetrics.PromptTokenCount or WellKnownMetrics.CompletionTokenCount or WellKnownMetrics.TotalTokenCount
            or WellKnownMetrics.CostUsd or WellKnownMetrics.UnpricedTokenCount;

    private void Retain(Series series, Block leaf)
    {
        _retained.Enqueue((series, leaf));
        _retainedPoints += leaf.Summary.Count;
        while (_retainedPoints > maxRetainedPoints)
        {
            (Series oldestSeries, Block oldest) = _retained.Dequeue();
            _retainedPoints -= oldest.Summary.Count;
            oldestSeries.DropRaw(oldest);
        }
    }

    private readonly ref struct Appender : IPointVisitor
    {
        private readonly MetricStore _store;
        private readonly long _timestamp;
        private readonly ref readonly Record _record;

        public Appender(MetricStore store, long timestamp, in Record record)
        {
            _store = store;
            _timestamp = timestamp;
            _record = ref record;
        }

        public void Visit(int metricId, double value, in RecordScore score) => _store.Add(metricId, _timestamp, value, _record);
    }
}
