using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Server.Runs;

/// <summary>Everything that the page of a run shows, in one response.</summary>
internal sealed record RunDocument
{
    public const int MaxModels = 24;
    public const int MaxTags = 32;

    /// <summary>The number of values of a tag from which on the tag is left out, because it identifies calls rather than kinds of
    /// calls.</summary>
    public const int MaxValuesOfATag = 12;

    /// <summary>The number of the slowest calls, and of the last failed ones.</summary>
    public const int MaxNotes = 20;

    public const int MaxLogEntries = 100;
    public const int MaxMetrics = 100;
    public const int MaxBudgets = 100;

    private static readonly string[] OwnPrefixes = [Names.ModelUsagePrefix, Names.FinishReasonPrefix, Names.ScorePrefix];

    public required RunListItem Run { get; init; }

    public required RunPlace Source { get; init; }

    /// <summary>The start of the time span of the figures; absent if they are for the whole run.</summary>
    public DateTimeOffset? From { get; init; }

    public required FigureValues Figures { get; init; }

    public required SeriesValues Series { get; init; }

    public required IReadOnlyList<GroupValues> Models { get; init; }

    public required IReadOnlyList<GroupValues> Tags { get; init; }

    public required IReadOnlyList<AlertValues> Alerts { get; init; }

    /// <summary>The budgets of the run. A fleet does not know them.</summary>
    public IReadOnlyList<BudgetValues> Budgets { get; init; } = [];

    public required IReadOnlyList<CallNote> Slowest { get; init; }

    public required IReadOnlyList<CallNote> Failures { get; init; }

    public required IReadOnlyList<MetricValues> Scores { get; init; }

    public required IReadOnlyList<MetricValues> Metrics { get; init; }

    public required IReadOnlyList<LogNote> Log { get; init; }

    public long SkippedLines { get; init; }

    /// <summary>Returns whether a metric is one that the program records itself.</summary>
    public static bool IsOfTheProgram(string metric) =>
        !OwnPrefixes.Any(prefix => metric.StartsWith(prefix, StringComparison.Ordinal)) && !WellKnownMetrics.InOrder.Contains(metric);
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
    /// <summary>The maximum number of buckets that are requested.</summary>
    public const int MaxBuckets = 240;

    /// <summary>The possible widths of buckets, in ticks. Each bucket lies completely within one of the next width.</summary>
    public static readonly IReadOnlyList<long> Widths =
    [
        .. new[] { 1, 5, 15, 60, 300, 1800, 7200, 43_200, 604_800, 31_536_000 }.Select(seconds => seconds * TimeSpan.TicksPerSecond),
    ];

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

    /// <summary>Adds the buckets without records, so that lines end where nothing happened.</summary>
    /// <param name="buckets">The buckets, in ascending order of their numbers.</param>
    public static List<(long Number, T? Bucket)> WithGaps<T>(IEnumerable<(long Number, T Bucket)> buckets)
        where T : class
    {
        List<(long Number, T? Bucket)> all = [];
        foreach ((long number, T bucket) in buckets)
        {
            for (long gap = all.Count == 0 ? number : all[^1].Number + 1; gap < number && all.Count < 2 * MaxBuckets; gap++)
                all.Add((gap, null));
            all.Add((number, bucket));
        }

        return all;
    }
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
internal sealed record MetricValues(string Name, long Count, double? Mean, double? Min, double? P50, double? P95, double? Max)
{
    /// <summary>Returns whether the points of a metric are scores of evaluations.</summary>
    public static bool IsScore(string metric) => metric.StartsWith(Names.ScorePrefix, StringComparison.Ordinal);

    /// <summary>Returns the summary of a score under the name that its evaluator gave it.</summary>
    public MetricValues AsScore() => this with { Name = Name[Names.ScorePrefix.Length..] };
}
