using System.Globalization;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Schema;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Alerts;
using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>Reads the alerts of runs, and their episodes.</summary>
/// <param name="cluster">The cluster.</param>
internal sealed class AlertList(FleetCluster cluster)
{
    // Behind this, the name of a file has the number of its generation.
    private const char GenerationMark = '~';

    private static readonly NumberedName Files = new("", "alerts.jsonl");

    public async Task<AlertHistory> ReadAsync(FleetFilter filter, int maxAlerts, CancellationToken cancellationToken)
    {
        var where = new FilterSql(filter, cluster.Schema.Database);
        string lines = $"{cluster.Schema.Database}.alert_lines WHERE {where.Lines}";
        List<ShippedAlert> alerts = await LinesAsync(where.Lines, maxAlerts, cancellationToken).ConfigureAwait(false);
        Dictionary<string, IReadOnlyList<AlertEpisode>> episodes = await EpisodesAsync(alerts, where.Runs, cancellationToken)
            .ConfigureAwait(false);
        string[] counts = (await cluster
            .RowsAsync(
                $"""
                SELECT (SELECT count() FROM {lines} AND {EventTable.IsValid} = 1),
                    (SELECT count() FROM {cluster.Schema.Database}.alert_lines WHERE {EventTable.IsValid} = 0 AND {where.LinesOfRuns})
                """,
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false))[0];
        return new AlertHistory
        {
            Alerts = [.. alerts.Select(alert => alert.Alert).OrderBy(alert => alert.Timestamp)],
            Episodes = [.. episodes.Values.SelectMany(ofRun => ofRun).OrderBy(episode => episode.Start)],
            OmittedAlerts = FleetFigures.Number(counts[0]) - alerts.Count,
            SkippedLines = FleetFigures.Number(counts[1]),
        };
    }

    /// <summary>Returns the episodes of each of some runs that has any, from its newest alerts.</summary>
    /// <param name="ids">The IDs of the runs.</param>
    /// <param name="maxAlerts">The maximum number of alerts to read.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    public async Task<Dictionary<string, IReadOnlyList<AlertEpisode>>> OfRunsAsync(
        IEnumerable<string> ids,
        int maxAlerts,
        CancellationToken cancellationToken)
    {
        string runs = FilterSql.OfRuns(ids);
        List<ShippedAlert> alerts = await LinesAsync(runs, maxAlerts, cancellationToken).ConfigureAwait(false);
        return alerts.Count == 0 ? [] : await EpisodesAsync(alerts, runs, cancellationToken).ConfigureAwait(false);
    }

    private async Task<List<ShippedAlert>> LinesAsync(string where, int maxAlerts, CancellationToken cancellationToken)
    {
        List<ShippedAlert> alerts = [];
        await foreach (string[] row in cluster
            .StreamAsync(
                string.Create(CultureInfo.InvariantCulture, $"""
                    SELECT run, file, line, ticks, name, level, message, data FROM {cluster.Schema.Database}.alert_lines
                    WHERE {where} AND {EventTable.IsValid} = 1 ORDER BY ticks DESC, run, file DESC, line DESC LIMIT {maxAlerts}
                    """),
                cancellationToken)
            .ConfigureAwait(false))
            alerts.Add(Read(row));
        return alerts;
    }

    private async Task<Dictionary<string, IReadOnlyList<AlertEpisode>>> EpisodesAsync(
        List<ShippedAlert> alerts,
        string runs,
        CancellationToken cancellationToken)
    {
        Dictionary<string, (string Place, LogRun[] Runs)> known = await RunsAsync(runs, cancellationToken).ConfigureAwait(false);
        return alerts
            .GroupBy(alert => alert.Run, StringComparer.Ordinal)
            .ToDictionary(
                run => run.Key,
                run =>
                {
                    (string place, LogRun[] parts) = known.GetValueOrDefault(run.Key, (run.Key, []));
                    return AlertEpisodes.Of(InOrder(run).Select(alert => alert.Alert), place, parts);
                },
                StringComparer.Ordinal);
    }

    // Each file has one writer, whose lines are in the order of events, even if its clock was set back.
    private static IEnumerable<ShippedAlert> InOrder(IEnumerable<ShippedAlert> alerts) =>
        alerts.OrderBy(alert => alert.Generation).ThenBy(alert => alert.Number).ThenBy(alert => alert.Line);

    private async Task<Dictionary<string, (string Place, LogRun[] Runs)>> RunsAsync(
        string where,
        CancellationToken cancellationToken) =>
        (await cluster
            .RowsAsync(
                $"SELECT run, host, path, start, end, has_end, is_alive FROM {cluster.Schema.Database}.runs WHERE {where} ORDER BY start",
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false))
        .GroupBy(row => row[0], StringComparer.Ordinal)
        .ToDictionary(
            run => run.Key,
            run => ($"{run.Last()[1]}:{run.Last()[2]}", (LogRun[])
            [
                .. run.Where(row => row[3] != "0")
                    .Select(row => new LogRun(row[2], FleetFigures.Time(row[3]), row[5] == "1" ? FleetFigures.Time(row[4]) : null)
                    {
                        IsKilled = row[5] == "0" && row[6] == "0",
                    }),
            ]),
            StringComparer.Ordinal);

    private static ShippedAlert Read(string[] row)
    {
        string[] file = row[1].Split(GenerationMark);
        return new ShippedAlert(
            row[0],
            file.Length > 1 ? FleetFigures.Number(file[1]) : 1,
            Files.NumberOf(file[0]),
            FleetFigures.Number(row[2]),
            new Alert
            {
                Name = row[4],
                Message = row[6],
                Level = Enum.Parse<AlertLevel>(row[5], ignoreCase: true),
                Timestamp = FleetFigures.Time(row[3]),
                Data = NoteLine.ValuesOf(row[7].Length == 0 ? null : row[7]),
            });
    }

    private sealed record ShippedAlert(string Run, long Generation, int Number, long Line, Alert Alert);
}
