using System.Text;
using Afterimage.Monitoring.Settings;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Reads alert rules from settings that people write.</summary>
internal static class RuleSettings
{
    public static IReadOnlyList<AlertRule> Read(SettingsNode settings)
    {
        IReadOnlyList<AlertRule> rules = Read(settings.List("rules"));
        settings.RefuseOthers();
        return rules;
    }

    public static IReadOnlyList<AlertRule> Read(IEnumerable<SettingsNode> nodes)
    {
        List<AlertRule> rules = [];
        foreach (SettingsNode node in nodes)
        {
            AlertRule rule = Rule(node);
            node.RefuseOthers();
            if (rule.Fault() is { } fault && !(fault.Setting == nameof(AlertRule.Threshold) && double.IsNaN(rule.Threshold)))
                throw node.Wrong(SnakeCase(fault.Setting), fault.Rule);
            if (double.IsNaN(rule.Threshold))
                throw node.Wrong("threshold", "is required.");
            if (rules.Any(r => r.Name == rule.Name))
                throw node.Wrong("name", $"'{rule.Name}' must not occur twice.");
            rules.Add(rule);
        }

        return rules;
    }

    private static AlertRule Rule(SettingsNode node)
    {
        AlertAggregate aggregate = node.Choice<AlertAggregate>("aggregate") ?? AlertAggregate.Mean;
        var rule = new AlertRule
        {
            Name = node.Text("name") ?? "",
            Metric = node.Text("metric") ?? "",
            Aggregate = aggregate,
            Threshold = Threshold(node, aggregate) ?? double.NaN,
            ModelName = node.Text("model_name"),
            Tag = Tag(node.Section("tag")),
            Label = node.Text("label"),
            Unit = node.Text("unit"),
            RepeatInterval = node.Time("repeat_interval"),
            Confidence = node.Double("confidence"),
            ShortWindow = node.Time("short_window"),
        };
        return rule with
        {
            Quantile = node.Double("quantile") ?? rule.Quantile,
            Window = node.Time("window") ?? rule.Window,
            Comparison = node.Choice<AlertComparison>("comparison") ?? rule.Comparison,
            Level = node.Choice<AlertLevel>("level") ?? rule.Level,
            For = node.Time("for") ?? rule.For,
            MinimumCount = node.Whole("minimum_count") ?? rule.MinimumCount,
            Objective = node.Double("objective") ?? rule.Objective,
            BaselineCount = (int)Math.Clamp(node.Whole("baseline_count") ?? rule.BaselineCount, int.MinValue, int.MaxValue),
        };
    }

    private static KeyValuePair<string, string>? Tag(SettingsNode? node)
    {
        if (node is null)
            return null;

        KeyValuePair<string, string> tag = new(node.RequiredText("key"), node.RequiredText("value"));
        node.RefuseOthers();
        return tag;
    }

    // A missing threshold is reported after unknown keys, because a mistyped key is both.
    private static double? Threshold(SettingsNode node, AlertAggregate aggregate)
    {
        double? threshold = node.Double("threshold");
        if (aggregate != AlertAggregate.Drift || node.Double("average_run_length") is not { } runLength)
            return threshold;
        if (threshold is not null)
            throw node.Wrong("average_run_length", "must not be given together with a threshold.");
        return runLength >= 100
            ? AlertRule.DriftThreshold(runLength)
            : throw node.Wrong("average_run_length", "must be at least 100 points.");
    }

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 4);
        foreach (char c in name)
        {
            if (char.IsUpper(c) && text.Length > 0)
                text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }

        return text.ToString();
    }
}
