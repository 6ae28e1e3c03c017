using Afterimage.Monitoring.Alerts;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>Adds handlers to <see cref="GenerationMonitorOptions.AlertHandlers"/>.</summary>
public static class AlertHandlerExtensions
{
    /// <summary>Adds a handler that is done at once.</summary>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="handler">The handler.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void Add(this IList<IAlertHandler> handlers, Action<Alert> handler)
    {
        ArgumentNullException.ThrowIfNull(handlers);
        ArgumentNullException.ThrowIfNull(handler);
        handlers.Add(new AlertTarget(handler));
    }

    /// <summary>Adds a handler that writes a line an alert: <c>2026-11-24 23:15:02Z warning low_success_rate: Success rate 72.89 % is below
    /// 80 %</c>; of one that is over, <c>over</c> in place of the level.</summary>
    /// <remarks>Characters that could steer a terminal are replaced.</remarks>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="output">Where to. Default: standard error.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handlers"/> is null.</exception>
    public static void AddConsole(this IList<IAlertHandler> handlers, TextWriter? output = null)
    {
        ArgumentNullException.ThrowIfNull(handlers);
        handlers.Add(alert => (output ?? Console.Error).WriteLine(AlertText.Line(alert)));
    }
}
