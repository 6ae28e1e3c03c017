using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>Takes alerts to somewhere that needs time, such as a server. What is done at once may be an <see cref="Action{T}"/> of
/// <see cref="Alert"/>: <see cref="AlertHandlerExtensions.Add"/>.</summary>
/// <remarks>
/// <para>Each handler has a queue and a thread of its own: it is never called by two threads at once, and neither its time nor its
/// exceptions touch recording or other handlers. An exception is counted (<see cref="MonitorStatistics.AlertHandlers"/>) and logged once
/// per burst.</para>
/// <para>The monitor owns its handlers: one that is <see cref="IDisposable"/> is disposed with the monitor, after its last call has
/// returned.</para>
/// </remarks>
public interface IAlertHandler
{
    /// <summary>
    /// Whether it is called after every evaluation, also where there is nothing new: with an empty list then, to do again what must be done
    /// again and again. Default: <see langword="false"/>, only when there is something new.
    /// </summary>
    bool HearsEveryEvaluation => false;

    /// <summary>
    /// The longest <see cref="GenerationMonitorOptions.MetricsInterval"/> that it works with; options with a longer one are refused.
    /// Default: <see langword="null"/>, any.
    /// </summary>
    TimeSpan? MaxMetricsInterval => null;

    /// <summary>Takes what there is to announce.</summary>
    /// <param name="alerts">What one evaluation of the rules found to be new, or what happened to a budget. Empty only where
    /// <see cref="HearsEveryEvaluation"/> asks for it.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the monitor is being disposed and its <see cref="GenerationMonitorOptions.ShutdownTimeout"/> is over: what is not
    /// done by then is not to be done any more.
    /// </param>
    /// <returns>A task that ends when it is done. One that fails counts all of <paramref name="alerts"/> as lost for this
    /// handler.</returns>
    ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken);
}
