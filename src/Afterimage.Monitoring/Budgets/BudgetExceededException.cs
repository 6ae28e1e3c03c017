using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring;

/// <summary>A call was refused, before it was made, since a budget has no room for it. See
/// <see cref="GenerationMonitor.Reserve"/>.</summary>
public sealed class BudgetExceededException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="status">The budget that has no room, as it stood.</param>
    public BudgetExceededException(BudgetStatus status)
        : base(MessageOf(status)) => Status = status;

    /// <summary>The budget that has no room, as it stood. <see cref="BudgetStatus.IsSpent"/> tells one that is used up from one that the
    /// call was too large for.</summary>
    public BudgetStatus Status { get; }

    private static string MessageOf(BudgetStatus status)
    {
        ArgumentNullException.ThrowIfNull(status);
        Budget budget = status.Budget;
        return status.IsSpent
            ? BudgetText.Spent(status) + "."
            : $"Budget {budget.Name} has no room for the call: {BudgetText.Amount(budget, status.Spent)} spent "
                + $"and {BudgetText.Amount(budget, status.Reserved)} reserved "
                + $"of {BudgetText.Amount(budget, budget.Limit)} {BudgetText.Unit(budget)}.";
    }
}
