using Afterimage.Monitoring.Handlers;

namespace Afterimage.Monitoring.Alerts;

/// <summary>A plain function as an alert handler.</summary>
internal sealed class AlertTarget(Action<Alert> handler) : IAlertHandler
{
    public ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
    {
        foreach (Alert alert in alerts)
            handler(alert);
        return default;
    }

    /// <summary>Hands alerts over one by one, going on behind one whose call throws.</summary>
    public HandlerOutcome HandleEach(IReadOnlyList<Alert> alerts)
    {
        int failures = 0;
        Exception? first = null;
        foreach (Alert alert in alerts)
        {
            try
            {
                handler(alert);
            }
            catch (Exception e)
            {
                failures++;
                first ??= e;
            }
        }

        return new HandlerOutcome(failures, failures, first);
    }
}
