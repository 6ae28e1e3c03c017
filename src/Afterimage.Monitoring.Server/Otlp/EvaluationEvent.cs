namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>A log record that is the result of an evaluation.</summary>
internal sealed record EvaluationEvent(
    SpanKey Key,
    long Timestamp,
    string Name,
    double? Score,
    string? Explanation,
    string? Label,
    string? GenerationId,
    string? Error,
    string? TraceId,
    string? SpanId);
