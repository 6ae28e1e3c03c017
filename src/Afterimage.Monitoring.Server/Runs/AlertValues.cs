using Afterimage.Monitoring.Server.Answers;

namespace Afterimage.Monitoring.Server.Runs;

/// <summary>An alert of a run, from its start to its end, with the figures of its rule.</summary>
internal sealed record AlertValues
{
    public required string RunId { get; init; }

    public required string RunName { get; init; }

    public required string Name { get; init; }

    public AlertLevel Level { get; init; }

    public required string Message { get; init; }

    public AlertEpisodeState State { get; init; }

    public DateTimeOffset Start { get; init; }

    public DateTimeOffset? End { get; init; }

    public int Announcements { get; init; }

    /// <summary>The time until which viewers have silenced the alert; absent if they have not.</summary>
    public DateTimeOffset? SilencedUntil { get; init; }

    /// <summary>The rule and its figures, as announced.</summary>
    public required IReadOnlyDictionary<string, object?> Data { get; init; }

    /// <summary>Returns the alerts of a run: firing alerts first, then newest first.</summary>
    public static IEnumerable<AlertValues> Of(RunEntry entry) =>
        (entry.Digest?.Alerts ?? [])
            .OrderBy(alert => alert.State)
            .ThenByDescending(alert => alert.Start)
            .Select(alert => new AlertValues
            {
                RunId = entry.Id,
                RunName = entry.Name,
                Name = alert.Name,
                Level = alert.Level,
                Message = alert.Message,
                State = alert.State,
                Start = alert.Start,
                End = alert.End,
                Announcements = alert.Announcements,
                Data = alert.Data.ToDictionary(pair => pair.Key, pair => pair.Value is double d ? ApiJson.Finite(d) : pair.Value),
            });
}
