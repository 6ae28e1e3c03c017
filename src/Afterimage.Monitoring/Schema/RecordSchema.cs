using static Afterimage.Monitoring.Schema.FieldType;
using static Afterimage.Monitoring.Schema.RecordEvents;

namespace Afterimage.Monitoring.Schema;

/// <summary>The single table of the fields of a record, in the order of a line (docs/log-format.md).</summary>
/// <remarks>
/// The table defines the writer and the reader of lines, the columns and views of snapshots, the columns of compacted files, the metadata
/// of points and the table in the docs. To add a field that most records do not have, add one row with <see cref="RecordField.IsExtra"/>
/// here and a property in the details.
/// </remarks>
internal static class RecordSchema
{
    /// <summary>An upper limit for the cost of a call, in US dollars. A decimal can hold the sum of any number of costs below it.</summary>
    public const double HighestCost = 1e15;

    /// <summary>No call has more tokens of a kind: who gives more has mistaken something else for a count.</summary>
    public const long HighestCount = 1_000_000_000_000_000;

    private static readonly List<RecordField> Table = [];

    public static readonly RecordField Timestamp = Add(
        RecordKeys.Timestamp,
        Time,
        All,
        "the time of the end of the call, or of the metric point",
        required: All,
        figures: true);
    public static readonly RecordField Event = Add(
        RecordKeys.Event,
        Name,
        All,
        "`generation`, `evaluation` or `metric`",
        required: All,
        figures: true);
    public static readonly RecordField Duration = Add(
        RecordKeys.Duration,
        Seconds,
        Calls,
        "the duration of the call",
        required: Calls,
        figures: true);
    public static readonly RecordField Success = Add(
        RecordKeys.Success,
        Flag,
        Calls,
        "whether the call produced a usable result",
        required: Calls,
        figures: true);
    public static readonly RecordField ModelName = Add(RecordKeys.ModelName, Name, Calls, "the model that answered", figures: true);
    public static readonly RecordField PromptTokenCount = Add(
        RecordKeys.PromptTokenCount,
        Count,
        Calls,
        "as recorded, including cached tokens",
        figures: true);
    public static readonly RecordField CompletionTokenCount = Add(
        RecordKeys.CompletionTokenCount,
        Count,
        Calls,
        "as recorded, including reasoning",
        figures: true);
    public static readonly RecordField TotalTokenCount = Add(
        RecordKeys.TotalTokenCount,
        Count,
        Calls,
        "as recorded; if absent, the sum of the two",
        figures: true);

    public static readonly RecordField CostUsd =
        Add(RecordKeys.CostUsd, Dollars, Calls, "the cost of the call; only if the writer had a price for it", figures: true);

    public static readonly RecordField UnpricedTokenCount =
        Add(
            RecordKeys.UnpricedTokenCount,
            Count,
            Calls,
            "the tokens of the call, if the writer had prices, but not for them; at most 2 × 10^15",
            figures: true,
            highest: 2 * HighestCount);

    public static readonly RecordField CachedPromptTokenCount = Add(
        RecordKeys.CachedPromptTokenCount,
        Count,
        Generation,
        "prompt tokens read from the provider's cache");
    public static readonly RecordField ReasoningTokenCount = Add(
        RecordKeys.ReasoningTokenCount,
        Count,
        Generation,
        "completion tokens spent on reasoning");
    public static readonly RecordField FinishReason = Add(
        RecordKeys.FinishReason,
        Name,
        Generation,
        "why the response ended",
        figures: true);
    public static readonly RecordField ConversationLength = Add(RecordKeys.ConversationLength, Count, Generation, "turns", figures: true);
    public static readonly RecordField TimeToFirstToken = Add(
        RecordKeys.TimeToFirstToken,
        Seconds,
        Generation,
        "the time until the first chunk of the response",
        figures: true);
    public static readonly RecordField Provider = Add(RecordKeys.Provider, Name, Generation, "who serves the model");
    public static readonly RecordField Operation = Add(RecordKeys.Operation, Name, Generation, "the operation, such as `chat`");
    public static readonly RecordField EvaluatorType = Add(RecordKeys.EvaluatorType, Name, Evaluation, "who or what evaluated");
    public static readonly RecordField Scores = Add(RecordKeys.Scores, Numbers, Evaluation, "score name to number", figures: true);
    public static readonly RecordField Feedback = Add(
        RecordKeys.Feedback,
        FieldType.Object,
        Evaluation,
        "score name to string; only for scores with feedback");
    public static readonly RecordField MetricName = Add(RecordKeys.MetricName, Name, Metric, "the metric", required: Metric, figures: true);
    public static readonly RecordField Value = Add(
        RecordKeys.Value,
        Number,
        Metric,
        "in the metric's unit",
        required: Metric,
        figures: true);
    public static readonly RecordField CacheWriteTokenCount = Add(
        "cache_write_token_count",
        Count,
        Calls,
        "prompt tokens written to the provider's cache",
        extra: true);

    public static readonly RecordField CacheWriteOneHourTokenCount = Add(
        "cache_write_1h_token_count",
        Count,
        Calls,
        "the part of them that the cache keeps for an hour",
        extra: true);

    public static readonly RecordField AudioPromptTokenCount =
        Add("audio_prompt_token_count", Count, Generation, "the part of the prompt that is audio", extra: true);

    public static readonly RecordField AudioCompletionTokenCount =
        Add("audio_completion_token_count", Count, Generation, "the part of the completion that is audio", extra: true);

    public static readonly RecordField ImageCompletionTokenCount =
        Add("image_completion_token_count", Count, Generation, "the part of the completion that is images", extra: true);

    public static readonly RecordField RequestModel =
        Add("request_model", Name, Generation, "the requested model, if the response names another", extra: true);

    public static readonly RecordField Id =
        Add("id", Text, Calls, "the provider's response id", extra: true);

    public static readonly RecordField GenerationId =
        Add("generation_id", Text, Evaluation, "the `id` of the generation that was judged", extra: true);

    public static readonly RecordField TraceId =
        Add("trace_id", Text, Calls, "the trace that the call belongs to", extra: true);

    public static readonly RecordField SpanId =
        Add("span_id", Text, Calls, "the span that the call belongs to", extra: true);

    public static readonly RecordField UsageMissing =
        Add(
            "usage_missing",
            Flag,
            Generation,
            "true if the provider reported no usage for a call that must have used tokens",
            figures: true,
            extra: true);

    public static readonly RecordField Error = Add(RecordKeys.Error, Text, Calls, "what went wrong", figures: true);
    public static readonly RecordField Tags = Add(RecordKeys.Tags, FieldType.Object, Calls, "name to value");
    public static readonly RecordField Metadata =
        Add(RecordKeys.Metadata, FieldType.Object, Metric, "name to value; a `model_name` in it that is a string is the point's model");

    /// <summary>All fields, in the order of a line.</summary>
    public static IReadOnlyList<RecordField> Fields { get; } = [.. Table];

    /// <summary>The fields that most records do not have, which records store apart.</summary>
    public static IReadOnlyList<RecordField> Extras { get; } = [.. Table.Where(field => field.IsExtra)];

    private static RecordField Add(
        string key,
        FieldType type,
        RecordEvents events,
        string meaning,
        RecordEvents required = None,
        bool figures = false,
        bool extra = false,
        long highest = HighestCount)
    {
        var field = new RecordField(key, type, events, meaning)
        {
            Ordinal = Table.Count,
            Required = required,
            IsOfFigures = figures,
            IsExtra = extra,
            Highest = highest,
        };
        Table.Add(field);
        return field;
    }
}
