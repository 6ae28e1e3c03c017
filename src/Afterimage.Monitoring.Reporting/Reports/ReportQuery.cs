using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Reporting.Figures;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Reports;

/// <summary>Reads the content of a report from a snapshot.</summary>
internal static class ReportQuery
{
    public const int MaxModels = IMetricSource.MaxModels;
    public const int MaxSlowest = 10;
    public const int MaxFailed = 20;
    public const int MaxErrors = 20;
    public const int MaxEvaluators = 50;
    public const int MaxJudged = 10;

    // Error texts may be as long as a stack trace. What distinguishes them is at their beginning.
    private const int MaxErrorText = 300;

    private const string Calls = """
        SELECT epoch_us(timestamp), model_name, duration, time_to_first_token, prompt_token_count, completion_token_count, success,
            finish_reason, error
        FROM generations
        """;

    private const string IsFailed = "(NOT success OR error IS NOT NULL)";

    private const string Errors = """
        SELECT error, model_name, timestamp FROM generations WHERE error IS NOT NULL
        UNION ALL SELECT error, model_name, timestamp FROM evaluations WHERE error IS NOT NULL
        """;

    // A generation may have been recorded twice, for example by a replay. Its judgement is listed once.
    private static readonly string Judged = $"""
        SELECT epoch_us(timestamp), evaluator_type, substr(metric, {"evaluation_score_".Length + 1}), value, feedback, generation_id,
            answered.model_name
        FROM points LEFT JOIN (SELECT id, any_value(model_name) AS model_name FROM generations WHERE id IS NOT NULL GROUP BY id) answered
            ON answered.id = generation_id
        WHERE generation_id IS NOT NULL AND starts_with(metric, 'evaluation_score_') AND isfinite(value)
        ORDER BY value, timestamp LIMIT {MaxJudged}
        """;

    /// <summary>Reads the whole content.</summary>
    public static ReportData Run(
        LogSnapshot snapshot,
        RunSummary summary,
        AlertHistory alerts,
        IReadOnlyList<LogRun> runs,
        DateTimeOffset made,
        SummaryKey? by)
    {
        var source = new SnapshotSource(snapshot);
        IReadOnlyList<DrawnFigure> figures = new FigureSet(source, FigureLook.Page).All();
        CallRow[] slowest =
        [
            .. snapshot.Query($"{Calls} WHERE isfinite(duration) ORDER BY duration DESC, timestamp LIMIT {MaxSlowest}").Select(Call),
        ];
        CallRow[] failed = [.. snapshot.Query($"{Calls} WHERE {IsFailed} ORDER BY timestamp DESC LIMIT {MaxFailed}").Select(Call)];
        long failedCount = snapshot.Scalar($"SELECT count(*) FROM generations WHERE {IsFailed}");
        ErrorRow[] errors =
        [
            .. snapshot
                .Query(
                    $"""
                    SELECT left(error, {MaxErrorText}) AS text, count(*) AS times, count(DISTINCT model_name),
                        epoch_us(min(timestamp)), epoch_us(max(timestamp))
                    FROM ({Errors}) GROUP BY text ORDER BY times DESC, text LIMIT {MaxErrors}
                    """
                )
                .Select(row => new ErrorRow(row.GetString(0), row.GetInt64(1), row.GetInt64(2), Time(row, 3), Time(row, 4))),
        ];
        long errorKinds = snapshot.Scalar($"SELECT count(DISTINCT left(error, {MaxErrorText})) FROM ({Errors})");
        EvaluatorRow[] evaluators =
        [
            .. snapshot
                .Query(
                    $"""
                    SELECT coalesce(evaluator_type, ''), count(*) AS times, avg(success::DOUBLE), count(error),
                        {PointSource.Mean("duration")}
                    FROM evaluations GROUP BY 1 ORDER BY times DESC, 1 LIMIT {MaxEvaluators}
                    """
                )
                .Select(row => new EvaluatorRow(row.GetString(0), row.GetInt64(1), row.GetDouble(2), row.GetInt64(3), Number(row, 4))),
        ];
        JudgedRow[] judged =
        [
            .. snapshot
                .Query(Judged)
                .Select(row => new JudgedRow(
                    Time(row, 0),
                    Text(row, 1),
                    row.GetString(2),
                    row.GetDouble(3),
                    Text(row, 4),
                    row.GetString(5),
                    Text(row, 6))),
        ];
        Dictionary<string, Totals> totals = ReadTotals(snapshot, summary);

        return new ReportData(
            summary,
            made,
            runs,
            alerts,
            figures,
            Models(summary, source, totals),

            // Models have their table in any report.
            by is null || by == SummaryKey.Model ? null : new KeyGroups(by, KeySummaryQuery.Run(snapshot, by)),
            slowest,
            failed,
            failedCount,
            errors,
            errorKinds,
            evaluators,
            judged);
    }

    private static Dictionary<string, Totals> ReadTotals(LogSnapshot snapshot, RunSummary summary)
    {
        var totals = new Dictionary<string, Totals>(StringComparer.Ordinal);
        foreach (
            DuckDBDataReader row in snapshot.Query(
                """
                SELECT coalesce(model_name, 'unknown'), count(*), avg(success::DOUBLE), count(model_name),
                    count(*) FILTER (usage_missing)
                FROM generations GROUP BY 1
                """))
        {
            // Models that the summary has under one name are one row here, too.
            string name = row.GetString(0);
            if (row.GetInt64(3) > 0 && !summary.Metrics.ContainsKey(Names.ModelUsagePrefix + name))
                name = GenerationMonitorOptions.OverflowName;
            totals[name] = totals.GetValueOrDefault(name).With(row.GetInt64(1), Number(row, 2), row.GetInt64(4));
        }

        return totals;
    }

    private static ModelRow[] Models(RunSummary summary, SnapshotSource source, Dictionary<string, Totals> totals)
    {
        Dictionary<string, ModelQuantiles> latency = source.LatencyByModel.Models.ToDictionary(
            model => model.Model,
            StringComparer.Ordinal);
        Dictionary<string, ModelTokenUsage> tokens = summary.Tokens.ByModel.ToDictionary(model => model.ModelName, StringComparer.Ordinal);
        Dictionary<string, ModelCost> costs = (summary.Cost?.ByModel ?? []).ToDictionary(model => model.ModelName, StringComparer.Ordinal);
        return
        [
            .. totals.Keys.Union(tokens.Keys, StringComparer.Ordinal).Union(costs.Keys, StringComparer.Ordinal)
                .Select(name =>
                {
                    Totals total = totals.GetValueOrDefault(name);
                    ModelTokenUsage usage = tokens.GetValueOrDefault(name) ?? new ModelTokenUsage
                    {
                        ModelName = name,
                        PromptTokens = 0,
                        CompletionTokens = 0,
                        TotalTokens = 0,
                    };
                    ModelCost? cost = costs.GetValueOrDefault(name);
                    ModelQuantiles? times = latency.GetValueOrDefault(name);
                    return new ModelRow(
                        name,
                        total.Generations,
                        total.Success,
                        times?.P50,
                        times?.P95,
                        usage.PromptTokens,
                        usage.CompletionTokens,
                        usage.TotalTokens,
                        cost?.CostUsd,
                        cost?.UnpricedTokenCount ?? 0,
                        total.UsageMissing);
                })
                .OrderByDescending(model => model.TotalTokens)
                .ThenByDescending(model => model.Generations)
                .ThenBy(model => model.Model, StringComparer.Ordinal),
        ];
    }

    private static CallRow Call(DuckDBDataReader row) => new(
        Time(row, 0),
        Text(row, 1),
        row.GetDouble(2),
        Number(row, 3),
        Whole(row, 4),
        Whole(row, 5),
        row.GetBoolean(6),
        Text(row, 7),
        Text(row, 8));

    private static DateTimeOffset Time(DuckDBDataReader row, int column) =>
        new(RecordTime.OfUnix(row.GetInt64(column) * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    private static string? Text(DuckDBDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static double? Number(DuckDBDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDouble(column);

    private static long? Whole(DuckDBDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private readonly record struct Totals(long Generations, double? Success, long UsageMissing)
    {
        public Totals With(long generations, double? success, long usageMissing) => Generations == 0
            ? new Totals(generations, success, usageMissing)
            : new Totals(
                Generations + generations,
                ((Success * Generations) + (success * generations)) / (Generations + generations),
                UsageMissing + usageMissing);
    }
}
