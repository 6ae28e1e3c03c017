using System.Diagnostics;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Telemetry;

/// <summary>Creates a span for each generation, after the fact, if there is a listener. It extends from the start of the generation to its
/// end, and its parent is the activity in which the generation was recorded.</summary>
/// <remarks>Names: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/.</remarks>
internal static class GenerationSpans
{
    // One per process: listeners select it by name.
    private static readonly ActivitySource Source = new("Afterimage.Monitoring");

    public static bool HasListener => Source.HasListeners();

    /// <param name="record">The generation.</param>
    /// <param name="attributes">The attributes that the span shares with the measurements.</param>
    public static void Record(MetricRecord record, in TagList attributes)
    {
        if (!HasListener)
            return;

        string operation = record.Operation ?? "chat";
        using Activity? span = Source.StartActivity(
            record.ModelName is { } model ? $"{operation} {model}" : operation,
            ActivityKind.Client,
            record.Activity?.Context ?? default,
            attributes,
            links: null,
            record.Timestamp - record.Duration);
        if (span is null)
            return;

        AddIfGiven(span, "gen_ai.usage.input_tokens", record.PromptTokenCount);
        AddIfGiven(span, "gen_ai.usage.output_tokens", record.CompletionTokenCount);
        if (record.FinishReason is { } finishReason)
            span.SetTag("gen_ai.response.finish_reasons", new[] { finishReason });
        if (record.Error is { } error)
            span.SetStatus(ActivityStatusCode.Error, error);
        span.SetEndTime(record.Timestamp.UtcDateTime);
    }

    private static void AddIfGiven(Activity span, string key, object? value)
    {
        if (value is not null)
            span.SetTag(key, Scalar.Attribute(value));
    }
}
