using Afterimage.Monitoring.Log.Writing;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

// Methods that read.
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
    /// A point is in the window if its time stamp is at or after now minus <paramref name="window"/>. A point whose time stamp is ahead of
    /// the clock is in every window. The result is exact, and takes time logarithmic in the number of points, as long as the window reaches
    /// back no further than the points kept under <see cref="GenerationMonitorOptions.MaxRetainedPoints"/>; beyond them, the edge of the
    /// window is rounded outwards. A window over everything is always exact.
    /// </remarks>
    /// <param name="metricName">The metric.</param>
    /// <param name="window">The window. Must not be negative. A window longer than the run includes everything. Default: five
    /// minutes.</param>
    /// <returns>The aggregate; for an unknown metric, its <see cref="MetricAggregate.Count"/> is 0.</returns>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> is null or empty, or <paramref name="window"/> is
    /// negative.</exception>
#pragma warning disable RS0027 // A window and a query are of different types, so that no call is ambiguous.
    public MetricAggregate GetMetrics(string metricName, TimeSpan? window = null)
#pragma warning restore RS0027
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        return _parts.Reader.Aggregate(metricName, window ?? DefaultWindow);
    }

    /// <summary>Aggregates the points of a metric that a query selects.</summary>
    /// <param name="metricName">The metric.</param>
    /// <param name="query">The time, model and tag to select by. Without a time: the last five minutes.</param>
    /// <returns>The aggregate; if there are no points, its <see cref="MetricAggregate.Count"/> is 0.</returns>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> is null or empty, <paramref name="query"/> contradicts itself, or
    /// its tag is not one of <see cref="GenerationMonitorOptions.Dimensions"/>.</exception>
    public MetricAggregate GetMetrics(string metricName, in MetricQuery query)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        return _parts.Reader.Aggregate(metricName, query, DefaultWindow);
    }

    /// <summary>Aggregates the points of a metric, grouped by the values of a dimension.</summary>
    /// <param name="metricName">The metric.</param>
    /// <param name="dimension"><c>model_name</c>, or one of <see cref="GenerationMonitorOptions.Dimensions"/>.</param>
    /// <inheritdoc cref="GetMetrics(string, in MetricQuery)"/>
    /// <param name="query"/>
    /// <returns>The aggregates by value. A value without points is left out. Points without a model are under <c>unknown</c>, points
    /// without the tag are in no group, and values past <see cref="GenerationMonitorOptions.CardinalityLimit"/> are under
    /// <see cref="GenerationMonitorOptions.OverflowName"/>.</returns>
    public IReadOnlyDictionary<string, MetricAggregate> GetMetricsBy(string metricName, string dimension, in MetricQuery query = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        ArgumentException.ThrowIfNullOrEmpty(dimension);
        return _parts.Reader.AggregateBy(metricName, dimension, query, DefaultWindow);
    }

    /// <summary>Aggregates the points of a metric into buckets of equal length.</summary>
    /// <remarks>The first bucket starts where the query does. The last bucket ends where the query does, or includes points whose time
    /// stamps are ahead of the clock. For a query over everything, buckets start at multiples of the step, beginning with the first
    /// point.</remarks>
    /// <param name="metricName">The metric.</param>
    /// <param name="step">The length of a bucket. Must be more than zero, and at least a hundred-thousandth of the query's time
    /// span.</param>
    /// <inheritdoc cref="GetMetrics(string, in MetricQuery)"/>
    /// <param name="query"/>
    /// <returns>The buckets in chronological order, including empty ones.</returns>
    public IReadOnlyList<MetricBucket> GetTimeSeries(string metricName, TimeSpan step, in MetricQuery query = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        return _parts.Reader.Series(metricName, step, query, DefaultWindow);
    }

    /// <summary>Sums the tokens of generations and evaluations by model.</summary>
    /// <param name="window">The window, under the rules of <see cref="GetMetrics(string, TimeSpan?)"/>. Default: everything, which is exact
    /// and whose cost grows with the number of models, not of records.</param>
    /// <returns>The token usage. It includes the models that have a token count.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative.</exception>
#pragma warning disable RS0027 // As above.
    public TokenUsageReport GetTotalTokenUsage(TimeSpan? window = null) => GetTotalTokenUsage(QueryOf(window));
#pragma warning restore RS0027

    /// <summary>Sums the tokens that a query selects by model.</summary>
    /// <param name="query">The time, model and tag to select by. Without a time: everything.</param>
    /// <returns>The token usage. It includes the models that have a token count.</returns>
    /// <exception cref="ArgumentException"><paramref name="query"/> contradicts itself, or its tag is not one of
    /// <see cref="GenerationMonitorOptions.Dimensions"/>.</exception>
    public TokenUsageReport GetTotalTokenUsage(in MetricQuery query) => _parts.TokenUsage(_parts.Reader.View(query, defaultWindow: null));

    /// <summary>Sums the cost of generations and evaluations by model, at the prices of <see cref="GenerationMonitorOptions.Pricing"/>.
    /// Each call is charged for its own cached and reasoning tokens.</summary>
    /// <param name="window">The window, under the rules of <see cref="GetMetrics(string, TimeSpan?)"/>. Default: everything.</param>
    /// <returns>The cost. Tokens without a known price are reported as unpriced, not as free.</returns>
    /// <exception cref="InvalidOperationException">The monitor has no <see cref="GenerationMonitorOptions.Pricing"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative.</exception>
#pragma warning disable RS0027 // As above.
    public CostReport GetCost(TimeSpan? window = null) => GetCost(QueryOf(window));
#pragma warning restore RS0027

    /// <summary>Sums the cost of the calls that a query selects by model.</summary>
    /// <param name="query">The time, model and tag to select by. Without a time: everything.</param>
    /// <returns>The cost. Tokens without a known price are reported as unpriced, not as free.</returns>
    /// <exception cref="InvalidOperationException">The monitor has no <see cref="GenerationMonitorOptions.Pricing"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="query"/> contradicts itself, or its tag is not one of
    /// <see cref="GenerationMonitorOptions.Dimensions"/>.</exception>
    public CostReport GetCost(in MetricQuery query)
    {
        if (!_parts.IsPriced)
            throw new InvalidOperationException(
                $"{nameof(GenerationMonitorOptions)}.{nameof(GenerationMonitorOptions.Pricing)} must be set, "
                + "because costs require prices.");
        return RecordedCost(query);
    }

    /// <summary>Gets the numbers of records that were written, lost and are pending.</summary>
    /// <returns>The current figures.</returns>
    public MonitorStatistics GetStatistics() => _parts.Statistics();

    /// <summary>Writes the figures of every metric, its points in memory, and the token usage to
    /// <c>LogDirectory/metrics_yyyyMMdd_HHmmss.json</c> (UTC).</summary>
    /// <remarks>An existing file is not overwritten: <c>_2</c> and so on is appended to the name.</remarks>
    /// <returns>The full path of the file.</returns>
    /// <exception cref="IOException">The file could not be written.</exception>
    /// <exception cref="InvalidOperationException">The monitor writes no files.</exception>
    public string SaveMetrics()
    {
        string directory = LogDirectory
            ?? throw new InvalidOperationException(
                $"{nameof(GenerationMonitorOptions)}.{nameof(GenerationMonitorOptions.WriteFiles)} must be true, "
                + "because metrics are saved in the log directory.");
        DateTimeOffset now = _parts.TimeProvider.GetUtcNow();
        using (_recorder.EnterApplied())
            return MetricsSnapshot.Save(
                directory,
                now,
                _clock.WallOffset,
                _parts.Store,
                TokenTotals.Report(MetricView.All(_parts.Store), _names),
                _names);
    }

    /// <summary>The wall-clock time at which a window that ends now begins.</summary>
    internal DateTimeOffset WindowStartTime(TimeSpan window)
    {
        long start = _clock.WindowStart(window);
        return start == long.MinValue ? DateTimeOffset.MinValue : new DateTimeOffset(start + _clock.WallOffset, TimeSpan.Zero);
    }

    /// <summary>The recorded cost, at the monitor's prices or as given by the program itself.</summary>
    internal CostReport RecordedCost(in MetricQuery query = default)
    {
        MetricView view = _parts.Reader.View(query, defaultWindow: null);
        using (_recorder.EnterApplied())
            return TokenTotals.Cost(view, _names);
    }

    /// <summary>The raw points in memory, one chunk at a time.</summary>
    internal IReadOnlyList<RetainedPoints> RetainedPoints()
    {
        using (_recorder.EnterApplied())
            return
            [
                .. _parts.Store.AllSeries.SelectMany(series =>
                    series.RawChunks().Select(chunk => new RetainedPoints(series.Name, chunk, _clock.WallOffset, _names.Models))),
            ];
    }

    private static MetricQuery QueryOf(TimeSpan? window) => window < TimeSpan.Zero
        ? throw new ArgumentOutOfRangeException(nameof(window), window, "The window must not be negative.")
        : new MetricQuery { Window = window };
}
