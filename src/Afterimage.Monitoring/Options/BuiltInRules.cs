namespace Afterimage.Monitoring.Options;

/// <summary>The rules that every monitor has, configured by its options.</summary>
internal static class BuiltInRules
{
    /// <summary>Returns the built-in rules, except those that the program replaces by name, and the program's own rules.</summary>
    public static IReadOnlyList<AlertRule> With(GenerationMonitorOptions options) =>
        [.. Of(options).Where(builtIn => options.AlertRules.All(r => r.Name != builtIn.Name)), .. options.AlertRules];

    private static IReadOnlyList<AlertRule> Of(GenerationMonitorOptions options) =>
        [
            new()
            {
                Name = "low_success_rate",
                Metric = "success_rate",
                Comparison = AlertComparison.Below,
                Threshold = options.AlertMinSuccessRate,
                Label = "Success rate",
                Unit = "%",
                Confidence = options.AlertConfidence,
            },
            new()
            {
                Name = "high_generation_time",
                Metric = "generation_time",
                Threshold = options.AlertMaxGenerationTime.TotalSeconds,
                Label = "Mean generation time",
                Unit = "s",
            },
            new()
            {
                Name = "high_error_rate",
                Metric = "error_rate",
                Threshold = options.AlertMaxErrorRate,
                Level = AlertLevel.Error,
                Label = "Error rate",
                Unit = "%",
                Confidence = options.AlertConfidence,
            },
            new()
            {
                Name = "high_token_usage:prompt",
                Metric = "prompt_token_count",
                Threshold = options.AlertMaxPromptTokenMean,
                Label = "Mean prompt length",
                Unit = "tokens",
            },
            new()
            {
                Name = "high_token_usage:completion",
                Metric = "completion_token_count",
                Threshold = options.AlertMaxCompletionTokenMean,
                Label = "Mean completion length",
                Unit = "tokens",
            },
            new()
            {
                Name = "high_token_usage:total",
                Metric = "total_token_count",
                Threshold = options.AlertMaxTotalTokenMean,
                Label = "Mean total length",
                Unit = "tokens",
            },
            new()
            {
                Name = "long_conversations",
                Metric = "conversation_length",
                Threshold = options.AlertMaxConversationLengthMean,
                Label = "Mean conversation length",
                Unit = "turns",
            },
        ];
}
