namespace Afterimage.Monitoring.Schema;

/// <summary>The keys of docs/log-format.md, used in the log and in the metadata of points.</summary>
internal static class RecordKeys
{
    public const string Timestamp = "timestamp";
    public const string Event = "event";
    public const string Duration = "duration";
    public const string Success = "success";
    public const string ModelName = "model_name";
    public const string PromptTokenCount = "prompt_token_count";
    public const string CompletionTokenCount = "completion_token_count";
    public const string TotalTokenCount = "total_token_count";
    public const string CachedPromptTokenCount = "cached_prompt_token_count";
    public const string ReasoningTokenCount = "reasoning_token_count";
    public const string CostUsd = "cost_usd";
    public const string UnpricedTokenCount = "unpriced_token_count";
    public const string FinishReason = "finish_reason";
    public const string Error = "error";
    public const string ConversationLength = "conversation_length";
    public const string TimeToFirstToken = "time_to_first_token";
    public const string Provider = "provider";
    public const string Operation = "operation";
    public const string EvaluatorType = "evaluator_type";
    public const string Scores = "scores";
    public const string Feedback = "feedback";
    public const string MetricName = "metric_name";
    public const string Value = "value";
    public const string Tags = "tags";
    public const string Metadata = "metadata";
    public const string Level = "level";
    public const string Message = "message";
    public const string Name = "name";
    public const string Data = "data";
    public const string ErrorType = "error_type";
    public const string StackTrace = "stack_trace";

    public static string EventOf(MetricRecordKind kind) => kind switch
    {
        MetricRecordKind.Evaluation => "evaluation",
        MetricRecordKind.Metric => "metric",
        _ => "generation",
    };
}
