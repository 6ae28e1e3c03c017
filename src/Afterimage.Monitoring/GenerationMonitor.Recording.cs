using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Afterimage.Monitoring.Recording;
using Afterimage.Monitoring.Schema;
using Afterimage.Monitoring.Telemetry;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

// Methods that record.
public sealed partial class GenerationMonitor
{
    /// <summary>Longer than any call: a greater value means that the caller has mistaken the unit.</summary>
    private static readonly TimeSpan LongestDuration = TimeSpan.FromDays(366);

    /// <summary>Records a finished generation. Takes some ten nanoseconds and allocates nothing, unless an error or tags are
    /// given.</summary>
    /// <param name="duration">The time from the request to the end of the answer. Must be from zero to 366 days.</param>
    /// <param name="success"><see langword="true"/> if the generation produced a usable answer; otherwise, <see langword="false"/>.</param>
    /// <param name="details">What else is known. Default: nothing.</param>
    /// <exception cref="ArgumentException"><paramref name="duration"/> or a detail is out of its range. Nothing was recorded.</exception>
    public void TrackGeneration(TimeSpan duration, bool success, in GenerationDetails details = default)
    {
        ThrowIfAbsurd(duration, nameof(duration));
        if (details.HasAbsurd(LongestDuration))
            ThrowAbsurd(details);

        ThreadBuffer buffer = _recorder.Buffer;
        int model = buffer.Models.Id(details.ModelName);
        int finishReason = buffer.FinishReasons.Id(details.FinishReason);
        RecordFields fields = details.Given;
        if (success)
            fields |= RecordFields.Success;
        int provider = NameTable.None;
        int operation = NameTable.None;
        RecordDetails? extra = null;
        if (!details.IsPlain)
        {
            provider = buffer.Labels.Id(details.Provider);
            operation = buffer.Labels.Id(details.Operation);
            if (!string.IsNullOrEmpty(details.Error))
                fields |= RecordFields.Error;
        }

        if (
            model == NameTable.Overflow
            || finishReason == NameTable.Overflow
            || (
                !details.IsPlain
                && (
                    (fields & RecordFields.Error) != 0
                    || details.Tags is not null
                    || details.Reservation is not null
                    || details.Extras is not null
                    || provider == NameTable.Overflow
                    || operation == NameTable.Overflow)))
            extra = Extra(details);

        // A condition of its own: as part of the one above, it would slow that down by a fifth.
        if (GenerationSpans.HasListener)
            (extra ??= new RecordDetails()).Activity = Activity.Current;

        long timestamp = !details.IsPlain && details.Timestamp is { } given ? given.UtcTicks : _clock.Stamp;
        if (!buffer.TryBegin(out Span<Record> slot))
            return;

        ref Record record = ref slot[0];
        record.Kind = RecordKind.Generation;
        record.Timestamp = timestamp;
        record.Duration = duration.Ticks;
        details.CopyTo(ref record);
        record.ModelId = model;
        record.FinishReasonId = finishReason;
        record.ProviderId = (short)provider;
        record.OperationId = (short)operation;
        record.Fields = fields;
        if (extra is not null)
            record.Details = extra;
        buffer.Publish();
    }

#pragma warning disable RS0026 // Two overloads with optional details: their scores are of different types, so that no call is ambiguous.
    /// <summary>Records a finished evaluation.</summary>
    /// <param name="duration">The time that the evaluation took. Must be from zero to 366 days.</param>
    /// <param name="success"><see langword="true"/> if the evaluation produced a result; otherwise, <see langword="false"/>.</param>
    /// <param name="evaluatorType">The evaluator, such as <c>coherence</c>.</param>
    /// <param name="scores">The scores by name. May be empty.</param>
    /// <param name="details">What else is known. Default: nothing.</param>
    /// <exception cref="ArgumentException">A name is null or empty, or <paramref name="duration"/> or a detail is out of its range. Nothing
    /// was recorded.</exception>
    public void TrackEvaluation(
        TimeSpan duration,
        bool success,
        string evaluatorType,
        IReadOnlyDictionary<string, double> scores,
        in EvaluationDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(scores);
        TrackEvaluation(
            duration,
            success,
            evaluatorType,
            scores.Select(s => KeyValuePair.Create(s.Key, new EvaluationScore(s.Value))),
            details);
    }

    /// <inheritdoc cref="TrackEvaluation(TimeSpan, bool, string, IReadOnlyDictionary{string, double}, in EvaluationDetails)"/>
    public void TrackEvaluation(
        TimeSpan duration,
        bool success,
        string evaluatorType,
        IReadOnlyDictionary<string, EvaluationScore> scores,
        in EvaluationDetails details = default)
    {
        ArgumentNullException.ThrowIfNull(scores);
        TrackEvaluation(duration, success, evaluatorType, (IEnumerable<KeyValuePair<string, EvaluationScore>>)scores, details);
    }
#pragma warning restore RS0026

    /// <summary>Records a single point of a metric, either one of the caller's own or one that the monitor knows.</summary>
    /// <param name="metricName">The name of the metric.</param>
    /// <param name="value">The value. NaN and infinities are logged and counted (<see cref="MonitorStatistics.NonFinite"/>), but kept out
    /// of aggregates.</param>
    /// <param name="metadata">What else is known. Lists, dictionaries and JSON are kept as JSON, other values that are not JSON scalars as
    /// their invariant text. If <c>model_name</c> is a string, it is the point's model. Default: nothing.</param>
    /// <param name="timestamp">The time of the point. Default: now, by the monitor's clock. Stored as UTC.</param>
    /// <exception cref="ArgumentException"><paramref name="metricName"/> or a key of <paramref name="metadata"/> is null or empty. Nothing
    /// was recorded.</exception>
    public void RecordMetric(
        string metricName,
        double value,
        IReadOnlyDictionary<string, object?>? metadata = null,
        DateTimeOffset? timestamp = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(metricName);
        ThreadBuffer buffer = _recorder.Buffer;
        int metric = buffer.Metrics.Id(metricName);
        int model = NameTable.None;
        RecordDetails? extra = null;
        if (metadata is not null || metric == NameTable.Overflow)
        {
            extra = new RecordDetails { Name = metricName, Tags = Scalar.Copy(metadata, nameof(metadata)) };
            if (metadata is not null && metadata.TryGetValue(RecordKeys.ModelName, out object? modelName))
                model = buffer.Models.Id(modelName as string);
        }

        RecordFields fields = RecordFields.None;
        Write(buffer, new Record
        {
            Kind = RecordKind.Metric,
            Timestamp = Timestamp(timestamp, ref fields),
            Fields = fields,
            NameId = metric,
            Value = value,
            ModelId = model,
            Details = extra,
        });
    }

    /// <summary>Logs an informational message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="data">Further facts, under the rules for the metadata of <see cref="RecordMetric"/>. Default: none.</param>
    /// <exception cref="ArgumentException"><paramref name="message"/> or a key of <paramref name="data"/> is null or empty.</exception>
    public void LogInfo(string message, IReadOnlyDictionary<string, object?>? data = null) =>
        Log(LogLevel.Information, message, null, data);

    /// <summary>Logs a warning.</summary>
    /// <inheritdoc cref="LogInfo"/>
    public void LogWarning(string message, IReadOnlyDictionary<string, object?>? data = null) => Log(LogLevel.Warning, message, null, data);

    /// <summary>Logs an error.</summary>
    /// <param name="message">The message.</param>
    /// <param name="exception">The exception that was thrown. Default: none.</param>
    /// <param name="data">Further facts, under the rules for the metadata of <see cref="RecordMetric"/>. Default: none.</param>
    /// <exception cref="ArgumentException"><paramref name="message"/> or a key of <paramref name="data"/> is null or empty.</exception>
    public void LogError(string message, Exception? exception = null, IReadOnlyDictionary<string, object?>? data = null) =>
        Log(LogLevel.Error, message, exception, data);

    internal void Log(LogLevel level, string message, Exception? exception, IReadOnlyDictionary<string, object?>? data)
    {
        ArgumentException.ThrowIfNullOrEmpty(message);
        Write(_recorder.Buffer, new Record
        {
            Kind = RecordKind.Log,
            Timestamp = _clock.Stamp,
            Details = new RecordDetails
            {
                LogLevel = level,
                LogMessage = message,
                LogException = exception,
                LogExceptionTexts = exception is null ? null : ExceptionTexts.Of(exception),
                Tags = Scalar.Copy(data, nameof(data)),
            },
        });
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static bool IsAbsurd(TimeSpan duration) => (ulong)duration.Ticks > (ulong)LongestDuration.Ticks;

    // Kept out of TrackGeneration because it is rare: its locals would be set up in every call.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static RecordDetails Extra(in GenerationDetails details) =>
        new()
        {
            Error = NullIfEmpty(details.Error),
            Tags = Scalar.Copy(details.Tags, nameof(details)),
            ModelName = details.ModelName,
            FinishReason = details.FinishReason,
            Provider = details.Provider,
            Operation = details.Operation,
            Reservation = details.Reservation,
            Extras = WithRequestModel(details),
        };

    // A budget or a price may be for the model that was asked for. The reservation knows its name where the details do not.
    private static RecordExtras? WithRequestModel(in GenerationDetails details) =>
        details is { RequestModel: null, Reservation.Estimate.ModelName: { } asked } && asked != details.ModelName
            ? RecordExtras.With(details.Extras, RecordSchema.RequestModel, asked)
            : details.Extras;

    /// <summary>Throws an exception that names the detail that is out of its range.</summary>
    [DoesNotReturn]
    private static void ThrowAbsurd(in GenerationDetails details)
    {
        var fields = default(RecordFields);
        Count(details.PromptTokenCount, RecordFields.None, ref fields);
        Count(details.CompletionTokenCount, RecordFields.None, ref fields);
        Count(details.TotalTokenCount, RecordFields.None, ref fields);
        Count(details.CachedPromptTokenCount, RecordFields.None, ref fields);
        Count(details.ReasoningTokenCount, RecordFields.None, ref fields);
        Count(details.ConversationLength, RecordFields.None, ref fields);
        if (details.TimeToFirstToken is not null)
            ThrowIfAbsurd(details.TimeToFirstToken.Value, nameof(details));
        ThrowIfAbsurd(details.Extras);
        throw new UnreachableException();
    }

    private static void ThrowIfAbsurd(RecordExtras? extras)
    {
        if (extras?.FindAbsurd() is { } absurd)
            ThrowOutOfRange("details", absurd.Count, $"{absurd.Field.Key} must be from 0 to {absurd.Field.Highest}.");
    }

    private static void ThrowIfAbsurd(
        TimeSpan duration,
        string parameter,
        [CallerArgumentExpression(nameof(duration))] string expression = "")
    {
        if (IsAbsurd(duration))
            ThrowAbsurd(duration, parameter, expression);
    }

    [DoesNotReturn]
    private static void ThrowAbsurd(TimeSpan duration, string parameter, string expression) =>
        throw new ArgumentOutOfRangeException(
            parameter,
            duration,
            $"{expression} must be from zero to {LongestDuration.TotalDays:0} days.");

    [DoesNotReturn]
    private static void ThrowOutOfRange(string parameter, object value, string message) =>
        throw new ArgumentOutOfRangeException(parameter, value, message);

    private static long Count(
        long? count,
        RecordFields field,
        ref RecordFields fields,
        [CallerArgumentExpression(nameof(count))] string expression = "")
    {
        if (count is not { } given)
            return 0;
        if (given is < 0 or > RecordSchema.HighestCount)
            ThrowOutOfRange("details", given, $"{expression} must be from 0 to {RecordSchema.HighestCount}.");

        fields |= field;
        return given;
    }

    private static void Write(ThreadBuffer buffer, in Record record)
    {
        if (!buffer.TryBegin(out Span<Record> slot))
            return;

        slot[0] = record;
        buffer.Publish();
    }

    private long Timestamp(DateTimeOffset? given, ref RecordFields fields)
    {
        if (given is not { } timestamp)
            return _clock.Stamp;

        fields |= RecordFields.GivenTimestamp;
        return timestamp.UtcTicks;
    }

    private void TrackEvaluation(
        TimeSpan duration,
        bool success,
        string evaluatorType,
        IEnumerable<KeyValuePair<string, EvaluationScore>> scores,
        in EvaluationDetails details)
    {
        ThrowIfAbsurd(duration, nameof(duration));
        ArgumentException.ThrowIfNullOrEmpty(evaluatorType);
        RecordFields fields = success ? RecordFields.Success : RecordFields.None;
        long prompt = Count(details.PromptTokenCount, RecordFields.PromptTokens, ref fields);
        long completion = Count(details.CompletionTokenCount, RecordFields.CompletionTokens, ref fields);
        long total = Count(details.TotalTokenCount, RecordFields.TotalTokens, ref fields);
        ThrowIfAbsurd(details.Extras);
        if (!string.IsNullOrEmpty(details.Error))
            fields |= RecordFields.Error;

        List<RecordScore> recordScores = [];
        foreach ((string name, EvaluationScore score) in scores)
        {
            if (string.IsNullOrEmpty(name))
                throw new ArgumentException("The name of a score must not be null or empty.", nameof(scores));
            recordScores.Add(new RecordScore(_names.ScoreMetrics[_names.Scores.GetOrAdd(name)], name, score.Score, score.Feedback));
        }

        ThreadBuffer buffer = _recorder.Buffer;
        Write(buffer, new Record
        {
            Kind = RecordKind.Evaluation,
            Timestamp = Timestamp(details.Timestamp, ref fields),
            Duration = duration.Ticks,
            PromptTokens = prompt,
            CompletionTokens = completion,
            TotalTokens = total,
            ModelId = buffer.Models.Id(details.ModelName),
            NameId = buffer.Labels.Id(evaluatorType),
            Fields = fields,
            Details = new RecordDetails
            {
                Error = NullIfEmpty(details.Error),
                Tags = Scalar.Copy(details.Tags, nameof(details)),
                Scores = [.. recordScores],
                ModelName = details.ModelName,
                Name = evaluatorType,
                Reservation = details.Reservation,
                Extras = details.Extras,
            },
        });
    }
}
