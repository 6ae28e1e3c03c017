using System.Globalization;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Questions;
using Afterimage.Monitoring.ClickHouse.Schema;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Cluster;

/// <summary>Reads a <see cref="RunDocument"/> from the cluster.</summary>
internal static class ClusterDocuments
{
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public static async Task<RunDocument> ReadAsync(Fleet fleet, ClusterRun run, RunView view, DateTimeOffset now)
    {
        DateTimeOffset last = run.Figures?.LastTimestamp ?? now;
        DateTimeOffset first = run.Figures?.FirstTimestamp ?? last;
        DateTimeOffset to = run.Status == RunStatus.Live && now > last ? now : last;
        DateTimeOffset? from = view.Window is { } given ? to - given : null;
        var filter = new FleetFilter { Run = run.FleetId, Since = from };
        FleetCluster cluster = fleet.Cluster;
        string records = new FilterSql(filter, cluster.Schema.Database).Records;

        // The summary checks that the run exists.
        Task<RunSummary> summary = fleet.SummarizeAsync(filter);
        Task<IReadOnlyList<KeySummary>> models = new KeyFigures(cluster).ReadAsync(SummaryKey.Model, records, CancellationToken.None);
        Task<IReadOnlyList<GroupValues>> tags = TagsAsync(cluster, records);
        Task<SeriesValues> series = SeriesAsync(cluster, filter, from ?? first, view.Window is null ? last : to, view.Step);
        Task<CallNote[]> slowest = CallsAsync(cluster, records, "duration DESC");
        Task<CallNote[]> failures = CallsAsync(cluster, $"success = 0 AND {records}", "ticks DESC");
        Task<LogNote[]> log = LogAsync(cluster, filter);
        await Task.WhenAll(summary, models, tags, series, slowest, failures, log);

        RunSummary all = await summary;
        return new RunDocument
        {
            Run = RunListItem.Of(run, now),
            Source = RunPlace.Fleet,
            From = from,
            Figures = Figures(all, (to - (from is { } begin && begin > first ? begin : first)).TotalMinutes),
            Series = await series,
            Models =
            [
                .. (await models).Where(model => model.Generations > 0).OrderByDescending(model => model.Generations)
                    .Take(RunDocument.MaxModels)
                    .Select(model => Group(null, model)),
            ],
            Tags = await tags,
            Alerts = [.. AlertValues.Of(run)],
            Slowest = await slowest,
            Failures = await failures,
            Scores =
            [
                .. Metrics(all, MetricValues.IsScore).Select(score => score.AsScore()),
            ],
            Metrics = [.. Metrics(all, RunDocument.IsOfTheProgram)],
            Log = await log,
            SkippedLines = all.SkippedLines,
        };
    }

    private static FigureValues Figures(RunSummary summary, double minutes)
    {
        MetricSummary? times = Metric("generation_time");
        MetricSummary? successes = Metric("success_rate");
        MetricSummary? first = Metric("time_to_first_token");
        return new FigureValues
        {
            Generations = summary.Generations,
            Failed = successes is null ? 0 : successes.Count - (long)Math.Round(successes.Sum),
            SuccessRate = successes?.Mean,
            MeanSeconds = times?.Mean,
            P50Seconds = times?.P50,
            P95Seconds = times?.P95,
            P99Seconds = times?.P99,
            TimeToFirstTokenP50 = first?.P50,
            TimeToFirstTokenP95 = first?.P95,
            PromptTokens = Metric("prompt_token_count")?.Sum,
            CompletionTokens = Metric("completion_token_count")?.Sum,
            TotalTokens = Metric("total_token_count")?.Sum,
            CostUsd = Metric("cost_usd")?.Sum,
            UnpricedTokens = Metric("unpriced_token_count")?.Sum ?? 0,
            UsageMissing = Metric("usage_missing")?.Count ?? 0,
            Evaluations = summary.Evaluations,
            CallsPerMinute = summary.Generations > 0 && minutes > 0 ? summary.Generations / minutes : null,
        };

        MetricSummary? Metric(string name) => summary.Metrics.GetValueOrDefault(name);
    }

    private static IEnumerable<MetricValues> Metrics(RunSummary summary, Func<string, bool> which) =>
        summary.Metrics
            .Where(metric => which(metric.Key))
            .Take(RunDocument.MaxMetrics)
            .Select(metric => new MetricValues(
                metric.Key,
                metric.Value.Count,
                ApiJson.Finite(metric.Value.Mean),
                ApiJson.Finite(metric.Value.Min),
                ApiJson.Finite(metric.Value.P50),
                ApiJson.Finite(metric.Value.P95),
                ApiJson.Finite(metric.Value.Max)));

    private static GroupValues Group(string? key, KeySummary calls) => new()
    {
        Key = key,
        Name = calls.Value ?? Names.UnknownModelName,
        Calls = calls.Generations,
        SuccessRate = calls.SuccessRate,
        P50Seconds = calls.MedianSeconds,
        P95Seconds = calls.P95Seconds,
        PromptTokens = calls.IfKnown(calls.PromptTokenCount),
        CompletionTokens = calls.IfKnown(calls.CompletionTokenCount),
        TotalTokens = calls.IfKnown(calls.TotalTokenCount),
        CostUsd = (double?)calls.CostUsd,
        UnpricedTokens = calls.UnpricedTokenCount,
    };

    private static async Task<IReadOnlyList<GroupValues>> TagsAsync(FleetCluster cluster, string where)
    {
        IReadOnlyList<string[]> keys = await cluster.RowsAsync(
            $"SELECT key, uniqExact(value) AS values FROM {cluster.Schema.Database}.record_lines "
            + $"ARRAY JOIN tag_keys AS key, tag_values AS value WHERE event = 'generation' AND {where} "
            + $"GROUP BY key HAVING values <= {RunDocument.MaxValuesOfATag} ORDER BY key LIMIT {RunDocument.MaxTags}",
            CancellationToken.None,
            Timeout.InfiniteTimeSpan);
        List<GroupValues> groups = [];
        foreach (string key in keys.Select(row => row[0]).Where(key => key.Length > 0))
        {
            if (groups.Count >= RunDocument.MaxTags)
                break;
            groups.AddRange((await new KeyFigures(cluster).ReadAsync(SummaryKey.Tag(key), where, CancellationToken.None))
                .Where(calls => calls.Value is not null)
                .OrderByDescending(calls => calls.Generations)
                .Select(calls => Group(key, calls)));
        }

        return [.. groups.Where(group => group.Calls > 0).Take(RunDocument.MaxTags)];
    }

    private static async Task<SeriesValues> SeriesAsync(
        FleetCluster cluster,
        FleetFilter filter,
        DateTimeOffset from,
        DateTimeOffset to,
        TimeSpan step)
    {
        long width = SeriesValues.Widths.FirstOrDefault(
            w => w >= step.Ticks && (to - from).Ticks / w < SeriesValues.MaxBuckets,
            SeriesValues.Widths[^1]);
        SortedDictionary<long, TimeColumn> found = await new TimeColumns(cluster).ReadAsync(filter, width, CancellationToken.None);
        List<(long Number, TimeColumn? Column)> columns = SeriesValues.WithGaps(found.Select(column => (column.Key, column.Value)));
        double seconds = (double)width / TimeSpan.TicksPerSecond;
        return new SeriesValues
        {
            WidthSeconds = seconds,
            Time = [.. columns.Select(column => column.Number * seconds)],
            Succeeded = Each("success_rate", points => points.Sum.Value, 0),
            Failed = Each("success_rate", points => points.Count - points.Sum.Value, 0),
            P50 = Each("generation_time", points => points.Quantile(0.5)),
            P95 = Each("generation_time", points => points.Quantile(0.95)),
            FirstTokenP50 = Each("time_to_first_token", points => points.Quantile(0.5)),
            FirstTokenP95 = Each("time_to_first_token", points => points.Quantile(0.95)),
            PromptTokens = Each("prompt_token_count", points => points.Sum.Value, 0),
            CompletionTokens = Each("completion_token_count", points => points.Sum.Value, 0),
            CostUsd = Each("cost_usd", points => points.Sum.Value),
            Score = [.. columns.Select(column => column.Column?.MeanScore is { } mean ? ApiJson.Finite(mean) : null)],
        };

        double?[] Each(string metric, Func<PointBuckets, double> value, double? otherwise = null) =>
        [
            .. columns.Select(column =>
                column.Column?.Points.GetValueOrDefault(metric) is { } points ? ApiJson.Finite(value(points)) : otherwise),
        ];
    }

    private static async Task<CallNote[]> CallsAsync(FleetCluster cluster, string where, string order) =>
    [
        .. (await cluster.RowsAsync(
                "SELECT ticks, duration, success, model_name, toString(coalesce(prompt_token_count, -1)), "
                + "toString(coalesce(completion_token_count, -1)), finish_reason, error, trace_id "
                + $"FROM {cluster.Schema.Database}.generations WHERE {where} ORDER BY {order} LIMIT {RunDocument.MaxNotes}",
                CancellationToken.None,
                Timeout.InfiniteTimeSpan))
            .Select(row => new CallNote(
                Time(row[0]),
                double.Parse(row[1], CultureInfo.InvariantCulture),
                row[2] == "1",
                Text(row[3]),
                Count(row[4]),
                Count(row[5]),
                Text(row[6]),
                Text(row[7]),
                Text(row[8]))),
    ];

    private static async Task<LogNote[]> LogAsync(FleetCluster cluster, FleetFilter filter) =>
    [
        .. (await cluster.RowsAsync(
                $"SELECT ticks, level, message, error FROM {cluster.Schema.Database}.log_lines "
                + $"WHERE {EventTable.IsValid} = 1 AND {new FilterSql(filter, cluster.Schema.Database).LinesOfRuns} "
                + $"ORDER BY ticks DESC, file DESC, line DESC LIMIT {RunDocument.MaxLogEntries}",
                CancellationToken.None,
                Timeout.InfiniteTimeSpan))
            .Select(row => new LogNote(Time(row[0]), row[1], row[2], Text(row[3]))),
    ];

    private static DateTime Time(string ticks) => FleetFigures.Time(ticks).UtcDateTime;

    private static string? Text(string text) => text.Length == 0 ? null : text;

    private static long? Count(string text) => text == "-1" ? null : FleetFigures.Number(text);
}
