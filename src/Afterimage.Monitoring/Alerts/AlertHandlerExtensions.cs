using Afterimage.Monitoring.Alerts;

namespace Afterimage.Monitoring;

/// <summary>Extension methods that add handlers to <see cref="GenerationMonitorOptions.AlertHandlers"/>.</summary>
public static class AlertHandlerExtensions
{
    /// <summary>Adds a handler that runs synchronously.</summary>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="handler">The handler.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static void Add(this IList<IAlertHandler> handlers, Action<Alert> handler)
    {
        ArgumentNullException.ThrowIfNull(handlers);
        ArgumentNullException.ThrowIfNull(handler);
        handlers.Add(new AlertTarget(handler));
    }

    /// <summary>Adds a handler that writes one line per alert: <c>2026-11-24 23:15:02Z warning low_success_rate: Success rate 72.89 % is
    /// below 80 %</c>. For an alert that has ended, the line has <c>over</c> in place of the level.</summary>
    /// <remarks>Characters that could control a terminal are replaced.</remarks>
    /// <param name="handlers">The alert handlers of the options.</param>
    /// <param name="output">The writer. Default: standard error.</param>
    /// <exception cref="ArgumentNullException"><paramref name="handlers"/> is null.</exception>
    public static void AddConsole(this IList<IAlertHandler> handlers, TextWriter? output = null)
    {
        ArgumentNullException.ThrowIfNull(handlers);
        handlers.Add(alert => (output ?? Console.Error).WriteLine(AlertText.Line(alert)));
    }
}
