using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Metrics;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Evaluates the rules.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class AlertEngine(IReadOnlyList<AlertRule> rules, TimeSpan repeatInterval, MetricStore store)
{
    private readonly RuleTrack[] _tracks = [.. rules.Select(rule => new RuleTrack(rule, rule.RepeatInterval ?? repeatInterval, store))];

    public IReadOnlyList<AlertStatus> Statuses => [.. _tracks.Select(t => t.Status)];

    /// <summary>Evaluates every rule.</summary>
    /// <param name="stamp">The time to show.</param>
    /// <param name="now">The time to measure with.</param>
    /// <param name="reader">The metrics.</param>
    /// <returns>What fires now, and what of it is news.</returns>
    public (IReadOnlyList<Alert> Firing, IReadOnlyList<Alert> News) Evaluate(DateTimeOffset stamp, TimeSpan now, MetricReader reader)
    {
        List<Alert> firing = [];
        List<Alert> news = [];
        foreach (RuleTrack track in _tracks)
            track.Evaluate(stamp, now, reader, firing, news);
        return (firing, news);
    }
}
