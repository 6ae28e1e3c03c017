using System.Globalization;

namespace Afterimage.Monitoring.Alerts;

/// <summary>Fires while the mean of a metric over <see cref="Window"/> lies strictly beyond a threshold.</summary>
internal sealed record AlertRule(string Name, string Metric, bool FiresBelow, double Threshold, AlertLevel Level, string Label, Func<double, string> Format)
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    public static IReadOnlyList<AlertRule> BuiltIn(GenerationMonitorOptions options) =>
    [
        new("low_success_rate", "success_rate", FiresBelow: true, options.AlertMinSuccessRate, AlertLevel.Warning, "Success rate", Percent),
        Above("high_generation_time", "generation_time", options.AlertMaxGenerationTime.TotalSeconds, "Mean generation time", v => Number(v) + " s"),
        Above("high_error_rate", "error_rate", options.AlertMaxErrorRate, "Error rate", Percent) with { Level = AlertLevel.Error },
        Above("high_token_usage:prompt", "prompt_token_count", options.AlertMaxPromptTokenMean, "Mean prompt length", Tokens),
        Above("high_token_usage:completion", "completion_token_count", options.AlertMaxCompletionTokenMean, "Mean completion length", Tokens),
        Above("high_token_usage:total", "total_token_count", options.AlertMaxTotalTokenMean, "Mean total length", Tokens),
        Above("long_conversations", "conversation_length", options.AlertMaxConversationLengthMean, "Mean conversation length", v => Number(v) + " turns"),
    ];

    public bool IsBeyond(double mean) => FiresBelow ? mean < Threshold : mean > Threshold;

    public string FiringMessage(double mean) => $"{Label} {Format(mean)} is {(FiresBelow ? "below" : "above")} {Format(Threshold)}";

    public string ResolvedMessage(in MetricAggregate aggregate) => aggregate.Count == 0
        ? $"{Label} is over: nothing was recorded for {Number(Window.TotalMinutes)} minutes"
        : $"{Label} {Format(aggregate.Mean)} is within {Format(Threshold)} again";

    private static AlertRule Above(string name, string metric, double threshold, string label, Func<double, string> format) =>
        new(name, metric, FiresBelow: false, threshold, AlertLevel.Warning, label, format);

    private static string Percent(double value) => Number(value * 100) + " %";

    private static string Tokens(double value) => Number(value) + " tokens";

    private static string Number(double value) => value.ToString("#,0.##", CultureInfo.InvariantCulture);
}
