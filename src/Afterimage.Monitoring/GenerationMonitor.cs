using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Afterimage.Monitoring.Options;
using Afterimage.Monitoring.Recording;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>Records what a program that calls language models does, keeps it, and answers how it is going.</summary>
/// <remarks>
/// <para>Every member may be called by any number of threads at once. Recording (<c>Track…</c>, <c>Record…</c>, <c>Log…</c>) puts a record
/// into a buffer of the calling thread and returns; a background thread carries it to memory and to the handlers. Reading first takes in
/// what this process has recorded.</para>
/// <para>Dispose the monitor to write what is pending. A process that ends without doing so (return from Main, unhandled exception, SIGINT,
/// SIGTERM) still writes it; one that is killed loses at most what was recorded in its last second. What is recorded after disposal is
/// counted (<see cref="MonitorStatistics.RecordedAfterDisposal"/>) and logged once; reading goes on working.</para>
/// </remarks>
public sealed partial class GenerationMonitor : IDisposable, IAsyncDisposable
{
    private readonly MonitorAssembly _parts;

    // Of the parts, those that recording uses: one step less on its way.
    private readonly Recorder _recorder;
    private readonly Clock _clock;
    private readonly Names _names;

    /// <summary>Makes a monitor with the default settings, which writes into a new directory under
    /// <c>./.afterimage-monitoring</c>.</summary>
    /// <exception cref="IOException">The log directory cannot be made or written.</exception>
    public GenerationMonitor()
        : this(new GenerationMonitorOptions())
    {
    }

    /// <summary>Makes a monitor.</summary>
    /// <param name="options">The settings. They are read now: later changes have no effect.</param>
    /// <param name="timeProvider">
    /// The clock of every time stamp, window and interval. Default: the system's. Windows and intervals are measured with its monotonic
    /// clock (<see cref="TimeProvider.GetTimestamp"/>), so that setting the wall clock does not touch them; with one whose UTC clock stands
    /// still between calls, with that.
    /// </param>
    /// <param name="loggerFactory">Where the monitor reports trouble of its own. Default: nowhere but its log handlers.</param>
    /// <param name="meterFactory">Makes the meter <c>Afterimage.Monitoring</c> with its <c>gen_ai.*</c> instruments and those of the
    /// monitor's own health. Default: a meter of that name that all monitors of the process share; their generations add up, their health
    /// is told apart.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">A setting is out of its range; the exception names it.</exception>
    /// <exception cref="IOException">The log directory cannot be made or written, or one that a budget resumes from cannot be
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

    /// <summary>The directory that this run is kept in, as a full path; null without
    /// <see cref="GenerationMonitorOptions.WriteFiles"/>.</summary>
    public string? LogDirectory => _parts.Run?.Directory;

    /// <summary>Evaluates the alert rules now, and lets the alert handlers know what is new.</summary>
    /// <remarks>When it returns, the handlers have heard of it, save one that stands still for
    /// <see cref="GenerationMonitorOptions.HandlerTimeLimit"/>. After disposal no handler hears of anything.</remarks>
    /// <returns>The alerts that fire now, whether or not their handlers knew already.</returns>
    public IReadOnlyList<Alert> CheckAlerts() => _parts.Alerts.Check();

    /// <summary>Says where each alert rule stands. It does not evaluate: that <see cref="CheckAlerts"/> does, and the timer of
    /// <see cref="GenerationMonitorOptions.MetricsInterval"/>.</summary>
    /// <returns>The rules, built-in ones first, with their states as of their last evaluation.</returns>
    public IReadOnlyList<AlertStatus> GetAlerts() => _parts.Alerts.Statuses;

    /// <summary>Cancelled when a budget is spent. Give it to calls and to the loop that makes them.</summary>
    /// <remarks>
    /// Of a budget with a calendar window it is cancelled until the window is over; from then on this property has a new token. Callbacks
    /// on it run on the thread pool. Records of this process count at once when this property, <see cref="TryReserve"/> or
    /// <see cref="GetBudgets"/> is asked, and within 200 ms otherwise.
    /// </remarks>
    public CancellationToken BudgetToken => _parts.Budgets?.Token ?? CancellationToken.None;

    /// <summary>Reserves what a call may use, of all budgets or of none.</summary>
    /// <remarks>
    /// Reservations are atomic: what is spent and what is reserved never exceed a limit together, so that any number of workers overshoot
    /// by no more than what calls in flight use beyond their estimates. Hand the reservation to the call's record
    /// (<see cref="GenerationDetails.Reservation"/>) and dispose it behind that: what was not used returns.
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

    /// <summary>Reserves what a call may use, of all budgets, or says which has no room for it.</summary>
    /// <inheritdoc cref="TryReserve" path="/remarks"/>
    /// <param name="estimate">What the call may use at the most.</param>
    /// <returns>What it holds.</returns>
    /// <exception cref="BudgetExceededException">A budget has no room for it. Nothing is reserved.</exception>
    /// <exception cref="ArgumentException">A number of the estimate is out of its range, or a budget is of dollars and the estimate has
    /// neither a cost nor a model with a known price.</exception>
    /// <exception cref="ObjectDisposedException">The monitor is disposed.</exception>
    public BudgetReservation Reserve(in BudgetEstimate estimate) =>
        ReserveOrRefuse(estimate, out BudgetStatus? refusedBy) ?? throw new BudgetExceededException(refusedBy!);

    /// <summary>Says where each budget stands.</summary>
    /// <returns>The budgets, in the order of the options.</returns>
    public IReadOnlyList<BudgetStatus> GetBudgets() => _parts.Budgets?.Statuses ?? [];

    /// <summary>Hands everything recorded before the call to the handlers, and ends when they have written it.</summary>
    /// <remarks>What the file handlers have written survives the process. A handler that need not be lossless is waited for no longer than
    /// its time limit.</remarks>
    /// <param name="cancellationToken">Ends the waiting, not the writing.</param>
    /// <returns>A task that ends when everything is written.</returns>
    /// <exception cref="IOException">A lossless handler could not write it, or has stood still for
    /// <see cref="GenerationMonitorOptions.HandlerTimeLimit"/>; it goes on trying.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask FlushAsync(CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : new ValueTask(_parts.FlushAsync(cancellationToken));

    /// <summary>Refuses further records and writes those that were accepted, for at most
    /// <see cref="GenerationMonitorOptions.ShutdownTimeout"/>. Reading goes on working.</summary>
    /// <remarks>What could not be written in that time is counted in <see cref="GetStatistics"/> and said in one log entry. Handlers that
    /// are <see cref="IDisposable"/> are disposed.</remarks>
    public void Dispose() => _parts.Close();

    /// <inheritdoc cref="Dispose"/>
    /// <returns>A task that ends when the monitor is disposed.</returns>
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
                ThrowOutOfRange(nameof(estimate), value, $"{expression} is from 0 to {highest}.");
        }
    }
}
