using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Server.Runs;

/// <summary>What the list of runs shows of a run. It is small, and kept for every run.</summary>
internal sealed record RunDigest
{
    /// <summary>The number of columns in a sparkline.</summary>
    public const int SparkColumns = 24;

    public long Generations { get; private init; }

    public long Evaluations { get; private init; }

    public double? SuccessRate { get; private init; }

    /// <summary>The 95th percentile of durations, in seconds.</summary>
    public double? P95 { get; private init; }

    public double? TotalTokens { get; private init; }

    /// <summary>The cost in US dollars; null if no call had a price.</summary>
    public double? CostUsd { get; private init; }

    public double UnpricedTokens { get; private init; }

    /// <summary>Generations whose provider reported no usage.</summary>
    public long UsageMissing { get; private init; }

    public long SkippedLines { get; private init; }

    public DateTimeOffset? FirstTimestamp { get; private init; }

    public DateTimeOffset? LastTimestamp { get; private init; }

    /// <summary>The number of generations in each column of the run's time.</summary>
    public IReadOnlyList<long> Spark { get; private init; } = [];

    /// <summary>The first two dozen models that were called.</summary>
    public IReadOnlyList<string> Models { get; private init; } = [];

    /// <summary>The alerts as episodes, oldest first.</summary>
    public IReadOnlyList<AlertEpisode> Alerts { get; private init; } = [];

    public int FiringAlerts => Alerts.Count(alert => alert.State == AlertEpisodeState.Firing);

    public static RunDigest Of(FollowedRun state, string directory, IReadOnlyList<LogRun> runs)
    {
        lock (state.Gate)
        {
            MetricAggregate times = Aggregate("generation_time");
            MetricAggregate successes = Aggregate("success_rate");
            MetricAggregate tokens = Aggregate("total_token_count");
            MetricAggregate cost = Aggregate("cost_usd");
            return new RunDigest
            {
                Generations = state.Generations,
                Evaluations = state.Evaluations,
                SuccessRate = successes.Count == 0 ? null : successes.Mean,
                P95 = times.Count == 0 ? null : times.Quantile(0.95),
                TotalTokens = tokens.Count == 0 ? null : tokens.Sum,
                CostUsd = cost.Count == 0 ? null : cost.Sum,
                UnpricedTokens = Aggregate("unpriced_token_count").Sum,
                UsageMissing = state.UsageMissing,
                SkippedLines = state.SkippedLines,
                FirstTimestamp = state.Last == 0 ? null : new DateTimeOffset(state.First, TimeSpan.Zero),
                LastTimestamp = state.Last == 0 ? null : new DateTimeOffset(state.Last, TimeSpan.Zero),
                Spark = SparkOf(state),
                Models = [.. state.Models.Select(model => model.Name)],
                Alerts = AlertEpisodes.Of(state.Alerts, directory, runs),
            };
        }

        MetricAggregate Aggregate(string metric) => state.Store.Aggregate(metric, TimeRange.All);
    }

    private static long[] SparkOf(FollowedRun state)
    {
        if (state.Last == 0)
            return [];

        var columns = new long[SparkColumns];
        double span = Math.Max(1, state.Last - state.First + 1);
        foreach ((long start, TimeBucket bucket) in state.Timeline.Read(state.First, state.Last, 240).Buckets)
        {
            int column = (int)((Math.Max(start, state.First) - state.First) / span * SparkColumns);
            columns[Math.Min(column, SparkColumns - 1)] += bucket.Succeeded + bucket.Failed;
        }

        return columns;
    }
}
