namespace Afterimage.Monitoring.Server.Runs;

/// <summary>A page of the calls of a run. All conditions that are set apply together.</summary>
internal sealed record CallFilter
{
    /// <summary>The columns of a call, by the keys of the log format, in the order of a row. The number of all matching calls is
    /// behind them.</summary>
    public static readonly IReadOnlyList<string> Columns =
    [
        "timestamp", "success", "model_name", "duration", "time_to_first_token", "prompt_token_count", "completion_token_count",
        "total_token_count", "cost_usd", "unpriced_token_count", "finish_reason", "error", "provider", "operation", "request_model",
        "cached_prompt_token_count", "reasoning_token_count", "conversation_length", "usage_missing", "id", "trace_id", "span_id", "tags",
    ];

    /// <summary>The columns by which calls can be sorted.</summary>
    public static readonly IReadOnlyList<string> SortColumns =
    [
        "timestamp", "success", "model_name", "duration", "time_to_first_token", "prompt_token_count", "completion_token_count",
        "total_token_count", "cost_usd", "finish_reason", "error",
    ];

    public string? ModelName { get; init; }

    public bool? Success { get; init; }

    /// <summary>A part of the error, in upper or lower case.</summary>
    public string? Error { get; init; }

    public string? FinishReason { get; init; }

    public KeyValuePair<string, string>? Tag { get; init; }

    /// <summary>The least duration, in seconds.</summary>
    public double? MinDuration { get; init; }

    /// <summary>The greatest duration, in seconds.</summary>
    public double? MaxDuration { get; init; }

    public double? MinTokens { get; init; }

    public double? MaxTokens { get; init; }

    /// <summary>The earliest time stamp (inclusive).</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The end of the time stamps (exclusive).</summary>
    public DateTimeOffset? Until { get; init; }

    public string? Id { get; init; }

    public string? TraceId { get; init; }

    /// <summary>One of <see cref="SortColumns"/>. Calls without a value are last in either order.</summary>
    public string SortColumn { get; init; } = "timestamp";

    public bool IsAscending { get; init; }

    public int Offset { get; init; }

    public int Limit { get; init; }
}
