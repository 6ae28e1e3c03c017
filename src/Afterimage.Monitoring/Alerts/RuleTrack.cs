using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Keeps the state of one rule between evaluations, so that its alert is announced when it starts, at each repeat interval, and
/// when it ends.</summary>
internal sealed class RuleTrack(AlertRule rule, TimeSpan repeatInterval, MetricStore store)
{
    private readonly RuleJudge _judge = new(rule, store);
    private AlertState _state;
    private DateTimeOffset? _stateSince;
    private double? _value;
    private bool _hasFired;
    private TimeSpan _pendingSince;
    private TimeSpan _announcedAt;

    public AlertStatus Status => new() { Rule = rule, State = _state, Since = _stateSince, Value = _value };

    /// <param name="stamp">The wall-clock time, for display.</param>
    /// <param name="now">The time for measuring intervals.</param>
    /// <param name="reader">The metrics.</param>
    /// <param name="firing">Receives the alert if it is firing.</param>
    /// <param name="news">Receives the alert if its handlers should be notified.</param>
    public void Evaluate(DateTimeOffset stamp, TimeSpan now, MetricReader reader, List<Alert> firing, List<Alert> news)
    {
        Finding finding = _judge.Judge(reader);
        _value = finding.Value;
        if (!finding.IsBeyond)
        {
            if (_state == AlertState.Firing)
                news.Add(
                    new Alert
                    {
                        Name = rule.Name,
                        Message = AlertText.Resolved(rule, finding),
                        Level = AlertLevel.Info,
                        Timestamp = stamp,
                        Data = AlertText.Data(rule, finding, resolved: true),
                    });
            if (_state is AlertState.Firing or AlertState.Pending)
                Enter(_hasFired ? AlertState.Resolved : AlertState.Inactive, stamp);
            return;
        }

        if (_state is AlertState.Inactive or AlertState.Resolved)
        {
            Enter(AlertState.Pending, stamp);
            _pendingSince = now;
        }

        if (_state == AlertState.Pending && now - _pendingSince < rule.For)
            return;

        var alert = new Alert
        {
            Name = rule.Name,
            Message = AlertText.Firing(rule, finding),
            Level = rule.Level,
            Timestamp = stamp,
            Data = AlertText.Data(rule, finding, resolved: false),
        };
        firing.Add(alert);
        if (_state == AlertState.Firing && now - _announcedAt < repeatInterval)
            return;

        if (_state != AlertState.Firing)
            Enter(AlertState.Firing, stamp);
        _hasFired = true;
        _announcedAt = now;
        news.Add(alert);
    }

    private void Enter(AlertState state, DateTimeOffset stamp)
    {
        _state = state;
        _stateSince = stamp;
    }
}
