using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Creates a <see cref="RunDocument"/> from the state of a run in memory.</summary>
internal static class RunDocuments
{
    /// <param name="entry">The run.</param>
    /// <param name="state">The state of the run in memory.</param>
    /// <param name="view">The part that is asked for.</param>
    /// <param name="now">The current time.</param>
    public static RunDocument Of(DirectoryRun entry, FollowedRun state, RunView view, DateTimeOffset now)
    {
        lock (state.Gate)
        {
            long last = state.Last == 0 ? now.UtcTicks : state.Last;
            long to = entry.Status == RunStatus.Live ? Math.Max(now.UtcTicks, last) : last;
            long? from = view.Window is { } given ? Math.Max(0, to - given.Ticks) : null;
            long start = from ?? long.MinValue;
            return new RunDocument
            {
                Run = RunListItem.Of(entry, now),
                Source = RunPlace.Directory,
                From = from is { } ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null,
                Figures = Figures(state, start, to),
                Series = Series(state, from ?? Math.Min(state.First, last), view.Window is null ? last : to, view.Step),
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
                Budgets = [.. state.Budgets.Take(RunDocument.MaxBudgets)],
                Slowest = [.. state.Slowest],
                Failures = [.. state.Failures],
                Scores = [.. Metrics(state, start, MetricValues.IsScore).Select(score => score.AsScore())],
                Metrics = [.. Metrics(state, start, RunDocument.IsOfTheProgram)],
                Log = [.. state.Log.Take(RunDocument.MaxLogEntries)],
                SkippedLines = state.SkippedLines,
            };
        }
    }

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
            .Take(RunDocument.MaxMetrics)
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

    private static SeriesValues Series(FollowedRun state, long from, long to, TimeSpan step)
    {
        (long width, IReadOnlyList<(long Start, TimeBucket Bucket)> buckets) =
            state.Timeline.Read(from, to, SeriesValues.MaxBuckets, step.Ticks);
        List<(long Number, TimeBucket? Bucket)> columns = SeriesValues.WithGaps(buckets.Select(b => (b.Start / width, b.Bucket)));

        return new SeriesValues
        {
            WidthSeconds = (double)width / TimeSpan.TicksPerSecond,
            Time = [.. columns.Select(c => ((c.Number * width) - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond)],
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
        sketch is null || count == 0 ? null : sketch.ValueAt(QuantileRank.Of(q, count));
}
