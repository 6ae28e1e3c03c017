using Afterimage.Monitoring;

namespace Afterimage.Cli.Views;

/// <summary>Describes the states of budgets and alerts in words, on one line each.</summary>
internal static class StateText
{
    private const int MaxNames = 3;

    /// <summary>Describes what is left of a budget in dollars.</summary>
    public static string Budget(BudgetStatus budget)
    {
        string limit = Format.Dollars((double)budget.Budget.Limit);
        return budget.IsSpent
            ? $"spent: {Format.Dollars((double)budget.Spent)} of {limit}"
            : $"{Format.Dollars((double)budget.Remaining)} of {limit} left";
    }

    /// <summary>Describes how many rules are in each state, with the names of those that matter.</summary>
    public static string Alerts(IReadOnlyList<AlertStatus> rules)
    {
        IEnumerable<string> parts =
        [
            .. Named(AlertState.Firing, "firing"),
            .. Named(AlertState.Pending, "pending"),
            .. Counted(AlertState.Resolved, "resolved"),
            .. Counted(AlertState.Inactive, "inactive"),
        ];
        return string.Join("; ", parts);

        IEnumerable<string> Named(AlertState state, string text)
        {
            string[] names = [.. rules.Where(rule => rule.State == state).Select(rule => Format.Name(rule.Rule.Name, 30))];
            if (names.Length > 0)
                yield return $"{names.Length} {text} ({string.Join(", ", names.Take(MaxNames))}{(names.Length > MaxNames ? " …" : "")})";
        }

        IEnumerable<string> Counted(AlertState state, string text)
        {
            int count = rules.Count(rule => rule.State == state);
            if (count > 0)
                yield return $"{count} {text}";
        }
    }
}
