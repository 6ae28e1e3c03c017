using Afterimage.Monitoring.ClickHouse.Cluster;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>Lists runs with the figures of their calls.</summary>
/// <param name="cluster">The cluster.</param>
internal sealed class RunList(FleetCluster cluster)
{
    // A statement with so many IDs is still short.
    private const int RunsAtOnce = 200;

    public async Task<FleetRuns> ReadAsync(FleetFilter filter, int maxRuns, CancellationToken cancellationToken)
    {
        var where = new FilterSql(filter, cluster.Schema.Database);
        long count = await cluster.NumberAsync($"SELECT uniqExact(run) FROM {Selected(where)}", cancellationToken).ConfigureAwait(false);
        List<FleetRun> latest = [];
        foreach (FleetRun[] some in (await ListAsync(where, maxRuns, cancellationToken).ConfigureAwait(false)).Chunk(RunsAtOnce))
            latest.AddRange(await WithFiguresAsync(some, where, cancellationToken).ConfigureAwait(false));
        return new FleetRuns { Latest = latest, Count = count };
    }

    /// <summary>Returns the latest runs without figures of their calls. This reads no records.</summary>
    public async Task<IReadOnlyList<FleetRun>> ListAsync(FilterSql where, int maxRuns, CancellationToken cancellationToken)
    {
        // A run of which no run.json is known has a part without a name. Once one is known, that part says nothing.
        IReadOnlyList<string[]> rows = await cluster
            .RowsAsync(
                "SELECT run, argMax(name, started), argMax(path, started), argMax(host, started), argMax(service, started), "
                + "argMax(concat(process_name, ' ', toString(process_id)), started), countIf(started > 0), "
                + "countIf(started > 0 AND has_end = 1), max(is_alive), minIf(started, started > 0), max(end) "
                + $"FROM (SELECT *, start AS started FROM {Selected(where)}) GROUP BY run "
                + $"ORDER BY minIf(started, started > 0) DESC, argMax(name, started) LIMIT {maxRuns}",
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false);
        return [.. rows.Select(Of)];
    }

    private string Selected(FilterSql where) =>
        $"{cluster.Schema.Database}.runs WHERE run IN (SELECT run FROM {cluster.Schema.Database}.runs WHERE {where.Runs})";

    private async Task<IEnumerable<FleetRun>> WithFiguresAsync(
        IReadOnlyList<FleetRun> runs,
        FilterSql where,
        CancellationToken cancellationToken)
    {
        string calls = $"{FilterSql.OfRuns(runs.Select(run => run.Id))} AND {where.Records}";
        Dictionary<string, KeySummary> figures = await new KeyFigures(cluster).ReadAsync("run", calls, cancellationToken)
            .ConfigureAwait(false);
        Dictionary<string, DateTimeOffset> lasts = (await cluster
            .RowsAsync(
                $"SELECT run, max(ticks) FROM {cluster.Schema.Database}.record_lines WHERE event != 'skipped' AND {calls} GROUP BY run",
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false)).ToDictionary(row => row[0], row => FleetFigures.Time(row[1]));
        return runs.Select(run => run with
        {
            LastTimestamp = lasts.TryGetValue(run.Id, out DateTimeOffset last) ? last : null,
            Calls = figures.GetValueOrDefault(run.Id) ?? run.Calls,
        });
    }

    private static FleetRun Of(string[] row)
    {
        (long parts, long ended) = (FleetFigures.Number(row[6]), FleetFigures.Number(row[7]));
        return new FleetRun
        {
            Id = row[0],
            Name = row[1],
            Path = row[2],
            Host = row[3],
            Service = row[4],
            Process = parts == 0 ? "" : row[5].Trim(),
            State = parts == 0 ? RunState.Unknown
                : row[8] == "1" ? RunState.Running
                : ended == parts ? RunState.Ended
                : RunState.Killed,
            Start = parts == 0 ? null : FleetFigures.Time(row[9]),
            End = parts > 0 && ended == parts ? FleetFigures.Time(row[10]) : null,
            Calls = new KeySummary(),
        };
    }
}
