using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Metrics;

/// <summary>Reads the metrics, including what was recorded a moment ago. Any thread may call.</summary>
internal sealed class MetricReader(Recorder recorder, MetricStore store, Clock clock)
{
    private const int MaxBuckets = 100_000;

    /// <summary>Aggregates the points of a metric in a window that ends now: those of <paramref name="filtered"/>, or all.</summary>
    public MetricAggregate Aggregate(string metricName, TimeSpan window, FilteredSeries? filtered = null)
    {
        var range = TimeRange.Since(clock.WindowStart(window));
        using (recorder.EnterApplied())
            return filtered is null ? store.Aggregate(metricName, range) : filtered.Series.Aggregate(range);
    }

    public MetricAggregate Aggregate(string metricName, in MetricQuery query, TimeSpan defaultWindow)
    {
        MetricView view = View(query, defaultWindow);
        using (recorder.EnterApplied())
            return view.Aggregate(metricName);
    }

    public IReadOnlyDictionary<string, MetricAggregate> AggregateBy(
        string metricName,
        string dimension,
        in MetricQuery query,
        TimeSpan defaultWindow)
    {
        RequireDimension(dimension, nameof(dimension));
        if (query.Tag is { } tag && tag.Key != dimension && dimension != MetricStore.ModelDimension)
            throw new ArgumentException($"Points with the tag '{tag.Key}' cannot be grouped by '{dimension}'.", nameof(query));
        MetricView view = View(query, defaultWindow);
        using (recorder.EnterApplied())
            return view.AggregateBy(metricName, dimension);
    }

    public IReadOnlyList<MetricBucket> Series(string metricName, TimeSpan step, in MetricQuery query, TimeSpan defaultWindow)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(step, TimeSpan.Zero);
        MetricView view = View(query, defaultWindow);
        bool isOpen = view.Range.To == long.MaxValue;
        using (recorder.EnterApplied())
        {
            long start = view.Range.From;
            if (start == long.MinValue)
            {
                if (view.First(metricName) is not { } first)
                    return [];
                start = first - (((first + clock.WallOffset) % step.Ticks) + step.Ticks) % step.Ticks;
            }

            long end = isOpen ? Math.Max(clock.Now, start + 1) : view.Range.To;
            if (end <= start)
                return [];
            long count = ((end - start - 1) / step.Ticks) + 1;
            if (count > MaxBuckets)
                throw new ArgumentOutOfRangeException(nameof(step), step, $"The step must not make more than {MaxBuckets} buckets.");

            var buckets = new MetricBucket[count];
            for (int i = 0; i < buckets.Length; i++)
            {
                long from = start + (i * step.Ticks);
                bool isLast = i == buckets.Length - 1;
                var range = new TimeRange(from, isLast ? view.Range.To : from + step.Ticks);
                buckets[i] = new MetricBucket
                {
                    Start = new DateTimeOffset(from + clock.WallOffset, TimeSpan.Zero),
                    Aggregate = view.Within(range).Aggregate(metricName),
                };
            }

            return buckets;
        }
    }

    /// <summary>What a query sees.</summary>
    /// <param name="query">The query.</param>
    /// <param name="defaultWindow">The window of one without any time; null for everything.</param>
    /// <exception cref="ArgumentException">The query contradicts itself, or asks for a tag that is no dimension.</exception>
    public MetricView View(in MetricQuery query, TimeSpan? defaultWindow)
    {
        // Where a wall-clock time lies on the timeline depends on whether the clock has been set.
        if (query.From is not null || query.To is not null)
        {
            using (recorder.EnterApplied())
            {
            }
        }

        if (query.Tag is { } tag)
        {
            if (tag.Key is null || tag.Value is null)
                throw new ArgumentException("The key and the value of a tag must not be null.", nameof(query));
            RequireDimension(tag.Key, nameof(query));
            if (tag.Key == MetricStore.ModelDimension)
            {
                if (query.ModelName is { } other && other != tag.Value)
                    throw new ArgumentException("A query must not name two models.", nameof(query));
                return new MetricView(store, Range(query, defaultWindow), tag.Value, null);
            }
        }

        return new MetricView(store, Range(query, defaultWindow), query.ModelName, query.Tag);
    }

    private TimeRange Range(in MetricQuery query, TimeSpan? defaultWindow)
    {
        if (query.Window < TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(query), query.Window, "The window must not be negative.");
        if (query is { Window: not null, From: not null })
            throw new ArgumentException("A query must not have both a window and a start.", nameof(query));
        if (query.From > query.To)
            throw new ArgumentException("The start of a query must not be after its end.", nameof(query));

        TimeSpan? window = query.Window ?? (query is { From: null, To: null } ? defaultWindow : null);
        long to = query.To is { } end ? end.UtcTicks - clock.WallOffset : long.MaxValue;
        long from = query.From is { } start ? start.UtcTicks - clock.WallOffset : long.MinValue;
        if (window is { } length)
        {
            if (query.To is null)
                from = clock.WindowStart(length);
            else if (length.Ticks < to)
                from = to - length.Ticks;
        }

        return new TimeRange(from, to);
    }

    private void RequireDimension(string dimension, string parameter)
    {
        if (!store.HasDimension(dimension))
        {
            throw new ArgumentException(
                $"'{dimension}' must be one of {nameof(GenerationMonitorOptions)}.{nameof(GenerationMonitorOptions.Dimensions)}.",
                parameter);
        }
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
