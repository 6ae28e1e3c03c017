using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>The metrics of one dimension, value by value: a series for each metric and value, as exact in every window as that of all
/// points.</summary>
/// <remarks>Called under the recorder's lock. The number of series is limited: points past it count under the dimension's overflow
/// value.</remarks>
internal sealed class SliceIndex(NameTable values, int maxSeries)
{
    /// <summary>Points in a full chunk of a slice: there are many slices, and most of them have few points.</summary>
    private const int ChunkCapacity = 256;

    private Series?[]?[] _series = new Series?[]?[64];
    private int _count;

    public NameTable Values { get; } = values;

    /// <summary>The series of a metric and value, made if there is none.</summary>
    public Series GetOrAdd(int metricId, int valueId, Func<int, (string Name, bool ByModel)> describe)
    {
        if (metricId < _series.Length && _series[metricId] is { } known && valueId < known.Length && known[valueId] is { } series)
            return series;
        if (_count >= maxSeries)
            valueId = NameTable.Overflow;

        if (metricId >= _series.Length)
            Array.Resize(ref _series, Math.Max(metricId + 1, _series.Length * 2));
        ref Series?[]? ofMetric = ref _series[metricId];
        ofMetric ??= new Series?[Math.Max(valueId + 1, 4)];
        if (valueId >= ofMetric.Length)
            Array.Resize(ref ofMetric, Math.Max(valueId + 1, ofMetric.Length * 2));
        if (ofMetric[valueId] is { } existing)
            return existing;

        _count++;
        (string name, bool byModel) = describe(metricId);
        return ofMetric[valueId] = new Series(name, byModel, ChunkCapacity);
    }

    public Series? Find(int metricId, string value) =>
        Values.TryGet(value, out int valueId) && metricId < _series.Length && _series[metricId] is { } ofMetric && valueId < ofMetric.Length
            ? ofMetric[valueId]
            : null;

    /// <summary>The values that a metric has, with their series.</summary>
    public IEnumerable<(string Value, Series Series)> Of(int metricId)
    {
        Series?[] ofMetric = metricId < _series.Length ? _series[metricId] ?? [] : [];
        for (int valueId = 0; valueId < ofMetric.Length; valueId++)
        {
            if (ofMetric[valueId] is { } series)
                yield return (Values[valueId], series);
        }
    }
}
