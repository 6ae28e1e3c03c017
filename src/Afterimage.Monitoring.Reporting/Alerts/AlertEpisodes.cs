using Afterimage.Monitoring.Reporting.Summaries;

namespace Afterimage.Monitoring.Reporting.Alerts;

/// <summary>Combines announcements into episodes.</summary>
internal static class AlertEpisodes
{
    /// <param name="alerts">The announcements in one directory, in the order of its lines.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="runs">What is known about the runs in the directory.</param>
    public static IReadOnlyList<AlertEpisode> Of(IEnumerable<Alert> alerts, string directory, IReadOnlyList<LogRun> runs)
    {
        List<AlertEpisode> over = [];
        var open = new Dictionary<string, Open>(StringComparer.Ordinal);
        foreach (Alert alert in alerts)
        {
            open.TryGetValue(alert.Name, out Open? current);

            // If an alert was never called off because its run did not live to do so, an alert of a later run in the same directory is
            // another one.
            if (current is not null
                && runs.Any(run => run.Start > current.LastHeard && run.Start <= alert.Timestamp)
                && !runs.Any(run => run.Spans(current.LastHeard, alert.Timestamp)))
            {
                over.Add(AtEndOfRun(current));
                open.Remove(alert.Name);
                current = null;
            }

            if (alert.IsResolved)
            {
                if (open.Remove(alert.Name))
                    over.Add(current!.Episode with { End = alert.Timestamp, State = AlertEpisodeState.Resolved });
                continue;
            }

            open[alert.Name] = current is null ? Begin(alert, directory) : Continue(current, alert);
        }

        return [.. over, .. open.Values.Select(AtEndOfRun)];

        AlertEpisode AtEndOfRun(Open episode) =>
            runs.Count == 0 || runs.Any(run => run.Start <= episode.LastHeard && run is { End: null, IsKilled: false })
                ? episode.Episode
                : episode.Episode with
                {
                    State = AlertEpisodeState.RunEnded,
                    End = runs.Where(run => run.Spans(episode.LastHeard, episode.LastHeard)).Max(run => run.End),
                };
    }

    private static Open Begin(Alert alert, string directory) =>
        new(
            new AlertEpisode
            {
                Name = alert.Name,
                Level = alert.Level,
                Message = alert.Message,
                Start = alert.Timestamp,
                State = AlertEpisodeState.Firing,
                Announcements = 1,
                Data = alert.Data,
                LogDirectory = directory,
            },
            alert.Timestamp);

    private static Open Continue(Open open, Alert alert)
    {
        AlertEpisode episode = open.Episode with { Announcements = open.Episode.Announcements + 1 };
        if (alert.Level >= episode.Level)
            episode = episode with { Level = alert.Level, Message = alert.Message, Data = alert.Data };
        return new Open(episode, alert.Timestamp);
    }

    private sealed record Open(AlertEpisode Episode, DateTimeOffset LastHeard);
}
