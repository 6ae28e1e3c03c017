using System.Text.Json;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Json;

/// <summary>Writes the states of budgets and alerts of a run as properties of a JSON object.</summary>
internal static class RunStateJson
{
    public static void WriteBudget(Utf8JsonWriter writer, BudgetStatus budget)
    {
        writer.WriteStartObject("budget");
        writer.WriteNumber("limit_usd", budget.Budget.Limit);
        writer.WriteNumber("spent_usd", budget.Spent);
        writer.WriteNumber("remaining_usd", budget.Remaining);
        writer.WriteBoolean("is_spent", budget.IsSpent);
        writer.WriteNumber("unpriced_tokens", budget.UnpricedTokenCount);
        writer.WriteNumber("usage_missing_count", budget.UsageMissingCount);
        writer.WriteEndObject();
    }

    public static void WriteAlertStates(Utf8JsonWriter writer, IEnumerable<AlertStatus> rules)
    {
        writer.WriteStartArray("alert_states");
        foreach (AlertStatus rule in rules)
        {
            writer.WriteStartObject();
            writer.WriteString("name", rule.Rule.Name);
            writer.WriteString("state", rule.State.ToString().ToLowerInvariant());
            if (rule.Since is { } since)
                writer.WriteString("since", since.UtcDateTime);
            if (rule.Value is { } value && double.IsFinite(value))
                writer.WriteNumber("value", value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
