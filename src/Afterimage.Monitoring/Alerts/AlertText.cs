using System.Globalization;

namespace Afterimage.Monitoring.Alerts;

/// <summary>The texts and data of alerts, for people and programs.</summary>
internal static class AlertText
{
    public static string Firing(AlertRule rule, in Finding finding) =>
        $"{Label(rule)} {Format(rule, finding.Value!.Value)} is {Side(rule)} {Format(rule, rule.Threshold)}{Certainty(rule)}";

    public static string Resolved(AlertRule rule, in Finding finding) =>
        finding switch
        {
            { Value: null, Points.Count: 0 } =>
                $"{Label(rule)} is over: nothing was recorded for {Number(rule.Window.TotalMinutes)} minutes",
            { Value: null } =>
                $"{Label(rule)} is over: too little was recorded, "
                + $"{Number(finding.Points.Count)} points in {Number(rule.Window.TotalMinutes)} minutes",
            _ when rule.Confidence is not null =>
                $"{Label(rule)} {Format(rule, finding.Value.Value)} is no longer "
                + $"{Side(rule)} {Format(rule, rule.Threshold)}{Certainty(rule)}",
            _ => $"{Label(rule)} {Format(rule, finding.Value.Value)} is within {Format(rule, rule.Threshold)} again",
        };

    /// <summary>Formats an alert as a line for a terminal.</summary>
    public static string Line(Alert alert)
    {
        string level = alert.IsResolved ? "over" : alert.Level.ToString().ToLowerInvariant();
        return OneLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{alert.Timestamp.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z {level} {alert.Name}: {alert.Message}"));
    }

    /// <summary>Replaces all characters that end a line or control a terminal.</summary>
    public static string OneLine(string text)
    {
        return string.Create(text.Length, text, static (shown, text) =>
        {
            for (int i = 0; i < shown.Length; i++)
                shown[i] = Steers(text, i) ? '\ufffd' : text[i];
        });

        static bool Steers(string text, int i) =>
            CharUnicodeInfo.GetUnicodeCategory(text, i)
                is UnicodeCategory.Control
                    or UnicodeCategory.Format
                    or UnicodeCategory.LineSeparator
                    or UnicodeCategory.ParagraphSeparator;
    }

    public static IReadOnlyDictionary<string, object?> Data(AlertRule rule, in Finding finding, bool resolved)
    {
        var data = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["metric"] = rule.Metric,
            ["window_seconds"] = rule.Window.TotalSeconds,
            ["threshold"] = rule.Threshold,
            ["count"] = finding.Points.Count,
            ["mean"] = finding.Points.Mean,
            ["min"] = finding.Points.Min,
            ["max"] = finding.Points.Max,
        };
        if (rule.Aggregate != AlertAggregate.Mean)
        {
            data["aggregate"] = Figure(rule);
            data["value"] = finding.Value;
        }

        if (rule.Confidence is { } confidence)
            data["confidence"] = confidence;
        if (rule.ModelName is { } modelName)
            data["model_name"] = modelName;
        if (rule.Tag is { } tag)
            data["tag:" + tag.Key] = tag.Value;
        if (resolved)
            data["resolved"] = true;
        return data;
    }

    private static string Label(AlertRule rule) => rule.Label ?? $"{Figure(rule)} of {rule.Metric}{Filter(rule)}";

    private static string Filter(AlertRule rule) =>
        (rule.ModelName is { } model ? " for " + model : "") + (rule.Tag is { } tag ? $" with {tag.Key} {tag.Value}" : "");

    private static string Figure(AlertRule rule) => rule.Aggregate switch
    {
        AlertAggregate.Quantile => "p" + Number(rule.Quantile * 100),
        AlertAggregate.StandardDeviation => "Standard deviation",
        AlertAggregate.BurnRate => "Burn rate",
        var aggregate => aggregate.ToString(),
    };

    private static string Side(AlertRule rule) =>
        rule.Comparison == AlertComparison.Below && rule.Aggregate is not (AlertAggregate.BurnRate or AlertAggregate.Drift)
            ? "below"
            : "above";

    private static string Certainty(AlertRule rule) =>
        rule.Confidence is { } confidence ? $" with {Number(confidence * 100)} % confidence" : "";

    private static string Format(AlertRule rule, double value) => rule.Unit switch
    {
        null => Number(value),
        "%" => Number(value * 100) + " %",
        var unit => $"{Number(value)} {unit}",
    };

    private static string Number(double value) => NumberText.Of(value);
}
