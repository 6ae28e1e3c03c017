using Afterimage.Monitoring.Budgets;

namespace Afterimage.Monitoring;

/// <summary>The exception that is thrown when a call is refused, before it is made, because a budget has no room for it. See
/// <see cref="GenerationMonitor.Reserve"/>.</summary>
public sealed class BudgetExceededException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="status">The budget that has no room, with its status at the time of the refusal.</param>
    public BudgetExceededException(BudgetStatus status)
        : base(MessageOf(status)) => Status = status;

    /// <summary>The budget that has no room, with its status at the time of the refusal. <see cref="BudgetStatus.IsSpent"/> tells a spent
    /// budget from one that the call was too large for.</summary>
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
