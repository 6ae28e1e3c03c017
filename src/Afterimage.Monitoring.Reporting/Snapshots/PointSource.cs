using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>One way in which a record yields a metric point (docs/log-format.md, "From records to points"), as SQL over the view
/// <c>record r</c>.</summary>
/// <param name="Metric">The name of the metric.</param>
/// <param name="Value">The value of the point.</param>
/// <param name="Filter">The condition for records that yield it.</param>
internal sealed record PointSource(string Metric, string Value, string Filter)
{
    /// <summary>The macro that <see cref="View"/> needs: the number of a score.</summary>
    public const string Macros = """
        CREATE TEMP MACRO number_of(j) AS CASE WHEN j::VARCHAR >= '#' THEN TRY_CAST(j::VARCHAR AS DOUBLE)
            WHEN j::VARCHAR IN ('"NaN"', '"Infinity"', '"-Infinity"') THEN trim(j::VARCHAR, '"')::DOUBLE END
        """;

    // The columns of the point's record. Its objects are the metadata or the score.
    private static readonly string Columns = string.Join(", ", RecordSchema.Fields
        .Where(field => field.IsOf(RecordEvents.Calls) && field.Type is not (FieldType.Time or FieldType.Object or FieldType.Numbers))
        .Select(field => "r." + field.Key));

    // A pointer rather than a path, because the name of a score may contain any character that has a meaning in a path.
    private const string ScoreFeedback = "json_extract_string(r.feedback, '/' || replace(replace(score.key, '~', '~0'), '/', '~1'))";

    private const string Generation = "r.event = 'generation'";
    private const string Evaluation = "r.event = 'evaluation'";
    private const string Paid = "r.event IN ('generation', 'evaluation')";

    private static readonly PointSource[] All =
    [
        new("'generation_time'", "r.duration", Generation),
        new("'success_rate'", "r.success::DOUBLE", Generation),
        new("'error_rate'", "(r.error IS NOT NULL)::DOUBLE", Generation),
        new("'time_to_first_token'", "r.time_to_first_token", $"{Generation} AND r.time_to_first_token IS NOT NULL"),
        new("'conversation_length'", "r.conversation_length::DOUBLE", $"{Generation} AND r.conversation_length IS NOT NULL"),
        new("'model_usage:' || r.model_name", "1::DOUBLE", $"{Generation} AND r.model_name IS NOT NULL"),
        new("'finish_reason:' || r.finish_reason", "1::DOUBLE", $"{Generation} AND r.finish_reason IS NOT NULL"),
        new("'evaluation_time'", "r.duration", Evaluation),
        new("'evaluation_error_rate'", "(r.error IS NOT NULL)::DOUBLE", Evaluation),
        new("'prompt_token_count'", "r.prompt_token_count::DOUBLE", $"{Paid} AND r.prompt_token_count IS NOT NULL"),
        new("'completion_token_count'", "r.completion_token_count::DOUBLE", $"{Paid} AND r.completion_token_count IS NOT NULL"),
        new("'total_token_count'", TotalTokens, $"{Paid} AND {TotalTokens} IS NOT NULL"),
        new("'cost_usd'", "r.cost_usd", $"{Paid} AND r.cost_usd IS NOT NULL"),
        new("'unpriced_token_count'", "r.unpriced_token_count::DOUBLE", $"{Paid} AND r.unpriced_token_count IS NOT NULL"),
        new("'usage_missing'", "CASE WHEN r.usage_missing THEN 1::DOUBLE END", $"{Generation} AND r.usage_missing"),
        new("r.metric_name", "r.value", "r.event = 'metric'"),
        new("'evaluation_score_' || score.key", "number_of(score.value)", $"{Evaluation} AND number_of(score.value) IS NOT NULL"),
    ];

    /// <summary>The given total or, if none was given, the sum of the given counts. It is a double, like the live monitor's: exact up to
    /// 2^53 tokens.</summary>
    public const string TotalTokens =
        "coalesce(r.total_token_count::DOUBLE, r.prompt_token_count::DOUBLE + r.completion_token_count, "
        + "r.prompt_token_count::DOUBLE, r.completion_token_count::DOUBLE)";

    /// <summary>The statement that creates the view <c>points</c>.</summary>
    public static string View { get; } =
        "CREATE TEMP VIEW points AS "
        + string.Join(
            " UNION ALL ",
            All.Select(source =>
                $"SELECT {source.Metric} AS metric, make_timestamptz(r.ticks // 10) AS timestamp, {source.Value} AS value, {Columns}, "
                + $"{(source.IsScore ? ScoreFeedback : "NULL::VARCHAR")} AS feedback, r.tags AS metadata "
                + $"FROM {source.From} WHERE {source.Filter}"
            ));

    /// <summary>The mean of finite values as SQL: by parts of 2^64 where their sum is past the range of double.</summary>
    public static string Mean(string value) =>
        $"CASE WHEN isfinite(avg({value})) THEN avg({value}) ELSE avg({value} / pow(2::DOUBLE, 64)) * pow(2::DOUBLE, 64) END";

    /// <summary>The names of the library's own metrics, as a list in SQL.</summary>
    public static string WellKnown { get; } = string.Join(", ", WellKnownMetrics.InOrder.ToArray().Select(LogSnapshot.Quote));

    /// <summary>Metrics whose values hardly recur.</summary>
    public static string[] Continuous { get; } = ["generation_time", "evaluation_time", "time_to_first_token", "cost_usd"];

    /// <summary>The statement that creates the table <c>histogram</c> (metric, value, times) of all points except those of
    /// <see cref="Continuous"/>. Counting source by source is far cheaper than counting the view.</summary>
    public static string Histogram { get; } =
        "CREATE TEMP TABLE histogram AS "
        + string.Join(
            " UNION ALL ",
            All.Where(source => !source.IsContinuous)
                .Select(source =>
                    $"SELECT {source.Metric} AS metric, {source.Value} AS value, count(*) AS times "
                    + $"FROM {source.From} WHERE {source.Filter} "
                    + (
                        source.IsNamed
                            ? $"AND r.metric_name NOT IN ({string.Join(", ", Continuous.Select(LogSnapshot.Quote))}) GROUP BY ALL"
                            : "GROUP BY ALL")));

    private bool IsContinuous => Continuous.Any(metric => LogSnapshot.Quote(metric) == $"({Metric})");

    private bool IsNamed => Metric == "r.metric_name";

    /// <summary>Selects the values of a metric.</summary>
    public static string Values(string metric) => $"SELECT value FROM ({Points(metric)})";

    /// <summary>Selects the points of a metric: <c>value</c>, <c>ticks</c>, <c>model_name</c>. Only records that may yield the metric are
    /// read, which is far cheaper than the view.</summary>
    public static string Points(string metric) =>
        string.Join(
            " UNION ALL ",
            All.Where(source => source.CanBe(metric))
                .Select(source =>
                    $"SELECT {source.Value} AS value, r.ticks, r.model_name FROM {source.From} "
                    + $"WHERE {source.Filter} AND {source.Metric} = {LogSnapshot.Quote(metric)}"
                ));

    private bool IsScore => Metric.Contains("score.key", StringComparison.Ordinal);

    // The name of the metric is a literal, begins with a literal, or may be anything.
    private bool CanBe(string metric) => Metric.Split('\'') switch
    {
        [_, var literal, ""] => metric == literal,
        [_, var prefix, _] => metric.StartsWith(prefix, StringComparison.Ordinal),
        _ => true,
    };

    private string From => IsScore ? "record AS r, json_each(r.scores) AS score" : "record AS r";
}
