using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Evaluates the rules.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class AlertEngine(IReadOnlyList<AlertRule> rules, TimeSpan repeatInterval, MetricStore store)
{
    private readonly RuleTrack[] _tracks = [.. rules.Select(rule => new RuleTrack(rule, rule.RepeatInterval ?? repeatInterval, store))];

    public IReadOnlyList<AlertStatus> Statuses => [.. _tracks.Select(t => t.Status)];

    /// <summary>Evaluates every rule.</summary>
    /// <param name="stamp">The wall-clock time, for display.</param>
    /// <param name="now">The time for measuring intervals.</param>
    /// <param name="reader">The metrics.</param>
    /// <returns>The alerts that are firing now, and those of them that are new.</returns>
    public (IReadOnlyList<Alert> Firing, IReadOnlyList<Alert> News) Evaluate(DateTimeOffset stamp, TimeSpan now, MetricReader reader)
    {
        List<Alert> firing = [];
        List<Alert> news = [];
        foreach (RuleTrack track in _tracks)
            track.Evaluate(stamp, now, reader, firing, news);
        return (firing, news);
    }
}
