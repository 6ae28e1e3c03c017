using Afterimage.Monitoring.Log.Writing;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

// What reads.
public sealed partial class GenerationMonitor
{
    private static readonly TimeSpan DefaultWindow = TimeSpan.FromMinutes(5);

    /// <summary>The metrics that have at least one point, in no particular order.</summary>
    public IReadOnlyCollection<string> MetricNames
    {
        get
        {
            using (_recorder.EnterApplied())
                return [.. _parts.Store.AllSeries.Select(s => s.Name)];
        }
    }

    /// <summary>Aggregates the points of a metric in a window that ends now.</summary>
    /// <remarks>
    /// A point is in the window when it is stamped at or after now minus <paramref name="window"/>; one stamped ahead of the clock is in
    /// every window. Exact, and in time that grows with the logarithm of the points, as long as the window reaches back no further than
    /// <see cref="GenerationMonitorOptions.MaxRetainedPoints"/> do; beyond, its edge is rounded outwards. A window over everything is
    /// always exact.
    /// </remarks>
    /// <param name="metricName">The metric.</param>
    /// <param name="window">The window, not negative; one longer than the run takes in everything. Default: five minutes.</param>
    /// <returns>The aggregate; of an unknown metric one with <see cref="MetricAggregate.Count"/> 0.</returns>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> is null or empty, or <paramref name="window"/> is
    /// negative.</exception>
    public MetricAggregate GetMetrics(string metricName, TimeSpan? window = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        return _parts.Reader.Aggregate(metricName, window ?? DefaultWindow);
    }

    /// <summary>Sums the tokens of generations and evaluations by model.</summary>
    /// <param name="window">The window, under the rules of <see cref="GetMetrics"/>. Default: everything, exactly, at a cost that grows
    /// with the models and not the records.</param>
    /// <returns>The token usage; a model is in it when a token count was given for it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative.</exception>
    public TokenUsageReport GetTotalTokenUsage(TimeSpan? window = null) =>
        _parts.TokenUsage(window is { } given ? _clock.WindowStart(given) : long.MinValue);

    /// <summary>Sums what generations and evaluations cost by model, at the prices of <see cref="GenerationMonitorOptions.Pricing"/>, each
    /// call by its own cached and reasoning tokens.</summary>
    /// <param name="window">The window, under the rules of <see cref="GetMetrics"/>. Default: everything.</param>
    /// <returns>The cost; what has no known price is in it as unpriced, not as free.</returns>
    /// <exception cref="InvalidOperationException">The monitor has no <see cref="GenerationMonitorOptions.Pricing"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative.</exception>
    public CostReport GetCost(TimeSpan? window = null)
    {
        if (!_parts.IsPriced)
            throw new InvalidOperationException(
                $"Costs need prices: set {nameof(GenerationMonitorOptions)}.{nameof(GenerationMonitorOptions.Pricing)}.");
        return RecordedCost(window);
    }

    /// <summary>Says what became of everything that was recorded.</summary>
    /// <returns>The figures of this moment.</returns>
    public MonitorStatistics GetStatistics() => _parts.Statistics();

    /// <summary>Writes every metric's figures and its points in memory, and the token usage, to
    /// <c>LogDirectory/metrics_yyyyMMdd_HHmmss.json</c> (UTC).</summary>
    /// <remarks>A file that exists is not overwritten: <c>_2</c> and so on is added to the name.</remarks>
    /// <returns>The file's full path.</returns>
    /// <exception cref="IOException">It could not be written.</exception>
    public string SaveMetrics()
    {
        DateTimeOffset now = _parts.TimeProvider.GetUtcNow();
        using (_recorder.EnterApplied())
            return MetricsSnapshot.Save(
                LogDirectory,
                now,
                _clock.WallOffset,
                _parts.Store,
                TokenTotals.Report(_parts.Store, _names, long.MinValue),
                _names);
    }

    /// <summary>When a window that ends now begins, in wall-clock time.</summary>
    internal DateTimeOffset WindowStartTime(TimeSpan window)
    {
        long start = _clock.WindowStart(window);
        return start == long.MinValue ? DateTimeOffset.MinValue : new DateTimeOffset(start + _clock.WallOffset, TimeSpan.Zero);
    }

    /// <summary>The cost that was recorded, by the monitor's prices or by the program itself.</summary>
    internal CostReport RecordedCost(TimeSpan? window = null)
    {
        long from = window is { } given ? _clock.WindowStart(given) : long.MinValue;
        using (_recorder.EnterApplied())
            return TokenTotals.Cost(_parts.Store, _names, from);
    }

    /// <summary>The raw points in memory, a chunk at a time.</summary>
    internal IReadOnlyList<RetainedPoints> RetainedPoints()
    {
        using (_recorder.EnterApplied())
            return
            [
                .. _parts.Store.AllSeries.SelectMany(series =>
                    series.RawChunks().Select(chunk => new RetainedPoints(series.Name, chunk, _clock.WallOffset, _names.Models))),
            ];
    }
}
