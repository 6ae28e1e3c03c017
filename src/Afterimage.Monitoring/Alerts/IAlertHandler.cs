namespace Afterimage.Monitoring;

/// <summary>Delivers alerts to a destination that takes time, such as a server. A handler that returns at once can be an
/// <see cref="Action{T}"/> of <see cref="Alert"/> instead: see <see cref="AlertHandlerExtensions.Add"/>.</summary>
/// <remarks>
/// <para>Each handler has a queue and a thread of its own. It is never called by two threads at once, and neither its duration nor its
/// exceptions affect recording or other handlers. An exception is counted (<see cref="MonitorStatistics.AlertHandlers"/>) and logged once
/// per burst.</para>
/// <para>The monitor owns its handlers: a handler that implements <see cref="IDisposable"/> is disposed with the monitor, after its last
/// call has returned.</para>
/// </remarks>
public interface IAlertHandler
{
    /// <summary>
    /// Whether the handler is called after every evaluation, with an empty list if there is nothing new. For handlers that must repeat
    /// something regularly. Default: <see langword="false"/>, the handler is called only if there is something new.
    /// </summary>
    bool HearsEveryEvaluation => false;

    /// <summary>
    /// The longest <see cref="GenerationMonitorOptions.MetricsInterval"/> that the handler works with. Options with a longer interval are
    /// refused. Default: <see langword="null"/>, any interval.
    /// </summary>
    TimeSpan? MaxMetricsInterval => null;

    /// <summary>Handles the alerts of one evaluation or of one budget event.</summary>
    /// <param name="alerts">What an evaluation of the rules found to be new, or what happened to a budget. Empty only if
    /// <see cref="HearsEveryEvaluation"/> is <see langword="true"/>.</param>
    /// <param name="cancellationToken">
    /// A token that is cancelled when the monitor is being disposed and its <see cref="GenerationMonitorOptions.ShutdownTimeout"/> has
    /// elapsed. Work that is not finished by then must be abandoned.
    /// </param>
    /// <returns>A task that completes when the alerts are handled. If it fails, all of <paramref name="alerts"/> count as lost for this
    /// handler.</returns>
    ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken);
}
