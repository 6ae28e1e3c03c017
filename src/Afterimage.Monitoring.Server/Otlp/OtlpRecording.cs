namespace Afterimage.Monitoring.Server.Otlp;

/// <summary>Records received data with the monitor of its sender. Not thread-safe.</summary>
internal sealed class OtlpRecording(GenerationMonitor monitor, SenderId sender)
{
    // Reused: the monitor copies them.
    private readonly List<KeyValuePair<string, object?>> _tags = [];

    public void Record(GenerationSpan span)
    {
        _tags.Clear();
        Add("service.name", sender.Service);
        Add("service.version", span.ServiceVersion);
        Add("deployment.environment.name", span.Environment);
        Add("otel.scope.name", span.Scope);
        Add("conversation_id", span.ConversationId);
        Add("user_id", span.UserId);
        Add("agent", span.Agent);
        Add("workflow", span.Workflow);
        Add("server.address", span.ServerAddress);
        if (span.Merged is { Count: > 0 } merged)
            Add(RecordedSpans.MergedTag, string.Join(',', merged));
        if (span.IsRecordedEarly)
            Add(RecordedSpans.ParentTag, span.Key.WithSpan(span.Parent).SpanId);

        // The sum of several spans may be beyond what a call can have.
        long? prompt = GenerationSpan.Told(span.PromptTokens);
        long? completion = GenerationSpan.Told(span.CompletionTokens);
        long? total = GenerationSpan.Told(span.TotalTokens);
        monitor.TrackGeneration(
            TimeSpan.FromTicks(span.Duration),
            span.Success,
            new GenerationDetails
            {
                Timestamp = Utc(span.Timestamp),
                ModelName = span.Model,
                RequestModel = span.RequestModel,
                Provider = span.Provider,
                Operation = span.Operation,
                PromptTokenCount = prompt,
                CompletionTokenCount = completion,
                TotalTokenCount = total,
                CachedPromptTokenCount = GenerationSpan.Told(span.CachedPromptTokens),
                CacheWriteTokenCount = GenerationSpan.Told(span.CacheWriteTokens),
                ReasoningTokenCount = GenerationSpan.Told(span.ReasoningTokens),
                AudioPromptTokenCount = GenerationSpan.Told(span.AudioPromptTokens),
                AudioCompletionTokenCount = GenerationSpan.Told(span.AudioCompletionTokens),
                FinishReason = span.FinishReason,
                Error = span.Error,
                TimeToFirstToken = span.TimeToFirstToken is { } ticks ? TimeSpan.FromTicks(ticks) : null,
                ConversationLength = span.ConversationLength,
                Id = span.Id,
                TraceId = span.Key.TraceId,
                SpanId = span.Key.SpanId,
                UsageMissing = span.Success && (prompt ?? completion ?? total) is null ? true : null,
                Tags = _tags,
            });
    }

    public void Record(EvaluationEvent evaluation)
    {
        _tags.Clear();
        Add("service.name", sender.Service);
        Add("score_label", evaluation.Label);
        var scores = new Dictionary<string, EvaluationScore>(1);
        if (evaluation.Score is { } score)
            scores.Add(evaluation.Name, new EvaluationScore(score, evaluation.Explanation));

        // The event has no duration, but a record must have one.
        monitor.TrackEvaluation(
            TimeSpan.Zero,
            evaluation.Error is null,
            evaluation.Name,
            scores,
            new EvaluationDetails
            {
                Timestamp = Utc(evaluation.Timestamp),
                Error = evaluation.Error,
                GenerationId = evaluation.GenerationId,
                TraceId = evaluation.TraceId,
                SpanId = evaluation.SpanId,
                Tags = _tags,
            });
    }

    private static DateTimeOffset Utc(long ticks) => new(ticks, TimeSpan.Zero);

    private void Add(string name, string? value)
    {
        if (value is not null)
            _tags.Add(new(name, value));
    }
}
