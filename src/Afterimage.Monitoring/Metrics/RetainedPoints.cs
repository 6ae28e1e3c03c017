using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>Raw points of one metric that are in memory, as they were when asked for, in the order of recording.</summary>
/// <param name="metric">The metric.</param>
/// <param name="chunk">The points; it may grow.</param>
/// <param name="wallOffset">What to add to its timestamps for wall-clock time.</param>
/// <param name="models">The names of models.</param>
internal sealed class RetainedPoints(string metric, Chunk chunk, long wallOffset, NameTable models)
{
    // A chunk that grows gives up its arrays for longer ones; what is in these does not change.
    private readonly long[] _timestamps = chunk.Timestamps;
    private readonly double[] _values = chunk.Values;
    private readonly int[] _modelIds = chunk.ModelIds;

    public string Metric => metric;

    public int Count { get; } = chunk.Count;

    public long UtcTicks(int index) => Math.Clamp(_timestamps[index] + wallOffset, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks);

    public double Value(int index) => _values[index];

    public string? Model(int index) => _modelIds[index] == NameTable.None ? null : models[_modelIds[index]];
}
