using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>Reads the metrics, including what was recorded a moment ago. Any thread may call.</summary>
internal sealed class MetricReader(Recorder recorder, MetricStore store, Clock clock)
{
    /// <summary>Aggregates the points of a metric in a window that ends now: those of <paramref name="filtered"/>, or all.</summary>
    public MetricAggregate Aggregate(string metricName, TimeSpan window, FilteredSeries? filtered = null)
    {
        long from = clock.WindowStart(window);
        using (recorder.EnterApplied())
            return filtered is null ? store.Aggregate(metricName, from) : filtered.Series.Aggregate(from);
    }

    /// <summary>The points of a metric, those of <paramref name="filtered"/> or all, in the order of recording, that came since the last
    /// call with the same cursor and are still in memory.</summary>
    public double[] Next(string metricName, FilteredSeries? filtered, ref long cursor)
    {
        using (recorder.EnterApplied())
        {
            if ((filtered?.Series ?? store.Find(metricName)) is not { } series)
                return [];

            long from = cursor;
            cursor = series.Count;
            return series.Last(series.Count - from);
        }
    }
}
