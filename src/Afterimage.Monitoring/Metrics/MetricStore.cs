using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Metrics;

/// <summary>The metrics of one monitor in memory, on the line of its <see cref="Clock"/>. Not thread-safe: everything is called under the
/// recorder's lock.</summary>
internal sealed class MetricStore : IRecordReducer
{
    /// <summary>The dimension that always is.</summary>
    public const string ModelDimension = RecordKeys.ModelName;

    /// <summary>Series of all dimensions together: 6 KB each when all have filled their first chunk.</summary>
    private const int MaxSlices = 16_384;

    private readonly Names _names;
    private readonly Clock _clock;
    private readonly Retention _retention;
    private readonly Retention _sliceRetention;
    private readonly SliceIndex _byModel;
    private readonly (string Key, SliceIndex Slices)[] _byTag;
    private readonly int[] _tagValues;
    private readonly Func<int, (string Name, bool ByModel)> _describe;

    private Series?[] _series = new Series?[64];
    private FilteredSeries[] _filtered = [];

    /// <param name="names">The names of the records.</param>
    /// <param name="clock">The line of time.</param>
    /// <param name="maxRetainedPoints">Raw points kept of all metrics, and as many again of their slices.</param>
    /// <param name="dimensions">The tags that there are slices by.</param>
    /// <param name="cardinalityLimit">Values of each such tag that are kept apart.</param>
    public MetricStore(Names names, Clock clock, int maxRetainedPoints, IEnumerable<string> dimensions, int cardinalityLimit)
    {
        _names = names;
        _clock = clock;
        _retention = new Retention(maxRetainedPoints);
        _sliceRetention = new Retention(maxRetainedPoints);
        string[] tags = [.. dimensions.Where(key => key != ModelDimension).Distinct(StringComparer.Ordinal)];
        int maxSlices = MaxSlices / (tags.Length + 1);
        _byModel = new SliceIndex(names.Models, maxSlices);
        _byTag = [.. tags.Select(key => (key, new SliceIndex(new NameTable(cardinalityLimit), maxSlices)))];
        _tagValues = new int[_byTag.Length];
        _describe = metricId => (names.Metrics[metricId], IsSummedByModel(metricId));
    }

    /// <summary>Points that were NaN or infinite.</summary>
    public long NonFinite { get; private set; }

    public IEnumerable<Series> AllSeries => _series.OfType<Series>();

    /// <summary>Keeps the points of some records of a metric apart as well, from now on.</summary>
    public FilteredSeries Watch(string metricName, string? modelName, KeyValuePair<string, string>? tag)
    {
        var filtered = new FilteredSeries(_names, metricName, modelName, tag);
        _filtered = [.. _filtered, filtered];
        return filtered;
    }

    public void Apply(Span<Record> records)
    {
        foreach (ref readonly Record record in records)
        {
            long timestamp = record.Has(RecordFields.GivenTimestamp) ? record.Timestamp - _clock.WallOffset : record.Timestamp;
            ReadTags(record);
            var appender = new Appender(this, timestamp, record);
            RecordPoints.Visit(record, _names, ref appender);
        }
    }

    /// <summary>Aggregates all points of a metric in a range; of an unknown metric, nothing.</summary>
    public MetricAggregate Aggregate(string metricName, TimeRange range) =>
        Find(metricName) is { } series ? series.Aggregate(range) : default;

    public bool TryGetMetric(string metricName, out int metricId) => _names.Metrics.TryGet(metricName, out metricId);

    public bool TryGetModel(string modelName, out int modelId) => _names.Models.TryGet(modelName, out modelId);

    public string ModelName(int modelId) => _names.Models[modelId];

    public bool HasDimension(string dimension) =>
        dimension == ModelDimension || _byTag.Any(tag => tag.Key == dimension);

    /// <summary>The slices of a dimension that <see cref="HasDimension"/> knows.</summary>
    public SliceIndex Slices(string dimension) =>
        dimension == ModelDimension ? _byModel : _byTag.First(tag => tag.Key == dimension).Slices;

    public Series? Find(string metricName) => TryGetMetric(metricName, out int id) ? Find(id) : null;

    public Series? Find(int metricId) => metricId < _series.Length ? _series[metricId] : null;

    /// <summary>Finds the values that a record has in the dimensions of tags.</summary>
    private void ReadTags(in Record record)
    {
        if (_byTag.Length == 0)
            return;

        Array.Clear(_tagValues);
        foreach ((string key, object? value) in (record.Details?.Tags).AsSpan())
        {
            for (int i = 0; i < _byTag.Length; i++)
            {
                if (_byTag[i].Key == key)
                    _tagValues[i] = _byTag[i].Slices.Values.GetOrAdd(Scalar.Text(value));
            }
        }
    }

    private void Add(int metricId, long timestamp, double value, in Record record)
    {
        if (!double.IsFinite(value))
        {
            NonFinite++;
            return;
        }

        if (metricId >= _series.Length)
            Array.Resize(ref _series, Math.Max(metricId + 1, _series.Length * 2));

        Add(
            _retention,
            _series[metricId] ??= new Series(_names.Metrics[metricId], IsSummedByModel(metricId)),
            timestamp,
            value,
            record.ModelId);
        Add(_sliceRetention, _byModel.GetOrAdd(metricId, ModelSums.Key(record.ModelId), _describe), timestamp, value, record.ModelId);
        for (int i = 0; i < _tagValues.Length; i++)
        {
            if (_tagValues[i] is var valueId and not NameTable.None)
                Add(_sliceRetention, _byTag[i].Slices.GetOrAdd(metricId, valueId, _describe), timestamp, value, record.ModelId);
        }

        foreach (FilteredSeries filtered in _filtered)
        {
            if (filtered.MetricId == metricId && filtered.Takes(record))
                Add(_retention, filtered.Series, timestamp, value, record.ModelId);
        }
    }

    private static void Add(Retention retention, Series series, long timestamp, double value, int modelId)
    {
        if (series.Add(timestamp, value, modelId) is { } finished)
            retention.Add(series, finished);
    }

    private static bool IsSummedByModel(int metricId) =>
        metricId is WellKnownMetrics.PromptTokenCount or WellKnownMetrics.CompletionTokenCount or WellKnownMetrics.TotalTokenCount
            or WellKnownMetrics.CostUsd or WellKnownMetrics.UnpricedTokenCount;

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
