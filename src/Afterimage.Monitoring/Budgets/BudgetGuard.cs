using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Budgets;

/// <summary>Uses the ledger under the recorder's lock, and begins new periods of budgets with a calendar window when they are
/// due.</summary>
internal sealed class BudgetGuard(BudgetLedger ledger, Recorder recorder)
{
    /// <summary>The longest time that a timer accepts.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(49);

    private SafeTimer? _timer;
    private volatile bool _isStopped;

    public CancellationToken Token
    {
        get
        {
            using (recorder.EnterApplied())
            {
                ledger.Refresh();
                return ledger.Token;
            }
        }
    }

    public IReadOnlyList<BudgetStatus> Statuses
    {
        get
        {
            using (recorder.EnterApplied())
            {
                ledger.Refresh();
                return ledger.Statuses;
            }
        }
    }

    /// <param name="timeProvider">The clock.</param>
    /// <param name="timerFailed">Takes what the timer throws.</param>
    public void Start(TimeProvider timeProvider, Action<Exception> timerFailed)
    {
        ledger.TellSpent();
        if (ledger.NextMark is null)
            return;

        _timer = new SafeTimer(timeProvider, Refresh, timerFailed);
        Refresh();
    }

    public BudgetReservation? TryReserve(in BudgetEstimate estimate, out BudgetStatus? refusedBy)
    {
        using (recorder.EnterApplied())
            return ledger.TryReserve(estimate, Release, out refusedBy);
    }

    public void Stop()
    {
        _isStopped = true;
        _timer?.Stop();
    }

    private void Release(BudgetReservation reservation)
    {
        using (recorder.EnterApplied())
            ledger.Release(reservation);
    }

    private void Refresh()
    {
        TimeSpan? next;
        using (recorder.EnterApplied())
        {
            ledger.Refresh();
            next = ledger.NextMark;
        }

        if (next is { } due && !_isStopped)
            _timer!.Start(due < LongestWait ? due : LongestWait, Timeout.InfiniteTimeSpan);
    }
}
