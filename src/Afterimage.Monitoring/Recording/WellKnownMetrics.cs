namespace Afterimage.Monitoring.Recording;

/// <summary>The metrics that every monitor knows, with their IDs in <see cref="Names.Metrics"/>.</summary>
internal static class WellKnownMetrics
{
    public const int GenerationTime = 2;
    public const int SuccessRate = 3;
    public const int ErrorRate = 4;
    public const int PromptTokenCount = 5;
    public const int CompletionTokenCount = 6;
    public const int TotalTokenCount = 7;
    public const int ConversationLength = 8;
    public const int TimeToFirstToken = 9;
    public const int EvaluationTime = 10;
    public const int EvaluationErrorRate = 11;
    public const int CostUsd = 12;
    public const int UnpricedTokenCount = 13;
    public const int UsageMissing = 14;

    /// <summary>The names of the metrics, beginning with the one with ID 2.</summary>
    public static ReadOnlySpan<string> InOrder => (string[])
    [
        "generation_time",
        "success_rate",
        "error_rate",
        "prompt_token_count",
        "completion_token_count",
        "total_token_count",
        "conversation_length",
        "time_to_first_token",
        "evaluation_time",
        "evaluation_error_rate",
        "cost_usd",
        "unpriced_token_count",
        "usage_missing",
    ];

    public static string NameOf(int id) => InOrder[id - GenerationTime];
}
