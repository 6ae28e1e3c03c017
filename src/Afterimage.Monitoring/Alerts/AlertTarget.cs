using Afterimage.Monitoring.Handlers;

namespace Afterimage.Monitoring.Alerts;

/// <summary>An alert handler that calls a function.</summary>
internal sealed class AlertTarget(Action<Alert> handler) : IAlertHandler
{
    public ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
    {
        foreach (Alert alert in alerts)
            handler(alert);
        return default;
    }

    /// <summary>Passes on the alerts one by one. If a call throws, the alerts after it are still passed on.</summary>
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
