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
#pragma warning disable RS0027 // A window and a query are of different types, so that no call is ambiguous.
    public MetricAggregate GetMetrics(string metricName, TimeSpan? window = null)
#pragma warning restore RS0027
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        return _parts.Reader.Aggregate(metricName, window ?? DefaultWindow);
    }

    /// <summary>Aggregates the points of a metric that a query takes.</summary>
    /// <param name="metricName">The metric.</param>
    /// <param name="query">Of when, of which model and with which tag. Without any time: the last five minutes.</param>
    /// <returns>The aggregate; without points one with <see cref="MetricAggregate.Count"/> 0.</returns>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> is null or empty, <paramref name="query"/> contradicts itself, or
    /// its tag is none of <see cref="GenerationMonitorOptions.Dimensions"/>.</exception>
    public MetricAggregate GetMetrics(string metricName, in MetricQuery query)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        return _parts.Reader.Aggregate(metricName, query, DefaultWindow);
    }

    /// <summary>Aggregates the points of a metric by the values of a dimension.</summary>
    /// <param name="metricName">The metric.</param>
    /// <param name="dimension"><c>model_name</c>, or one of <see cref="GenerationMonitorOptions.Dimensions"/>.</param>
    /// <inheritdoc cref="GetMetrics(string, in MetricQuery)"/>
    /// <param name="query"/>
    /// <returns>The aggregates by value; a value without points is not among them. Points without a model are under <c>unknown</c>, points
    /// without the tag under no value, values past <see cref="GenerationMonitorOptions.CardinalityLimit"/> under
    /// <see cref="GenerationMonitorOptions.OverflowName"/>.</returns>
    public IReadOnlyDictionary<string, MetricAggregate> GetMetricsBy(string metricName, string dimension, in MetricQuery query = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        ArgumentException.ThrowIfNullOrEmpty(dimension);
        return _parts.Reader.AggregateBy(metricName, dimension, query, DefaultWindow);
    }

    /// <summary>Aggregates the points of a metric step by step.</summary>
    /// <remarks>The first bucket starts where the query does; the last ends where the query does, or takes in what is stamped ahead of the
    /// clock. Of a query over everything, buckets start at multiples of the step, at the first point.</remarks>
    /// <param name="metricName">The metric.</param>
    /// <param name="step">The length of a bucket. More than zero, and at least a hundred-thousandth of the query's time.</param>
    /// <inheritdoc cref="GetMetrics(string, in MetricQuery)"/>
    /// <param name="query"/>
    /// <returns>The buckets in the order of time, also those without points.</returns>
    public IReadOnlyList<MetricBucket> GetTimeSeries(string metricName, TimeSpan step, in MetricQuery query = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        return _parts.Reader.Series(metricName, step, query, DefaultWindow);
    }

    /// <summary>Sums the tokens of generations and evaluations by model.</summary>
    /// <param name="window">The window, under the rules of <see cref="GetMetrics(string, TimeSpan?)"/>. Default: everything, exactly, at a
    /// cost that grows with the models and not the records.</param>
    /// <returns>The token usage; a model is in it when a token count was given for it.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative.</exception>
#pragma warning disable RS0027 // As above.
    public TokenUsageReport GetTotalTokenUsage(TimeSpan? window = null) => GetTotalTokenUsage(QueryOf(window));
#pragma warning restore RS0027

    /// <summary>Sums the tokens that a query takes by model.</summary>
    /// <param name="query">Of when, of which model and with which tag. Without any time: everything.</param>
    /// <returns>The token usage; a model is in it when a token count was given for it.</returns>
    /// <exception cref="ArgumentException"><paramref name="query"/> contradicts itself, or its tag is none of
    /// <see cref="GenerationMonitorOptions.Dimensions"/>.</exception>
    public TokenUsageReport GetTotalTokenUsage(in MetricQuery query) => _parts.TokenUsage(_parts.Reader.View(query, defaultWindow: null));

    /// <summary>Sums what generations and evaluations cost by model, at the prices of <see cref="GenerationMonitorOptions.Pricing"/>, each
    /// call by its own cached and reasoning tokens.</summary>
    /// <param name="window">The window, under the rules of <see cref="GetMetrics(string, TimeSpan?)"/>. Default: everything.</param>
    /// <returns>The cost; what has no known price is in it as unpriced, not as free.</returns>
    /// <exception cref="InvalidOperationException">The monitor has no <see cref="GenerationMonitorOptions.Pricing"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="window"/> is negative.</exception>
#pragma warning disable RS0027 // As above.
    public CostReport GetCost(TimeSpan? window = null) => GetCost(QueryOf(window));
#pragma warning restore RS0027

    /// <summary>Sums what the calls that a query takes cost by model.</summary>
    /// <param name="query">Of when, of which model and with which tag. Without any time: everything.</param>
    /// <returns>The cost; what has no known price is in it as unpriced, not as free.</returns>
    /// <exception cref="InvalidOperationException">The monitor has no <see cref="GenerationMonitorOptions.Pricing"/>.</exception>
    /// <exception cref="ArgumentException"><paramref name="query"/> contradicts itself, or its tag is none of
    /// <see cref="GenerationMonitorOptions.Dimensions"/>.</exception>
    public CostReport GetCost(in MetricQuery query)
    {
        if (!_parts.IsPriced)
            throw new InvalidOperationException(
                $"Costs need prices: set {nameof(GenerationMonitorOptions)}.{nameof(GenerationMonitorOptions.Pricing)}.");
        return RecordedCost(query);
    }

    /// <summary>Says what became of everything that was recorded.</summary>
    /// <returns>The figures of this moment.</returns>
    public MonitorStatistics GetStatistics() => _parts.Statistics();

    /// <summary>Writes every metric's figures and its points in memory, and the token usage, to
    /// <c>LogDirectory/metrics_yyyyMMdd_HHmmss.json</c> (UTC).</summary>
    /// <remarks>A file that exists is not overwritten: <c>_2</c> and so on is added to the name.</remarks>
    /// <returns>The file's full path.</returns>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="InvalidOperationException">The monitor writes no files.</exception>
    public string SaveMetrics()
    {
        string directory = LogDirectory
            ?? throw new InvalidOperationException(
                $"The monitor has no directory: {nameof(GenerationMonitorOptions.WriteFiles)} is false.");
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

    /// <summary>When a window that ends now begins, in wall-clock time.</summary>
    internal DateTimeOffset WindowStartTime(TimeSpan window)
    {
        long start = _clock.WindowStart(window);
        return start == long.MinValue ? DateTimeOffset.MinValue : new DateTimeOffset(start + _clock.WallOffset, TimeSpan.Zero);
    }

    /// <summary>The cost that was recorded, by the monitor's prices or by the program itself.</summary>
    internal CostReport RecordedCost(in MetricQuery query = default)
    {
        MetricView view = _parts.Reader.View(query, defaultWindow: null);
        using (_recorder.EnterApplied())
            return TokenTotals.Cost(view, _names);
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

    private static MetricQuery QueryOf(TimeSpan? window) => window < TimeSpan.Zero
        ? throw new ArgumentOutOfRangeException(nameof(window), window, "The window must not be negative.")
        : new MetricQuery { Window = window };
}
