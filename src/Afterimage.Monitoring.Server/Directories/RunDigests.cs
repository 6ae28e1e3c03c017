using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Summaries;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Directories;

/// <summary>Creates a <see cref="RunDigest"/> from the state of a run in memory.</summary>
internal static class RunDigests
{
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

        var columns = new long[RunDigest.SparkColumns];
        double span = Math.Max(1, state.Last - state.First + 1);
        foreach ((long start, TimeBucket bucket) in state.Timeline.Read(state.First, state.Last, 240).Buckets)
        {
            int column = (int)((Math.Max(start, state.First) - state.First) / span * RunDigest.SparkColumns);
            columns[Math.Min(column, RunDigest.SparkColumns - 1)] += bucket.Succeeded + bucket.Failed;
        }

        return columns;
    }
}
