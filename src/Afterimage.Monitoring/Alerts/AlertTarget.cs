using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Handlers;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Who an alert goes to: a plain function, or an <see cref="IAlertHandler"/> in the guise of one.</summary>
internal sealed class AlertTarget(IAlertHandler handler)
{
    public IAlertHandler Handler { get; } = handler;

    /// <summary>What the options hold of it. The announcer knows it again, and does not call it.</summary>
    public void Handle(Alert alert) => Handler.HandleAlertsAsync([alert], CancellationToken.None).AsTask().GetAwaiter().GetResult();

    /// <summary>Hands alerts over one by one, going on behind one whose call throws.</summary>
    public static HandlerOutcome HandleEach(Action<Alert> handler, IReadOnlyList<Alert> alerts)
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
