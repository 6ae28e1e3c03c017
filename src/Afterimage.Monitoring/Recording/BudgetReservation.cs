using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>What a call in flight holds of the budgets. Dispose it when the call is recorded, or did not happen.</summary>
/// <remarks>
/// What the call really used is known from its record. Given to it as <see cref="GenerationDetails.Reservation"/>, the estimate is replaced
/// by what was used in one step. Recorded without it, the call is counted beside its own estimate until the reservation is disposed: for
/// that moment others may be refused who have room. A reservation that is not let go of within
/// <see cref="GenerationMonitorOptions.ReservationTimeout"/> is given up.
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

    /// <summary>What it holds of each budget, in their order.</summary>
    internal decimal[] Amounts { get; }

    /// <summary>What it was made for.</summary>
    internal BudgetEstimate Estimate { get; init; }

    /// <summary>When it is given up, on the line of the clock.</summary>
    internal TimeSpan Expiry { get; }

    /// <summary>Its place among the open ones; null: it is none of them. The budgets' alone.</summary>
    internal LinkedListNode<BudgetReservation>? Place { get; set; }

    /// <summary>Returns what it holds. Again: nothing happens.</summary>
    public void Dispose() => _release?.Invoke(this);
}
