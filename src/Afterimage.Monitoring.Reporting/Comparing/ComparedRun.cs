using System.Text;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Reporting.Reading;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Comparing;

/// <summary>A run as a comparison needs it: its summary, and its points in ascending order by metric and value.</summary>
internal sealed class ComparedRun : IDisposable
{
    private const string Generations = "generation_time";

    private static readonly string[] Continuous = [.. PointSource.Continuous.Order(Comparer<string>.Create(CompareNames))];

    private readonly LogSnapshot _snapshot;
    private readonly Dictionary<string, (long Finite, long NonFinite)> _counts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ModelTokenUsage> _tokens;
    private readonly Dictionary<string, ModelCost> _costs;
    private IEnumerator<DuckDBDataReader> _rows;
    private bool _hasRow;

    public ComparedRun(LogReader log, NameLimits limits, Action<double>? report, CancellationToken cancellationToken)
    {
        _snapshot = log.ReadWithSummary(RecordColumn.OfSummary, limits, report, out RunSummary summary, cancellationToken);
        Summary = summary;
        _tokens = summary.Tokens.ByModel.ToDictionary(usage => usage.ModelName, StringComparer.Ordinal);
        _costs = (summary.Cost?.ByModel ?? []).ToDictionary(cost => cost.ModelName, StringComparer.Ordinal);
        try
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
            _rows = Rows().GetEnumerator();
            Begin();
        }
        catch
        {
            _snapshot.Dispose();
            throw;
        }
    }

    public RunSummary Summary { get; }

    public IReadOnlyCollection<string> MetricNames => _counts.Keys;

    public long GenerationCount => Counts(Generations).Finite;

    /// <summary>The metric of the next value; null behind the last.</summary>
    public string? Metric { get; private set; }

    /// <summary>The next value.</summary>
    public double Value { get; private set; }

    /// <summary>How often it is there.</summary>
    public long Times { get; private set; }

    /// <summary>In the order of <see cref="Metric"/>: DuckDB's, by the bytes of UTF-8.</summary>
    public static int CompareNames(string x, string y) => Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y));

    public (long Finite, long NonFinite) Counts(string metric) => _counts.GetValueOrDefault(metric);

    /// <summary>Goes back to the first value, for a comparison with another run.</summary>
    public void Restart()
    {
        _rows.Dispose();
        _rows = Rows().GetEnumerator();
        Begin();
    }

    public void Advance()
    {
        if (!_hasRow)
        {
            Metric = null;
            return;
        }

        // The same text stays the same object, so that the names of a metric's values are compared once.
        string metric = _rows.Current.GetString(0);
        Metric = metric == Metric ? Metric : metric;
        Value = _rows.Current.GetDouble(1);
        Times = 0;
        do
        {
            Times += _rows.Current.GetInt64(2);
            _hasRow = _rows.MoveNext();
        }
        while (_hasRow && _rows.Current.GetDouble(1) == Value && _rows.Current.GetString(0) == Metric);
    }

    public ModelUse? Use(string model)
    {
        ModelTokenUsage? tokens = _tokens.GetValueOrDefault(model);
        long generations = Summary.Metrics.GetValueOrDefault(Names.ModelUsagePrefix + model)?.Count ?? 0;
        ModelCost? cost = _costs.GetValueOrDefault(model);
        if (tokens is null && generations == 0 && cost is null)
            return null;

        return new ModelUse
        {
            Generations = generations,
            PromptTokenCount = tokens?.PromptTokens ?? 0,
            CompletionTokenCount = tokens?.CompletionTokens ?? 0,
            TotalTokenCount = tokens?.TotalTokens ?? 0,
            CostUsd = cost?.CostUsd,
            UnpricedTokenCount = cost?.UnpricedTokenCount ?? 0,
        };
    }

    public void Dispose()
    {
        _rows.Dispose();
        _snapshot.Dispose();
    }

    private void Begin()
    {
        _hasRow = _rows.MoveNext();
        Advance();
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

    // Metrics of many values are sorted each on its own and without its name, which takes a fraction of the memory. They are in the
    // histogram under no name.
    private IEnumerable<DuckDBDataReader> Rows()
    {
        string after = "";
        for (int number = 0; number < Continuous.Length; number++)
        {
            string name = LogSnapshot.Quote(Continuous[number]);
            foreach (
                DuckDBDataReader row in _snapshot.Query(
                    $"SELECT metric, value, times FROM histogram WHERE isfinite(value){after} AND metric < {name} ORDER BY metric, value"))
                yield return row;
            foreach (
                DuckDBDataReader row in _snapshot.Query(
                    $"SELECT {name}, value, 1::BIGINT "
                    + $"FROM (SELECT value FROM continuous WHERE isfinite(value) AND number = {number} ORDER BY value)"
                ))
                yield return row;
            after = $" AND metric > {name}";
        }

        foreach (
            DuckDBDataReader row in _snapshot.Query(
                $"SELECT metric, value, times FROM histogram WHERE isfinite(value){after} ORDER BY metric, value"))
            yield return row;
    }
}
