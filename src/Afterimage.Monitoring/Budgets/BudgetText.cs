namespace Afterimage.Monitoring.Budgets;

/// <summary>Formats budgets for people.</summary>
internal static class BudgetText
{
    public static string Unit(Budget budget) => budget.Unit switch
    {
        BudgetUnit.Tokens => "tokens",
        BudgetUnit.Dollars => "USD",
        BudgetUnit.Generations => "generations",
        BudgetUnit.ConsecutiveFailures => "failures in a row",
        _ => "seconds",
    };

    public static string Amount(Budget budget, decimal amount) =>
        budget.Unit == BudgetUnit.Dollars ? NumberText.OfDollars(amount) : NumberText.Of(amount);

    /// <summary>Returns a sentence such as <c>Budget night is spent: 12 of 10 USD</c>.</summary>
    public static string Spent(BudgetStatus status) =>
        $"Budget {status.Budget.Name} is spent: "
        + $"{Amount(status.Budget, status.Spent)} of {Amount(status.Budget, status.Budget.Limit)} {Unit(status.Budget)}";
}
