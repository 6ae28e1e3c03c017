using System.Globalization;
using System.Text;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>The summary of records in a fleet, and the points that it is made of.</summary>
/// <param name="Summary">The summary.</param>
/// <param name="Metrics">The points by metric.</param>
internal sealed record FleetFigures(RunSummary Summary, IReadOnlyDictionary<string, PointBuckets> Metrics)
{
    private static readonly string[] OfModels =
    [
        "prompt_token_count", "completion_token_count", "total_token_count", "cost_usd", "unpriced_token_count",
    ];

    private static readonly HashSet<string> WellKnown = new(WellKnownMetrics.InOrder.ToArray(), StringComparer.Ordinal);

    /// <summary>Reads what a filter selects.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="limits">Shared by the summaries that are shown together.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    public static async Task<FleetFigures> ReadAsync(
        FleetCluster cluster,
        FleetFilter filter,
        NameLimits limits,
        CancellationToken cancellationToken)
    {
        var where = new FilterSql(filter, cluster.Schema.Database);
        var groups = new PointGroups(cluster);
        Dictionary<string, PointBuckets> points = (await groups
                .ReadAsync("''", null, where.Records, PointGroups.Fine, name => NameOf(name, limits), cancellationToken)
                .ConfigureAwait(false))
            .ToDictionary(group => group.Key.Metric, group => group.Value, StringComparer.Ordinal);
        List<(string Name, ModelTotals Sums)> models = await ModelsAsync(groups, where, limits, cancellationToken).ConfigureAwait(false);
        (long generations, long evaluations, DateTimeOffset? first, DateTimeOffset? last) =
            await CallsAsync(cluster, where, cancellationToken).ConfigureAwait(false);
        long skipped = await cluster
            .NumberAsync(
                $"SELECT count() FROM {cluster.Schema.Database}.record_lines WHERE event = 'skipped' AND {where.LinesOfRuns}",
                cancellationToken)
            .ConfigureAwait(false);
        string[] lost = (await cluster
            .RowsAsync(
                $"SELECT sum(dropped), sum(failed) FROM {cluster.Schema.Database}.runs WHERE has_end = 1 AND {where.Runs}",
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false))[0];

        var metrics = new SortedDictionary<string, MetricSummary>(StringComparer.Ordinal);
        foreach ((string name, PointBuckets values) in points.Where(metric => metric.Value.Count > 0))
            metrics.Add(name, values.Summary);
        var summary = new RunSummary
        {
            LogDirectory = NameOf(cluster.Options, filter),
            Generations = generations,
            Evaluations = evaluations,
            Tokens = ModelTotals.Tokens(models),
            Metrics = metrics,
            FirstTimestamp = first,
            LastTimestamp = last,
            NonFinitePoints = points.Values.Sum(values => values.NonFiniteCount),
            SkippedLines = skipped,
            Files = [],
            Cost = ModelTotals.Cost(models, metrics),
            DroppedRecords = Number(lost[0]),
            FailedRecords = Number(lost[1]),
        };
        return new FleetFigures(summary, points);
    }

    /// <summary>Returns the name under which records of a fleet are shown: a URL, with the filter as its query.</summary>
    public static string NameOf(FleetOptions options, FleetFilter? filter = null)
    {
        (string Name, string? Value)[] parts =
        [
            ("run", filter?.Run),
            ("host", filter?.Host),
            ("service", filter?.Service),
            ("model", filter?.ModelName),
            ("tag", filter?.Tag is { } tag ? $"{tag.Key}={tag.Value}" : null),
            ("since", filter?.Since?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
            ("until", filter?.Until?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
        ];
        string query = string.Join(
            '&',
            parts.Where(part => part.Value is not null).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}"));
        string url = new Uri(options.Urls[0], options.Database).ToString();
        return query.Length == 0 ? url : $"{url}?{query}";
    }

    private static async Task<List<(string Name, ModelTotals Sums)>> ModelsAsync(
        PointGroups groups,
        FilterSql where,
        NameLimits limits,
        CancellationToken cancellationToken)
    {
        var models = new Dictionary<string, ModelTotals>(StringComparer.Ordinal);
        foreach (((string model, string metric), PointBuckets values) in await groups
            .ReadAsync("model_name", OfModels, where.Records, PointGroups.Coarse, null, cancellationToken)
            .ConfigureAwait(false))
        {
            if (values.Count == 0)
                continue;

            string name = model.Length == 0 ? Names.UnknownModelName : Admit(limits.Models, model);
            if (!models.TryGetValue(name, out ModelTotals? sums))
                models.Add(name, sums = new ModelTotals());
            Add(sums, metric, values.Sum);
        }

        return [.. models.Select(model => (model.Key, model.Value))];
    }

    private static void Add(ModelTotals model, string metric, CompensatedSum sum)
    {
        switch (metric)
        {
            case "prompt_token_count":
                model.HasTokens = true;
                model.PromptTokens.Add(sum);
                break;
            case "completion_token_count":
                model.HasTokens = true;
                model.CompletionTokens.Add(sum);
                break;
            case "total_token_count":
                model.HasTokens = true;
                model.TotalTokens.Add(sum);
                break;
            case "cost_usd":
                model.HasCost = model.IsPriced = true;
                model.Dollars.Add(sum);
                break;
            default:
                model.HasCost = true;
                model.UnpricedTokenCount.Add(sum);
                break;
        }
    }

    private static async Task<(long Generations, long Evaluations, DateTimeOffset? First, DateTimeOffset? Last)> CallsAsync(
        FleetCluster cluster,
        FilterSql where,
        CancellationToken cancellationToken)
    {
        string[] row = (await cluster
            .RowsAsync(
                "SELECT countIf(event = 'generation'), countIf(event = 'evaluation'), count(), min(ticks), max(ticks) "
                + $"FROM {cluster.Schema.Database}.record_lines WHERE event != 'skipped' AND {where.Records}",
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false))[0];
        bool hasRecords = row[2] != "0";
        return (Number(row[0]), Number(row[1]), hasRecords ? Time(row[3]) : null, hasRecords ? Time(row[4]) : null);
    }

    /// <summary>Returns the time of ticks since 1970.</summary>
    public static DateTimeOffset Time(long ticks) => new(RecordTime.OfUnix(ticks), TimeSpan.Zero);

    /// <inheritdoc cref="Time(long)"/>
    public static DateTimeOffset Time(string ticks) => Time(Number(ticks));

    public static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static string NameOf(string metric, NameLimits limits) =>
        WellKnown.Contains(metric) ? metric
        : Of(metric, Names.ModelUsagePrefix, limits.Models)
            ?? Of(metric, Names.FinishReasonPrefix, limits.FinishReasons)
            ?? Of(metric, Names.ScorePrefix, limits.Scores)
            ?? Admit(limits.Metrics, metric);

    private static string? Of(string metric, string prefix, NameLimit limit) =>
        metric.StartsWith(prefix, StringComparison.Ordinal) ? prefix + Admit(limit, metric[prefix.Length..]) : null;

    private static string Admit(NameLimit limit, string name) => Encoding.UTF8.GetString(limit.Admit(Encoding.UTF8.GetBytes(name)));
}
