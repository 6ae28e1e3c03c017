using System.Diagnostics;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Telemetry;

/// <summary>Makes a span of each generation where someone listens, after the fact: from its start to its end, below the activity in which
/// it was recorded.</summary>
/// <remarks>Names: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/.</remarks>
internal static class GenerationSpans
{
    // One for the process: listeners choose by name.
    private static readonly ActivitySource Source = new("Afterimage.Monitoring");

    public static bool HasListener => Source.HasListeners();

    /// <param name="record">The generation.</param>
    /// <param name="attributes">The attributes that it shares with its measurements.</param>
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
