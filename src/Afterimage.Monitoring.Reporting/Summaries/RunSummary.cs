using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring;

/// <summary>Summary of a run or of a directory of runs. A summary of a log directory equals that of the live monitor.</summary>
/// <remarks>Of a log directory with more than 100,000 models, finish reasons, metrics or scores, the further ones count together under
/// <see cref="GenerationMonitorOptions.OverflowName"/>. Totals are exact, and every name that is there has all of its records.</remarks>
public sealed record RunSummary
{
    /// <summary>The full path of the log directory. For a fleet, its URL, with the selection as the query.</summary>
    public required string LogDirectory { get; init; }

    /// <summary>The number of generations.</summary>
    public required long Generations { get; init; }

    /// <summary>The number of evaluations.</summary>
    public required long Evaluations { get; init; }

    /// <summary>Tokens by model and in total, for the models that have a token count.</summary>
    public required TokenUsageReport Tokens { get; init; }

    /// <summary>The metrics that have points, ordered by name (ordinal).</summary>
    public required IReadOnlyDictionary<string, MetricSummary> Metrics { get; init; }

    /// <summary>The time of the earliest record, in UTC; <see langword="null"/> if there are no records, and for a live monitor.</summary>
    public DateTimeOffset? FirstTimestamp { get; init; }

    /// <summary>The time of the latest record, in UTC; <see langword="null"/> if there are no records, and for a live monitor.</summary>
    public DateTimeOffset? LastTimestamp { get; init; }

    /// <summary>The number of metric points that were NaN or infinite. No figure includes them.</summary>
    public required long NonFinitePoints { get; init; }

    /// <summary>The number of lines that held no valid record. No figure includes them. 0 for a live monitor.</summary>
    public required long SkippedLines { get; init; }

    /// <summary>The full paths of the files that were read; empty for a live monitor.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The recorded cost of the calls, by model and in total; <see langword="null"/> if nothing was priced.</summary>
    public CostReport? Cost { get; init; }

    /// <summary>Records that were refused because a buffer was full (<see cref="BufferFullMode.Drop"/>). Only runs that ended normally
    /// report this number.</summary>
    public long DroppedRecords { get; init; }

    /// <summary>Records that were lost on the way to a handler, summed over all handlers. Only runs that ended normally report this
    /// number.</summary>
    public long FailedRecords { get; init; }

    /// <summary>Summarises everything that a monitor has recorded so far. The summary is a snapshot: it does not change when more is
    /// recorded.</summary>
    /// <param name="monitor">The monitor. It may already be disposed.</param>
    /// <returns>The summary.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="monitor"/> is <see langword="null"/>.</exception>
    public static RunSummary FromMonitor(GenerationMonitor monitor)
    {
        ArgumentNullException.ThrowIfNull(monitor);

        var metrics = new SortedDictionary<string, MetricSummary>(StringComparer.Ordinal);
        foreach (string name in monitor.MetricNames)
        {
            MetricAggregate all = monitor.GetMetrics(name, TimeSpan.MaxValue);
            if (all.Count > 0)
            {
                metrics.Add(name, new MetricSummary
                {
                    Count = all.Count,
                    Sum = all.Sum,
                    Mean = all.Mean,
                    Min = all.Min,
                    Max = all.Max,
                    P50 = all.Quantile(0.5),
                    P95 = all.Quantile(0.95),
                    P99 = all.Quantile(0.99),
                });
            }
        }

        bool isPriced = metrics.ContainsKey("cost_usd") || metrics.ContainsKey("unpriced_token_count");
        MonitorStatistics statistics = monitor.GetStatistics();
        return new RunSummary
        {
            LogDirectory = monitor.LogDirectory ?? "",
            Generations = metrics.GetValueOrDefault("generation_time")?.Count ?? 0,
            Evaluations = metrics.GetValueOrDefault("evaluation_time")?.Count ?? 0,
            Tokens = monitor.GetTotalTokenUsage(),
            Metrics = metrics,
            NonFinitePoints = statistics.NonFinite,
            SkippedLines = 0,
            Files = [],
            Cost = isPriced ? monitor.RecordedCost() : null,
            DroppedRecords = statistics.Dropped,
            FailedRecords = statistics.Failed,
        };
    }

    /// <summary>
    /// Writes the summary as properties of the JSON object that is open in <paramref name="writer"/>, so that the caller can add its own:
    /// <c>generations</c>, <c>evaluations</c>, <c>by_model</c>, <c>total_prompt_tokens</c>, <c>total_completion_tokens</c>,
    /// <c>total_tokens</c>, <c>cost</c> if anything was priced (<c>by_model</c>, <c>total_usd</c>, <c>unpriced_tokens</c>,
    /// <c>usd_per_successful_generation</c>, <c>usd_per_evaluation_point</c>), <c>metrics</c>, <c>first_timestamp</c> and
    /// <c>last_timestamp</c> if known, <c>non_finite_points</c>, <c>skipped_lines</c>, <c>dropped_records</c>, <c>failed_records</c> and
    /// <c>log_dir</c>.
    /// </summary>
    /// <param name="writer">The writer, inside an object.</param>
    /// <exception cref="ArgumentNullException"><paramref name="writer"/> is <see langword="null"/>.</exception>
    public void WriteProperties(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);

        writer.WriteNumber("generations", Generations);
        writer.WriteNumber("evaluations", Evaluations);
        writer.WriteStartArray("by_model");
        foreach (ModelTokenUsage model in Tokens.ByModel)
        {
            writer.WriteStartObject();
            writer.WriteString("model_name", model.ModelName);
            writer.WriteNumber("prompt_tokens", model.PromptTokens);
            writer.WriteNumber("completion_tokens", model.CompletionTokens);
            writer.WriteNumber("total_tokens", model.TotalTokens);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("total_prompt_tokens", Tokens.TotalPromptTokens);
        writer.WriteNumber("total_completion_tokens", Tokens.TotalCompletionTokens);
        writer.WriteNumber("total_tokens", Tokens.TotalTokens);

        if (Cost is not null)
            WriteCost(writer, Cost);

        writer.WriteStartObject("metrics");
        foreach ((string name, MetricSummary metric) in Metrics)
        {
            writer.WriteStartObject(name);
            writer.WriteNumber("count", metric.Count);
            WriteNumber(writer, "sum", metric.Sum);
            WriteNumber(writer, "mean", metric.Mean);
            WriteNumber(writer, "min", metric.Min);
            WriteNumber(writer, "max", metric.Max);
            WriteNumber(writer, "p50", metric.P50);
            WriteNumber(writer, "p95", metric.P95);
            WriteNumber(writer, "p99", metric.P99);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        if (FirstTimestamp is { } first)
            writer.WriteString("first_timestamp", first.UtcDateTime);
        if (LastTimestamp is { } last)
            writer.WriteString("last_timestamp", last.UtcDateTime);
        writer.WriteNumber("non_finite_points", NonFinitePoints);
        writer.WriteNumber("skipped_lines", SkippedLines);
        writer.WriteNumber("dropped_records", DroppedRecords);
        writer.WriteNumber("failed_records", FailedRecords);
        writer.WriteString("log_dir", LogDirectory);
    }

    private static void WriteCost(Utf8JsonWriter writer, CostReport cost)
    {
        writer.WriteStartObject("cost");
        writer.WriteStartArray("by_model");
        foreach (ModelCost model in cost.ByModel)
        {
            writer.WriteStartObject();
            writer.WriteString("model_name", model.ModelName);

            // A value that is unknown is left out rather than written as zero.
            if (model.CostUsd is { } dollars)
                writer.WriteNumber("cost_usd", dollars);
            writer.WriteNumber("unpriced_tokens", model.UnpricedTokenCount);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("total_usd", cost.TotalUsd);
        writer.WriteNumber("unpriced_tokens", cost.UnpricedTokenCount);
        writer.WriteNumber("usage_missing_count", cost.UsageMissingCount);
        if (cost.CostPerSuccessfulGeneration is { } generation)
            writer.WriteNumber("usd_per_successful_generation", generation);
        if (cost.CostPerEvaluationPoint is { } point)
            writer.WriteNumber("usd_per_evaluation_point", point);
        writer.WriteEndObject();
    }

    // The sum of finite points can be infinite. JSON has no number for that, so it is spelled as in the log format.
    private static void WriteNumber(Utf8JsonWriter writer, string name, double value)
    {
        if (double.IsFinite(value))
            writer.WriteNumber(name, value);
        else
            writer.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
    }
}
