namespace Afterimage.Monitoring.Server.Runs;

/// <summary>A call that is listed individually: one of the slowest, or one that failed.</summary>
internal sealed record CallNote(
    DateTime Time,
    double Duration,
    bool Success,
    string? ModelName,
    long? PromptTokens,
    long? CompletionTokens,
    string? FinishReason,
    string? Error,
    string? TraceId);

/// <summary>An entry of a run's log.</summary>
internal sealed record LogNote(DateTime Time, string Level, string Message, string? Error);
