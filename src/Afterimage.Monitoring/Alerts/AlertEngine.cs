namespace Afterimage.Monitoring.Alerts;

/// <summary>Evaluates the rules and remembers which fire, so that each is announced when it starts, at each repeat interval, and when it is over.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class AlertEngine(IReadOnlyList<AlertRule> rules, TimeSpan repeatInterval)
{
    private readonly Dictionary<string, TimeSpan> _announcedAt = [];

    /// <summary>Evaluates every rule.</summary>
    /// <param name="stamp">The time to show.</param>
    /// <param name="now">The time to measure with.</param>
    /// <param name="query">Aggregates a metric over a window.</param>
    /// <returns>What fires now, and what of it is news.</returns>
    public (IReadOnlyList<Alert> Firing, IReadOnlyList<Alert> News) Evaluate(DateTimeOffset stamp, TimeSpan now, Func<string, TimeSpan, MetricAggregate> query)
    {
        List<Alert> firing = [];
        List<Alert> news = [];
        foreach (AlertRule rule in rules)
        {
            MetricAggregate aggregate = query(rule.Metric, AlertRule.Window);
            bool wasFiring = _announcedAt.TryGetValue(rule.Name, out TimeSpan announcedAt);
            if (aggregate.Count > 0 && rule.IsBeyond(aggregate.Mean))
            {
                var alert = new Alert(rule.Name, rule.FiringMessage(aggregate.Mean), rule.Level, stamp, DataOf(rule, aggregate, resolved: false));
                firing.Add(alert);
                if (wasFiring && now - announcedAt < repeatInterval)
                    continue;
                news.Add(alert);
                _announcedAt[rule.Name] = now;
            }
            else if (wasFiring)
            {
                news.Add(new Alert(rule.Name, rule.ResolvedMessage(aggregate), AlertLevel.Info, stamp, DataOf(rule, aggregate, resolved: true)));
                _announcedAt.Remove(rule.Name);
            }
        }

        return (firing, news);
    }

    private static Dictionary<string, object?> DataOf(AlertRule rule, in MetricAggregate aggregate, bool resolved)
    {
        var data = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["metric"] = rule.Metric,
            ["window_seconds"] = AlertRule.Window.TotalSeconds,
            ["threshold"] = rule.Threshold,
            ["count"] = aggregate.Count,
            ["mean"] = aggregate.Mean,
            ["min"] = aggregate.Min,
            ["max"] = aggregate.Max,
        };
        if (resolved)
            data["resolved"] = true;
        return data;
    }
}
