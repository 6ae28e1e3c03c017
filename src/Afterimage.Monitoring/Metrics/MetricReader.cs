using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>Reads the metrics, including what was recorded a moment ago. Any thread may call.</summary>
internal sealed class MetricReader(Recorder recorder, MetricStore store, Clock clock)
{
    /// <summary>Aggregates the points of a metric, of one model or of all, in a window that ends now.</summary>
    public MetricAggregate Aggregate(string metricName, TimeSpan window, string? modelName = null)
    {
        long from = clock.WindowStart(window);
        using (recorder.EnterApplied())
            return modelName is null ? store.Aggregate(metricName, from) : store.Aggregate(metricName, from, modelName);
    }

    /// <summary>The points of a metric, of one model or of all, in the order of recording, that came since the last call with the same cursor and are still in memory.</summary>
    public double[] Next(string metricName, string? modelName, ref long cursor)
    {
        using (recorder.EnterApplied())
            return store.Next(metricName, modelName, ref cursor);
    }
}
