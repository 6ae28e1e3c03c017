using System.Diagnostics;
using System.Diagnostics.Metrics;
using Afterimage.Monitoring.Recording;

namespace Afterimage.Monitoring.Telemetry;

/// <summary>Feeds the standard telemetry, off the recording path: the instruments of the OpenTelemetry GenAI client metrics, and one span
/// per generation.</summary>
/// <remarks>
/// Names, units, attributes and bucket boundaries: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/. Values for which a
/// record has no field are taken from tags with the name of the attribute.
/// </remarks>
internal sealed class InstrumentHandler : IMetricHandler
{
    private const string MeterName = "Afterimage.Monitoring";

    private const string ErrorType = "error.type";

    /// <summary>The only tag that is a measurement rather than an attribute. In seconds.</summary>
    private const string TimePerOutputChunk = "time_per_output_chunk";

    // One per process, never disposed: to OpenTelemetry, instruments of one name on meters of one name are the same, and disposing one
    // meter would silence them all.
    private static readonly Meter SharedMeter = new(MeterName);

    private static readonly string[] AttributeTags = ["gen_ai.request.model", "server.address", "server.port"];

    private static readonly InstrumentAdvice<double> DurationBuckets = new()
    {
        HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    };

    private static readonly InstrumentAdvice<long> TokenBuckets = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    };

    private readonly Histogram<long> _tokenUsage;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _timeToFirstChunk;
    private readonly Histogram<double> _timePerOutputChunk;

    public InstrumentHandler(IMeterFactory? meterFactory)
    {
        Meter = meterFactory?.Create(MeterName) ?? SharedMeter;
        _tokenUsage = Meter.CreateHistogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Number of input and output tokens used.",
            advice: TokenBuckets);
        _duration = Meter.CreateHistogram("gen_ai.client.operation.duration", "s", "GenAI operation duration.", advice: DurationBuckets);
        _timeToFirstChunk = Meter.CreateHistogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time from the request to the first chunk of the response.",
            advice: DurationBuckets);
        _timePerOutputChunk = Meter.CreateHistogram(
            "gen_ai.client.operation.time_per_output_chunk",
            "s",
            "Mean time from one output chunk of the response to the next.",
            advice: DurationBuckets);
    }

    public Meter Meter { get; }

    public bool HasListener =>
        _tokenUsage.Enabled || _duration.Enabled || _timeToFirstChunk.Enabled || _timePerOutputChunk.Enabled || GenerationSpans.HasListener;

    public void HandleBatch(MetricBatch batch)
    {
        foreach (MetricRecord record in batch)
        {
            if (record.Kind == MetricRecordKind.Generation)
                Handle(record);
        }
    }

    public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata)
    {
        // The instruments are fed with whole generations in HandleBatch.
    }

    private void Handle(MetricRecord record)
    {
        // The two attributes that the conventions require always have a value.
        TagList tags = default;
        tags.Add("gen_ai.operation.name", record.Operation ?? "chat");
        tags.Add("gen_ai.provider.name", record.Provider ?? "unknown");
        if (record.ModelName is { } model)
            tags.Add("gen_ai.response.model", model);

        // Error texts are free: as attributes, they would create a series each.
        object? errorType = record.Error is null ? null : "_OTHER";
        double? timePerOutputChunk = null;
        foreach ((string key, object? value) in record.Tags)
        {
            if (key == ErrorType)
                errorType = record.Error is null ? null : value;
            else if (key == TimePerOutputChunk)
                timePerOutputChunk = value as double?;
            else if (Array.IndexOf(AttributeTags, key) >= 0)
                tags.Add(key, Scalar.Attribute(value));
        }

        RecordTokens(record.PromptTokenCount, "input", tags);
        RecordTokens(record.CompletionTokenCount, "output", tags);
        if (record.TimeToFirstToken is { } timeToFirstToken)
            _timeToFirstChunk.Record(timeToFirstToken.TotalSeconds, tags);
        if (timePerOutputChunk is { } seconds)
            _timePerOutputChunk.Record(seconds, tags);
        if (errorType is not null)
            tags.Add(ErrorType, errorType);
        _duration.Record(record.Duration.TotalSeconds, tags);
        GenerationSpans.Record(record, tags);
    }

    private void RecordTokens(long? count, string type, TagList tags)
    {
        if (count is not { } tokens)
            return;

        tags.Add("gen_ai.token.type", type);
        _tokenUsage.Record(tokens, tags);
    }
}
