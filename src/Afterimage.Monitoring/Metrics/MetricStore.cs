using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>The metrics of one monitor in memory, on the line of its <see cref="Clock"/>. Not thread-safe: everything is called under the recorder's lock.</summary>
internal sealed class MetricStore(Names names, Clock clock, int maxRetainedPoints) : IRecordReducer
{
    private readonly Queue<(Series Series, Block Leaf)> _retained = new();
    private Series?[] _series = new Series?[64];
    private long _retainedPoints;

    /// <summary>Points that were NaN or infinite.</summary>
    public long NonFinite { get; private set; }

    public IEnumerable<Series> AllSeries => _series.OfType<Series>();

    public void Apply(Span<Record> records)
    {
        foreach (ref readonly Record record in records)
        {
            long timestamp = record.Has(RecordFields.GivenTimestamp) ? record.Timestamp - clock.WallOffset : record.Timestamp;
            var appender = new Appender(this, timestamp, record.ModelId);
            RecordPoints.Visit(record, names, ref appender);
        }
    }

    /// <summary>Aggregates a metric's points stamped at or after <paramref name="from"/>; of an unknown metric, nothing.</summary>
    public MetricAggregate Aggregate(string metricName, long from) =>
        Find(metricName) is { } series ? series.Aggregate(from) : default;

    /// <summary>Sums the points, stamped at or after <paramref name="from"/>, of a metric of tokens or cost by model id: parts, to be added up.</summary>
    public ModelSums[] SumByModel(int metricId, long from) => _series[metricId]?.SumByModel(from) ?? [];

    /// <summary>Aggregates a metric's points of one model, stamped at or after <paramref name="from"/>, that are in memory.</summary>
    public MetricAggregate Aggregate(string metricName, long from, string modelName) =>
        Find(metricName) is { } series && names.Models.TryGet(modelName, out int model) ? series.Aggregate(from, model) : default;

    /// <inheritdoc cref="MetricReader.Next"/>
    public double[] Next(string metricName, string? modelName, ref long cursor)
    {
        if (Find(metricName) is not { } series)
            return [];

        long from = cursor;
        cursor = series.Count;
        int model = NameTable.None;
        return modelName is null || names.Models.TryGet(modelName, out model) ? series.Last(series.Count - from, modelName is null ? null : model) : [];
    }

    private Series? Find(string metricName) =>
        names.Metrics.TryGet(metricName, out int id) && id < _series.Length ? _series[id] : null;

    private void Add(int metricId, long timestamp, double value, int modelId)
    {
        if (!double.IsFinite(value))
        {
            NonFinite++;
            return;
        }

        if (metricId >= _series.Length)
            Array.Resize(ref _series, Math.Max(metricId + 1, _series.Length * 2));

        Series series = _series[metricId] ??= new Series(names.Metrics[metricId], IsSummedByModel(metricId));
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

    private readonly ref struct Appender(MetricStore store, long timestamp, int modelId) : IPointVisitor
    {
        public void Visit(int metricId, double value, in RecordScore score) => store.Add(metricId, timestamp, value, modelId);
    }
}
