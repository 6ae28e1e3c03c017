namespace Afterimage.Monitoring;

/// <summary>The amounts that a call in flight has reserved in the budgets. Dispose it when the call has been recorded, or was not
/// made.</summary>
/// <remarks>
/// The record of a call says what the call really used. If the reservation is passed to the record as
/// <see cref="GenerationDetails.Reservation"/>, the estimate is replaced by the amount used in one step. If the call is recorded without
/// it, the call counts in addition to its own estimate until the reservation is disposed; for that moment, other calls may be refused
/// although there is room for them. A reservation that is not disposed within <see cref="GenerationMonitorOptions.ReservationTimeout"/>
/// expires.
/// </remarks>
public sealed class BudgetReservation : IDisposable
{
    private readonly Action<BudgetReservation>? _release;

    internal BudgetReservation(decimal[] amounts, TimeSpan expiry, Action<BudgetReservation>? release)
    {
        Amounts = amounts;
        Expiry = expiry;
        _release = release;
    }

    /// <summary>The reserved amount of each budget, in the order of the budgets.</summary>
    internal decimal[] Amounts { get; }

    /// <summary>The estimate that the reservation was made for.</summary>
    internal BudgetEstimate Estimate { get; init; }

    /// <summary>The time of expiry, on the clock's timeline.</summary>
    internal TimeSpan Expiry { get; }

    /// <summary>The reservation's node in the list of open ones; null if it is not in the list. Only the budgets use it.</summary>
    internal LinkedListNode<BudgetReservation>? Place { get; set; }

    /// <summary>Releases the reserved amounts. Further calls have no effect.</summary>
    public void Dispose() => _release?.Invoke(this);
}
