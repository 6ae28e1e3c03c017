using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Afterimage.Monitoring.Options;
using Afterimage.Monitoring.Recording;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>Records what a program that calls language models does, stores the records, and aggregates them on request.</summary>
/// <remarks>
/// <para>All members are thread-safe. A recording method (<c>Track…</c>, <c>Record…</c>, <c>Log…</c>) puts a record into a buffer of the
/// calling thread and returns; a background thread carries it to memory and to the handlers. A reading method first takes in everything
/// that this process has recorded.</para>
/// <para>Dispose the monitor to write pending records. A process that ends without disposing it (return from Main, unhandled exception,
/// SIGINT, SIGTERM) still writes them; a process that is killed loses at most the records of its last second. Records made after disposal
/// are counted (<see cref="MonitorStatistics.RecordedAfterDisposal"/>) and logged once. Reading still works after disposal.</para>
/// </remarks>
public sealed partial class GenerationMonitor : IDisposable, IAsyncDisposable
{
    private readonly MonitorAssembly _parts;

    // Recording uses this part directly, to save one indirection.
    private readonly Recorder _recorder;
    private readonly Clock _clock;
    private readonly Names _names;

    /// <summary>Creates a monitor with the default settings, which writes to a new directory under
    /// <c>./.afterimage-monitoring</c>.</summary>
    /// <exception cref="IOException">The log directory cannot be created or written to.</exception>
    public GenerationMonitor()
        : this(new GenerationMonitorOptions())
    {
    }

    /// <summary>Creates a monitor.</summary>
    /// <param name="options">The settings. They are read by the constructor; later changes have no effect.</param>
    /// <param name="timeProvider">
    /// The clock for all time stamps, windows and intervals. Default: the system clock. Windows and intervals are measured with its
    /// monotonic clock (<see cref="TimeProvider.GetTimestamp"/>), so that setting the wall clock does not affect them; if its UTC clock
    /// stands still between calls, they are measured with the UTC clock instead.
    /// </param>
    /// <param name="loggerFactory">Creates the logger to which the monitor reports its own problems. Default: only the log handlers receive
    /// them.</param>
    /// <param name="meterFactory">Creates the meter <c>Afterimage.Monitoring</c>, with its <c>gen_ai.*</c> instruments and the instruments
    /// for the monitor's own health. Default: a meter of that name that all monitors of the process share. Their generations are added up;
    /// their health is reported separately.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is out of its range; the exception names it.</exception>
    /// <exception cref="IOException">The log directory cannot be created or written to, or a directory that a budget resumes from cannot be
    /// read.</exception>
    public GenerationMonitor(
        GenerationMonitorOptions options,
        TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        OptionsValidation.Validate(options);
        _parts = new MonitorAssembly(options, timeProvider ?? TimeProvider.System, loggerFactory, meterFactory);
        _recorder = _parts.Recorder;
        _clock = _parts.Clock;
        _names = _parts.Names;
    }

    /// <summary>The full path of this run's log directory; null if <see cref="GenerationMonitorOptions.WriteFiles"/> is
    /// <see langword="false"/>.</summary>
    public string? LogDirectory => _parts.Run?.Directory;

    /// <summary>Evaluates the alert rules now and notifies the alert handlers of changes.</summary>
    /// <remarks>Returns after the handlers have been notified, except for a handler that has made no progress for
    /// <see cref="GenerationMonitorOptions.HandlerTimeLimit"/>. After disposal, no handler is notified.</remarks>
    /// <returns>The alerts that are firing now, whether or not the handlers have already been notified of them.</returns>
    public IReadOnlyList<Alert> CheckAlerts() => _parts.Alerts.Check();

    /// <summary>Gets the state of each alert rule without evaluating it. Rules are evaluated by <see cref="CheckAlerts"/> and by the timer
    /// of <see cref="GenerationMonitorOptions.MetricsInterval"/>.</summary>
    /// <returns>The rules, built-in rules first, with their states as of their last evaluation.</returns>
    public IReadOnlyList<AlertStatus> GetAlerts() => _parts.Alerts.Statuses;

    /// <summary>A token that is cancelled when a budget is spent. Pass it to the calls and to the loop that makes them.</summary>
    /// <remarks>
    /// For a budget with a calendar window, the token stays cancelled until the window ends; after that, this property returns a new token.
    /// Callbacks on the token run on the thread pool. Reading this property, <see cref="TryReserve"/> and <see cref="GetBudgets"/> take
    /// this process's records into account at once; otherwise they are counted within 200 ms.
    /// </remarks>
    public CancellationToken BudgetToken => _parts.Budgets?.Token ?? CancellationToken.None;

    /// <summary>Reserves what a call may use in every budget, or in none.</summary>
    /// <remarks>
    /// Reservations are atomic: the spent and reserved amounts together never exceed a limit. Any number of workers therefore overshoot it
    /// by no more than what the calls in flight use beyond their estimates. Pass the reservation to the call's record
    /// (<see cref="GenerationDetails.Reservation"/>), then dispose it: the unused part is released.
    /// </remarks>
    /// <param name="estimate">What the call may use at the most.</param>
    /// <param name="reservation">What it holds; <see langword="null"/> where it was refused.</param>
    /// <returns><see langword="true"/> if the call may be made; without budgets always.</returns>
    /// <exception cref="ArgumentException">A number of the estimate is out of its range, or a budget is of dollars and the estimate has
    /// neither a cost nor a model with a known price.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public bool TryReserve(in BudgetEstimate estimate, [NotNullWhen(true)] out BudgetReservation? reservation)
    {
        reservation = ReserveOrRefuse(estimate, out _);
        return reservation is not null;
    }

    /// <summary>Reserves what a call may use in every budget, or throws an exception that names the budget with no room for it.</summary>
    /// <inheritdoc cref="TryReserve" path="/remarks"/>
    /// <param name="estimate">What the call may use at the most.</param>
    /// <returns>What it holds.</returns>
    /// <exception cref="BudgetExceededException">A budget has no room for it. Nothing is reserved.</exception>
    /// <exception cref="ArgumentException">A number of the estimate is out of its range, or a budget is of dollars and the estimate has
    /// neither a cost nor a model with a known price.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public BudgetReservation Reserve(in BudgetEstimate estimate) =>
        ReserveOrRefuse(estimate, out BudgetStatus? refusedBy) ?? throw new BudgetExceededException(refusedBy!);

    /// <summary>Gets the status of each budget.</summary>
    /// <returns>The budgets, in the order of the options.</returns>
    public IReadOnlyList<BudgetStatus> GetBudgets() => _parts.Budgets?.Statuses ?? [];

    /// <summary>Hands everything recorded before the call to the handlers and waits until they have written it.</summary>
    /// <remarks>Data that the file handlers have written survives the process. The wait for a handler that is not lossless is limited to
    /// its time limit.</remarks>
    /// <param name="cancellationToken">A token to cancel the waiting. The writing continues.</param>
    /// <returns>A task that completes when everything is written.</returns>
    /// <exception cref="IOException">A lossless handler could not write the records, or has made no progress for
    /// <see cref="GenerationMonitorOptions.HandlerTimeLimit"/>. It keeps trying.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : new ValueTask(_parts.FlushAsync(cancellationToken));

    /// <summary>Refuses further records and writes the accepted ones, for at most <see cref="GenerationMonitorOptions.ShutdownTimeout"/>.
    /// Reading still works afterwards.</summary>
    /// <remarks>Records that could not be written in that time are counted in <see cref="GetStatistics"/> and reported in one log entry.
    /// Handlers that implement <see cref="IDisposable"/> are disposed.</remarks>
    public void Dispose() => _parts.Close();

    /// <inheritdoc cref="Dispose"/>
    /// <returns>A task that completes when the monitor is disposed.</returns>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    private BudgetReservation? ReserveOrRefuse(in BudgetEstimate estimate, out BudgetStatus? refusedBy)
    {
        ObjectDisposedException.ThrowIf(_parts.IsClosed, this);
        Estimated(estimate.PromptTokenCount, GenerationDetails.MaxTokenCount);
        Estimated(estimate.CompletionTokenCount, GenerationDetails.MaxTokenCount);
        Estimated(estimate.CostUsd ?? 0, BudgetEstimate.MaxCostUsd);
        refusedBy = null;
        return _parts.Budgets is { } budgets
            ? budgets.TryReserve(estimate, out refusedBy)
            : new BudgetReservation([], TimeSpan.MaxValue, release: null) { Estimate = estimate };

        static void Estimated(decimal value, decimal highest, [CallerArgumentExpression(nameof(value))] string expression = "")
        {
            if (value < 0 || value > highest)
                ThrowOutOfRange(nameof(estimate), value, $"{expression} must be from 0 to {highest}.");
        }
    }
}
