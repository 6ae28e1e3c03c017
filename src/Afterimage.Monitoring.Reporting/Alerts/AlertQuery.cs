using System.Globalization;
using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Snapshots;
using Afterimage.Monitoring.Reporting.Summaries;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Alerts;

/// <summary>Reads the alerts of a snapshot, and their episodes.</summary>
internal static class AlertQuery
{
    public static AlertHistory Run(LogSnapshot snapshot, int maxAlerts, IEnumerable<string> runFiles)
    {
        long valid = snapshot.Scalar("SELECT count(*) FROM alert WHERE name IS NOT NULL");
        long skipped = snapshot.Scalar("SELECT count(*) FROM alert WHERE name IS NULL");
        List<LoggedAlert> lines = [.. snapshot.Query(string.Create(CultureInfo.InvariantCulture, $"""
            SELECT file, ticks, name, level, message, data
            FROM (SELECT rowid AS line, * FROM alert WHERE name IS NOT NULL ORDER BY ticks DESC, line DESC LIMIT {maxAlerts})
            ORDER BY line
            """)).Select(Line)];

        // Each file has one writer, whose lines are in the order of events, even if its clock was set back.
        LogRun[] runs = [.. runFiles.Select(LogRun.Read).OfType<LogRun>()];
        IEnumerable<AlertEpisode> episodes = lines
            .GroupBy(line => Path.GetDirectoryName(line.File)!, StringComparer.Ordinal)
            .SelectMany(directory => AlertEpisodes.Of(
                directory.OrderBy(line => Number(line.File)).Select(line => line.Alert),
                directory.Key,
                [.. runs.Where(run => run.Directory == directory.Key)]));
        return new AlertHistory
        {
            Alerts = [.. lines.Select(line => line.Alert).OrderBy(alert => alert.Timestamp)],
            Episodes = [.. episodes.OrderBy(episode => episode.Start)],
            OmittedAlerts = valid - lines.Count,
            SkippedLines = skipped,
        };
    }

    private static int Number(string file) => new NumberedName(Path.GetDirectoryName(file)!, "alerts.jsonl").NumberOf(file);

    private static LoggedAlert Line(DuckDBDataReader row) =>
        new(
            row.GetString(0),
            new Alert
            {
                Name = row.GetString(2),
                Message = row.GetString(4),
                Level = Enum.Parse<AlertLevel>(row.GetString(3), ignoreCase: true),
                Timestamp = new DateTimeOffset(RecordTime.OfUnix(row.GetInt64(1)), TimeSpan.Zero),
                Data = NoteLine.ValuesOf(row.IsDBNull(5) ? null : row.GetString(5)),
            });

    private sealed record LoggedAlert(string File, Alert Alert);
}
