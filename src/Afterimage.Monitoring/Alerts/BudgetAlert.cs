using System.Globalization;
using Afterimage.Monitoring.Budgets;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Converts events of budgets to alerts.</summary>
internal static class BudgetAlert
{
    public static Alert Of(in BudgetNews news, DateTimeOffset now)
    {
        Budget budget = news.Status.Budget;
        string unit = BudgetText.Unit(budget);
        var data = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["budget"] = budget.Name,
            ["unit"] = unit,
            ["limit"] = budget.Limit,
            ["spent"] = news.Status.Spent,
            ["period_start"] = news.Status.PeriodStart.ToString("O", CultureInfo.InvariantCulture),
        };
        if (budget.ModelName is { } modelName)
            data["model_name"] = modelName;
        if (budget.Tag is { } tag)
            data["tag." + tag.Key] = tag.Value;

        string name = $"Budget {budget.Name}";
        (AlertLevel level, string message) = news.Event switch
        {
            BudgetEvent.Warning => (
                AlertLevel.Warning,
                $"{name} has reached {NumberText.Of((decimal)news.Share * 100)} %: "
                + $"{Amount(news.Status.Spent)} of {Amount(budget.Limit)} {unit}"
            ),
            BudgetEvent.Spent => (AlertLevel.Error, BudgetText.Spent(news.Status)),
            BudgetEvent.Renewed => (AlertLevel.Info, $"{name} was renewed: {Amount(budget.Limit)} {unit}"),
            BudgetEvent.UsageMissing => (
                AlertLevel.Warning,
                $"{name} includes estimates: the provider reported no usage for some calls"
            ),
            _ => (AlertLevel.Warning, $"{name} does not include every call: the price of some calls is unknown"),
        };
        if (news.Event == BudgetEvent.Warning)
            data["share"] = news.Share;
        if (news.Event == BudgetEvent.Renewed)
            data["resolved"] = true;
        return new Alert
        {
            Name = $"budget:{budget.Name}",
            Message = message,
            Level = level,
            Timestamp = now,
            Data = data,
        };

        string Amount(decimal amount) => BudgetText.Amount(budget, amount);
    }
}
