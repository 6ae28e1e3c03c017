using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Reporting.Reading;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Comparing;

/// <summary>A run of log directories.</summary>
internal sealed class LoggedRun : ComparedRun
{
    private static readonly string[] Continuous = [.. PointSource.Continuous.Order(Comparer<string>.Create(CompareNames))];

    private readonly LogSnapshot _snapshot;
    private readonly Dictionary<string, (long Finite, long NonFinite)> _counts = new(StringComparer.Ordinal);

    private LoggedRun(LogSnapshot snapshot, RunSummary summary)
        : base(summary)
    {
        _snapshot = snapshot;
    }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> MetricNames => _counts.Keys;

    public static LoggedRun Read(LogReader log, NameLimits limits, Action<double>? report, CancellationToken cancellationToken)
    {
        LogSnapshot snapshot = log.ReadWithSummary(RecordColumn.OfSummary, limits, report, out RunSummary summary, cancellationToken);
        var run = new LoggedRun(snapshot, summary);
        try
        {
            run.Count(limits);
            return run;
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override (long Finite, long NonFinite) Counts(string metric) => _counts.GetValueOrDefault(metric);

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _snapshot.Dispose();
    }

    /// <inheritdoc/>
    protected override IEnumerable<(string Metric, double Value, long Times)> FinitePoints()
    {
        // Metrics of many values are sorted each on its own and without its name, which takes a fraction of the memory. They are in the
        // histogram under no name.
        string after = "";
        for (int number = 0; number < Continuous.Length; number++)
        {
            string name = Continuous[number];
            foreach (var point in Points($"{after} AND metric < {LogSnapshot.Quote(name)}"))
                yield return point;
            foreach (
                DuckDBDataReader row in _snapshot.Query(
                    $"SELECT value FROM continuous WHERE isfinite(value) AND number = {number} ORDER BY value"))
                yield return (name, row.GetDouble(0), 1);
            after = $" AND metric > {LogSnapshot.Quote(name)}";
        }

        foreach (var point in Points(after))
            yield return point;
    }

    private IEnumerable<(string Metric, double Value, long Times)> Points(string where) =>
        _snapshot.Query($"SELECT metric, value, times FROM histogram WHERE isfinite(value){where} ORDER BY metric, value")
            .Select(row => (row.GetString(0), row.GetDouble(1), row.GetInt64(2)));

    private void Count(NameLimits limits)
    {
        _snapshot.Execute("CREATE TEMP TABLE continuous AS " + string.Join(
            " UNION ALL ",
            Continuous.Select((metric, number) => $"SELECT {number}::TINYINT AS number, value FROM ({PointSource.Values(metric)})")));
        _snapshot.Execute(PointSource.Histogram);
        _snapshot.Execute("DROP TABLE read_record");
        FoldNames(limits.Metrics, "");
        FoldNames(limits.Models, Names.ModelUsagePrefix);
        FoldNames(limits.FinishReasons, Names.FinishReasonPrefix);
        FoldNames(limits.Scores, Names.ScorePrefix);
        ReadCounts();
        _snapshot.Shrink();
    }

    /// <summary>Counts names beyond a limit under one, as the summary does.</summary>
    private void FoldNames(NameLimit limit, string prefix)
    {
        if (!limit.IsExceeded)
            return;

        _snapshot.Execute("CREATE TEMP TABLE kept (name VARCHAR)");
        using (DuckDBAppender appender = _snapshot.Connection.CreateAppender("kept"))
        {
            foreach (string name in limit.Names)
                appender.CreateRow().AppendValue(prefix + name).EndRow();
        }

        string others = LogSnapshot.Quote(prefix + GenerationMonitorOptions.OverflowName);
        string isOfKind = prefix.Length > 0
            ? $"starts_with(metric, {LogSnapshot.Quote(prefix)})"
            : "NOT " + string.Join(
                " AND NOT ",
                ((string[])[Names.ModelUsagePrefix, Names.FinishReasonPrefix, Names.ScorePrefix])
                    .Select(other => $"starts_with(metric, {LogSnapshot.Quote(other)})"));
        _snapshot.Execute(
            $"""
            CREATE TEMP TABLE folded AS
            SELECT CASE WHEN {isOfKind} AND metric NOT IN ({PointSource.WellKnown}) AND metric NOT IN (FROM kept)
                THEN {others} ELSE metric END AS metric, value, sum(times)::BIGINT AS times
            FROM histogram GROUP BY ALL;
            DROP TABLE histogram;
            ALTER TABLE folded RENAME TO histogram;
            DROP TABLE kept;
            """);
    }

    private void ReadCounts()
    {
        string names = string.Join(", ", Continuous.Select(LogSnapshot.Quote));
        foreach (
            DuckDBDataReader row in _snapshot.Query(
                $"""
                SELECT metric, coalesce(sum(times) FILTER (isfinite(value)), 0)::BIGINT,
                    coalesce(sum(times) FILTER (NOT isfinite(value)), 0)::BIGINT
                FROM histogram GROUP BY ALL
                UNION ALL
                SELECT [{names}][number + 1], count(*) FILTER (isfinite(value)), count(*) FILTER (NOT isfinite(value))
                FROM continuous GROUP BY number
                """
            ))
        {
            _counts.Add(row.GetString(0), (row.GetInt64(1), row.GetInt64(2)));
        }
    }
}
