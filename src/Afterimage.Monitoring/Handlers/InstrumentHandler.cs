using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Afterimage.Monitoring.Handlers;

/// <summary>Feeds the instruments of the OpenTelemetry GenAI client metrics, off the recording path.</summary>
/// <remarks>Names, units, attributes and bucket boundaries: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/.</remarks>
internal sealed class InstrumentHandler : IMetricHandler, IDisposable
{
    private static readonly InstrumentAdvice<double> DurationBuckets = new()
    {
        HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
    };

    private static readonly InstrumentAdvice<long> TokenBuckets = new()
    {
        HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    };

    private readonly Meter? _ownMeter;
    private readonly Histogram<long> _tokenUsage;
    private readonly Histogram<double> _duration;
    private readonly Histogram<double> _timeToFirstChunk;

    public InstrumentHandler(IMeterFactory? meterFactory)
    {
        const string MeterName = "Afterimage.Monitoring";
        Meter meter = meterFactory?.Create(MeterName) ?? (_ownMeter = new Meter(MeterName));
        _tokenUsage = meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.", advice: TokenBuckets);
        _duration = meter.CreateHistogram("gen_ai.client.operation.duration", "s", "GenAI operation duration.", advice: DurationBuckets);
        _timeToFirstChunk = meter.CreateHistogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "Time from the request to the first chunk of the response.",
            advice: DurationBuckets);
    }

    public bool HasListener => _tokenUsage.Enabled || _duration.Enabled || _timeToFirstChunk.Enabled;

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
        // The instruments are fed with whole generations: HandleBatch.
    }

    // A factory's meter is the factory's to dispose.
    public void Dispose() => _ownMeter?.Dispose();

    private void Handle(MetricRecord record)
    {
        TagList tags = default;
        tags.Add("gen_ai.operation.name", record.Operation ?? "chat");
        AddIfGiven(ref tags, "gen_ai.provider.name", record.Provider);
        AddIfGiven(ref tags, "gen_ai.response.model", record.ModelName);
        RecordTokens(record.PromptTokenCount, "input", tags);
        RecordTokens(record.CompletionTokenCount, "output", tags);
        if (record.TimeToFirstToken is { } timeToFirstToken)
            _timeToFirstChunk.Record(timeToFirstToken.TotalSeconds, tags);

        // Error texts are free: as an attribute they would make a series each.
        if (!record.Success)
            tags.Add("error.type", "_OTHER");
        _duration.Record(record.Duration.TotalSeconds, tags);
    }

    private void RecordTokens(long? count, string type, TagList tags)
    {
        if (count is not { } tokens)
            return;

        tags.Add("gen_ai.token.type", type);
        _tokenUsage.Record(tokens, tags);
    }

    private static void AddIfGiven(ref TagList tags, string key, string? value)
    {
        if (value is not null)
            tags.Add(key, value);
    }
}
