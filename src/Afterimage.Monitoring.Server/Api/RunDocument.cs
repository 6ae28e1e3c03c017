using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>Everything that the page of a run shows, in one response.</summary>
internal sealed record RunDocument
{
    public required RunListItem Run { get; init; }

    /// <summary>The start of the time span of the figures; absent if they are for the whole run.</summary>
    public DateTimeOffset? From { get; init; }

    public required FigureValues Figures { get; init; }

    public required SeriesValues Series { get; init; }

    public required IReadOnlyList<GroupValues> Models { get; init; }

    public required IReadOnlyList<GroupValues> Tags { get; init; }

    public required IReadOnlyList<AlertValues> Alerts { get; init; }

    public required IReadOnlyList<CallNote> Slowest { get; init; }

    public required IReadOnlyList<CallNote> Failures { get; init; }

    public required IReadOnlyList<MetricValues> Scores { get; init; }

    public required IReadOnlyList<MetricValues> Metrics { get; init; }

    public required IReadOnlyList<LogNote> Log { get; init; }

    public long SkippedLines { get; init; }
}

/// <summary>Key figures of a time span.</summary>
internal sealed record FigureValues
{
    public long Generations { get; init; }

    public long Failed { get; init; }

    public double? SuccessRate { get; init; }

    public double? MeanSeconds { get; init; }

    public double? P50Seconds { get; init; }

    public double? P95Seconds { get; init; }

    public double? P99Seconds { get; init; }

    public double? TimeToFirstTokenP50 { get; init; }

    public double? TimeToFirstTokenP95 { get; init; }

    public double? PromptTokens { get; init; }

    public double? CompletionTokens { get; init; }

    public double? TotalTokens { get; init; }

    public double? CostUsd { get; init; }

    public double UnpricedTokens { get; init; }

    public long UsageMissing { get; init; }

    public long Evaluations { get; init; }

    public double? CallsPerMinute { get; init; }
}

/// <summary>Columns over time, with one value per bucket; null if a bucket has none.</summary>
internal sealed record SeriesValues
{
    public double WidthSeconds { get; init; }

    /// <summary>The starts of the buckets, in seconds since 1970, UTC.</summary>
    public required IReadOnlyList<double> Time { get; init; }

    public required IReadOnlyList<double?> Succeeded { get; init; }

    public required IReadOnlyList<double?> Failed { get; init; }

    public required IReadOnlyList<double?> P50 { get; init; }

    public required IReadOnlyList<double?> P95 { get; init; }

    public required IReadOnlyList<double?> FirstTokenP50 { get; init; }

    public required IReadOnlyList<double?> FirstTokenP95 { get; init; }

    public required IReadOnlyList<double?> PromptTokens { get; init; }

    public required IReadOnlyList<double?> CompletionTokens { get; init; }

    public required IReadOnlyList<double?> CostUsd { get; init; }

    public required IReadOnlyList<double?> Score { get; init; }
}

/// <summary>The calls of one model, or with one tag.</summary>
internal sealed record GroupValues
{
    public string? Key { get; init; }

    public required string Name { get; init; }

    public long Calls { get; init; }

    public double? SuccessRate { get; init; }

    public double? P50Seconds { get; init; }

    public double? P95Seconds { get; init; }

    public double? PromptTokens { get; init; }

    public double? CompletionTokens { get; init; }

    public double? TotalTokens { get; init; }

    public double? CostUsd { get; init; }

    public double UnpricedTokens { get; init; }
}

/// <summary>Summary of the points of a metric.</summary>
internal sealed record MetricValues(string Name, long Count, double? Mean, double? Min, double? P50, double? P95, double? Max);

/// <summary>Creates a <see cref="RunDocument"/> from the state of a run in memory.</summary>
internal static class RunDocuments
{
    private const int Points = 240;
    private const int LogEntries = 100;

    private static readonly string[] OwnPrefixes = ["model_usage:", "finish_reason:", Names.ScorePrefix];

    /// <param name="entry">The run.</param>
    /// <param name="state">The state of the run in memory.</param>
    /// <param name="window">How far back to go from the end of the run, or from now if it is live; null: the whole run.</param>
    /// <param name="now">The current time.</param>
    public static RunDocument Of(RunEntry entry, FollowedRun state, TimeSpan? window, DateTimeOffset now)
    {
        lock (state.Gate)
        {
            long last = state.Last == 0 ? now.UtcTicks : state.Last;
            long to = entry.Status == RunStatus.Live ? Math.Max(now.UtcTicks, last) : last;
            long? from = window is { } given ? Math.Max(0, to - given.Ticks) : null;
            long start = from ?? long.MinValue;
            return new RunDocument
            {
                Run = RunListItem.Of(entry, now),
                From = from is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
                Figures = Figures(state, start, to),
                Series = Series(state, from ?? Math.Min(state.First, last), window is null ? last : to),
                Models =
                [
                    .. state.Models.Select(m => Group(null, m.Name, m.Group, start)).Where(g => g.Calls > 0)
                        .OrderByDescending(g => g.Calls),
                ],
                Tags =
                [
                    .. state.Tags.Select(t => Group(t.Key, t.Value, t.Group, start)).Where(g => g.Calls > 0)
                        .OrderBy(g => g.Key, StringComparer.Ordinal).ThenByDescending(g => g.Calls),
                ],
                Alerts = [.. AlertValues.Of(entry)],
                Slowest = [.. state.Slowest],
                Failures = [.. state.Failures],
                Scores =
                [
                    .. Metrics(state, start, name => name.StartsWith(Names.ScorePrefix, StringComparison.Ordinal)).Select(WithoutPrefix),
                ],
                Metrics = [.. Metrics(state, start, IsOfTheProgram)],
                Log = [.. state.Log.Take(LogEntries)],
                SkippedLines = state.SkippedLines,
            };
        }
    }

    private static MetricValues WithoutPrefix(MetricValues score) => score with { Name = score.Name[Names.ScorePrefix.Length..] };

    private static bool IsOfTheProgram(string name) =>
        !OwnPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) && !WellKnownMetrics.InOrder.Contains(name);

    private static FigureValues Figures(FollowedRun state, long from, long to)
    {
        MetricAggregate times = state.Store.Aggregate("generation_time", TimeRange.Since(from));
        MetricAggregate successes = state.Store.Aggregate("success_rate", TimeRange.Since(from));
        MetricAggregate first = state.Store.Aggregate("time_to_first_token", TimeRange.Since(from));
        long begin = from == long.MinValue ? state.First : Math.Max(from, state.First);
        double minutes = (double)(to - begin) / TimeSpan.TicksPerMinute;
        return new FigureValues
        {
            Generations = times.Count,
            Failed = successes.Count - (long)Math.Round(successes.Sum),
            SuccessRate = successes.Count == 0 ? null : successes.Mean,
            MeanSeconds = times.Count == 0 ? null : times.Mean,
            P50Seconds = ApiJson.Finite(times.Quantile(0.5)),
            P95Seconds = ApiJson.Finite(times.Quantile(0.95)),
            P99Seconds = ApiJson.Finite(times.Quantile(0.99)),
            TimeToFirstTokenP50 = ApiJson.Finite(first.Quantile(0.5)),
            TimeToFirstTokenP95 = ApiJson.Finite(first.Quantile(0.95)),
            PromptTokens = Sum(state.Store.Aggregate("prompt_token_count", TimeRange.Since(from))),
            CompletionTokens = Sum(state.Store.Aggregate("completion_token_count", TimeRange.Since(from))),
            TotalTokens = Sum(state.Store.Aggregate("total_token_count", TimeRange.Since(from))),
            CostUsd = Sum(state.Store.Aggregate("cost_usd", TimeRange.Since(from))),
            UnpricedTokens = state.Store.Aggregate("unpriced_token_count", TimeRange.Since(from)).Sum,
            UsageMissing = state.UsageMissing,
            Evaluations = state.Store.Aggregate("evaluation_time", TimeRange.Since(from)).Count,
            CallsPerMinute = times.Count > 0 && minutes > 0 ? times.Count / minutes : null,
        };
    }

    private static double? Sum(in MetricAggregate aggregate) => aggregate.Count == 0 ? null : ApiJson.Finite(aggregate.Sum);

    private static GroupValues Group(string? key, string name, CallGroup group, long from)
    {
        MetricAggregate times = group.Times(from);
        MetricAggregate successes = group.Successes(from);
        return new GroupValues
        {
            Key = key,
            Name = name,
            Calls = times.Count,
            SuccessRate = successes.Count == 0 ? null : successes.Mean,
            P50Seconds = ApiJson.Finite(times.Quantile(0.5)),
            P95Seconds = ApiJson.Finite(times.Quantile(0.95)),
            PromptTokens = Sum(group.PromptTokens(from)),
            CompletionTokens = Sum(group.CompletionTokens(from)),
            TotalTokens = Sum(group.TotalTokens(from)),
            CostUsd = Sum(group.Cost(from)),
            UnpricedTokens = group.UnpricedTokens(from).Sum,
        };
    }

    private static IEnumerable<MetricValues> Metrics(FollowedRun state, long from, Func<string, bool> which) =>
        state.Store.AllSeries
            .Where(series => which(series.Name))
            .OrderBy(series => series.Name, StringComparer.Ordinal)
            .Take(100)
            .Select(series => (series.Name, All: series.Aggregate(TimeRange.Since(from))))
            .Where(metric => metric.All.Count > 0)
            .Select(metric => new MetricValues(
                metric.Name,
                metric.All.Count,
                ApiJson.Finite(metric.All.Mean),
                ApiJson.Finite(metric.All.Min),
                ApiJson.Finite(metric.All.Quantile(0.5)),
                ApiJson.Finite(metric.All.Quantile(0.95)),
                ApiJson.Finite(metric.All.Max)));

    private static SeriesValues Series(FollowedRun state, long from, long to)
    {
        (long width, IReadOnlyList<(long Start, TimeBucket Bucket)> buckets) = state.Timeline.Read(from, to, Points);

        // Include buckets without records, so that lines end where nothing happened.
        List<(long Start, TimeBucket? Bucket)> columns = [];
        foreach ((long start, TimeBucket bucket) in buckets)
        {
            for (long gap = columns.Count == 0 ? start : columns[^1].Start + width; gap < start && columns.Count < 2 * Points; gap += width)
                columns.Add((gap, null));
            columns.Add((start, bucket));
        }

        return new SeriesValues
        {
            WidthSeconds = (double)width / TimeSpan.TicksPerSecond,
            Time = [.. columns.Select(c => (c.Start - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond)],
            Succeeded = Column(b => b?.Succeeded ?? 0),
            Failed = Column(b => b?.Failed ?? 0),
            P50 = Column(b => Quantile(b?.Durations, b is null ? 0 : b.Succeeded + b.Failed, 0.5)),
            P95 = Column(b => Quantile(b?.Durations, b is null ? 0 : b.Succeeded + b.Failed, 0.95)),
            FirstTokenP50 = Column(b => Quantile(b?.TimesToFirstToken, b?.FirstTokens ?? 0, 0.5)),
            FirstTokenP95 = Column(b => Quantile(b?.TimesToFirstToken, b?.FirstTokens ?? 0, 0.95)),
            PromptTokens = Column(b => b?.PromptTokens ?? 0),
            CompletionTokens = Column(b => b?.CompletionTokens ?? 0),
            CostUsd = Column(b => b?.Cost),
            Score = Column(b => b is { Scores: > 0 } ? b.ScoreSum / b.Scores : null),
        };

        double?[] Column(Func<TimeBucket?, double?> value) => [.. columns.Select(c => value(c.Bucket) is { } v ? ApiJson.Finite(v) : null)];
    }

    private static double? Quantile(QuantileSketch? sketch, long count, double q) =>
        sketch is null || count == 0 ? null : sketch.ValueAt((long)Math.Floor(q * (count - 1)));
}
