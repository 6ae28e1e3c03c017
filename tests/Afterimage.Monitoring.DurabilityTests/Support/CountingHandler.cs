namespace Afterimage.Monitoring.DurabilityTests.Support;

/// <summary>Counts the generations it is given, and does with each batch what the test says.</summary>
internal sealed class CountingHandler(Action? atEachBatch = null, bool isLossless = false) : IMetricHandler
{
    private long _records;

    public bool IsLossless => isLossless;

    public long Records => Interlocked.Read(ref _records);

    public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata) =>
        throw new NotSupportedException("Batches only.");

    public void HandleBatch(MetricBatch batch)
    {
        atEachBatch?.Invoke();
        Interlocked.Add(ref _records, batch.Count);
    }
}
