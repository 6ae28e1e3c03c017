using System.Globalization;
using Afterimage.Monitoring.ClickHouse.Cluster;
using Afterimage.Monitoring.ClickHouse.Http;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.ClickHouse.Questions;

/// <summary>What a list of runs shows of each.</summary>
internal sealed record RunFigures
{
    private const int MaxModels = 24;
    private const int MaxAlerts = 10_000;

    /// <summary>The number of lines of records in the cluster.</summary>
    public required long Lines { get; init; }

    /// <summary>The number of these that are not valid.</summary>
    public required long SkippedLines { get; init; }

    public required DateTimeOffset? FirstTimestamp { get; init; }

    public required DateTimeOffset? LastTimestamp { get; init; }

    /// <summary>The models that were called most often.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>The number of generations in each column of the run's time.</summary>
    public required IReadOnlyList<long> Spark { get; init; }

    public required KeySummary Calls { get; init; }

    /// <summary>The alerts as episodes, oldest first.</summary>
    public required IReadOnlyList<AlertEpisode> Alerts { get; init; }

    /// <summary>Returns the number of lines of records of each of some runs that has any.</summary>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public static async Task<Dictionary<string, long>> CountAsync(
        FleetCluster cluster,
        IEnumerable<string> ids,
        CancellationToken cancellationToken) =>
        (await cluster
            .RowsAsync(
                $"SELECT run, count() FROM {cluster.Schema.Database}.record_lines WHERE {FilterSql.OfRuns(ids)} GROUP BY run",
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false))
        .ToDictionary(row => row[0], row => FleetFigures.Number(row[1]), StringComparer.Ordinal);

    /// <summary>Reads the figures of some runs.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="ids">The IDs of the runs.</param>
    /// <param name="columns">The number of columns of a spark line.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="FleetException">No node responds, or a node refuses.</exception>
    public static async Task<Dictionary<string, RunFigures>> ReadAsync(
        FleetCluster cluster,
        IReadOnlyList<string> ids,
        int columns,
        CancellationToken cancellationToken)
    {
        string ofRuns = FilterSql.OfRuns(ids);
        Dictionary<string, string[]> lines = (await cluster
                .RowsAsync(
                    "SELECT run, count(), countIf(event = 'skipped'), minIf(ticks, event != 'skipped'), maxIf(ticks, event != 'skipped') "
                    + $"FROM {cluster.Schema.Database}.record_lines WHERE {ofRuns} GROUP BY run",
                    cancellationToken,
                    Timeout.InfiniteTimeSpan)
                .ConfigureAwait(false))
            .ToDictionary(row => row[0], StringComparer.Ordinal);
        Dictionary<string, KeySummary> calls = await new KeyFigures(cluster).ReadAsync("run", ofRuns, cancellationToken)
            .ConfigureAwait(false);
        ILookup<string, string> models = (await cluster
                .RowsAsync(
                    $"SELECT run, model_name, count() AS times FROM {cluster.Schema.Database}.record_lines "
                    + $"WHERE event IN ('generation', 'evaluation') AND {ofRuns} GROUP BY run, model_name "
                    + $"ORDER BY times DESC LIMIT {MaxModels} BY run",
                    cancellationToken,
                    Timeout.InfiniteTimeSpan)
                .ConfigureAwait(false))
            .ToLookup(row => row[0], row => row[1].Length > 0 ? row[1] : Names.UnknownModelName, StringComparer.Ordinal);
        Dictionary<string, long[]> sparks = await SparksAsync(cluster, lines.Values, columns, cancellationToken).ConfigureAwait(false);
        Dictionary<string, IReadOnlyList<AlertEpisode>> alerts = await new AlertList(cluster)
            .OfRunsAsync(ids, MaxAlerts, cancellationToken)
            .ConfigureAwait(false);
        return ids.ToDictionary(
            id => id,
            id =>
            {
                string[]? row = lines.GetValueOrDefault(id);
                bool hasRecords = row is not null && HasRecords(row);
                return new RunFigures
                {
                    Lines = row is null ? 0 : FleetFigures.Number(row[1]),
                    SkippedLines = row is null ? 0 : FleetFigures.Number(row[2]),
                    FirstTimestamp = hasRecords ? FleetFigures.Time(row![3]) : null,
                    LastTimestamp = hasRecords ? FleetFigures.Time(row![4]) : null,
                    Models = [.. models[id]],
                    Spark = sparks.GetValueOrDefault(id) ?? [],
                    Calls = calls.GetValueOrDefault(id) ?? new KeySummary(),
                    Alerts = alerts.GetValueOrDefault(id) ?? [],
                };
            },
            StringComparer.Ordinal);
    }

    private static bool HasRecords(string[] row) => row[1] != row[2];

    private static async Task<Dictionary<string, long[]>> SparksAsync(
        FleetCluster cluster,
        IEnumerable<string[]> lines,
        int columns,
        CancellationToken cancellationToken)
    {
        string[][] rows = [.. lines.Where(HasRecords)];
        if (rows.Length == 0)
            return [];

        string ids = string.Join(", ", rows.Select(row => TabSeparated.Quote(row[0])));
        string starts = string.Join(", ", rows.Select(row => $"toInt64({row[3]})"));
        string widths = string.Join(
            ", ",
            rows.Select(row => string.Create(
                CultureInfo.InvariantCulture,
                $"toInt64({((FleetFigures.Number(row[4]) - FleetFigures.Number(row[3])) / columns) + 1})")));
        Dictionary<string, long[]> sparks = rows.ToDictionary(row => row[0], _ => new long[columns], StringComparer.Ordinal);
        foreach (string[] row in await cluster
            .RowsAsync(
                $"SELECT run, intDiv(ticks - transform(run, [{ids}], [{starts}], toInt64(0)), "
                + $"transform(run, [{ids}], [{widths}], toInt64(1))) AS column, count() FROM {cluster.Schema.Database}.record_lines "
                + $"WHERE event = 'generation' AND run IN ({ids}) GROUP BY run, column",
                cancellationToken,
                Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false))
        {
            // A line that came after the times were read may be beyond them.
            long column = Math.Clamp(FleetFigures.Number(row[1]), 0, columns - 1);
            sparks[row[0]][column] += FleetFigures.Number(row[2]);
        }

        return sparks;
    }
}
