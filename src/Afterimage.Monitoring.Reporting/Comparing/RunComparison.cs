using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring;

/// <summary>Two runs side by side. Made by <see cref="LogDirectory.CompareAsync"/>; docs/compare.md says how it judges.</summary>
public sealed record RunComparison
{
    /// <summary>The first run, which changes are counted from.</summary>
    public required RunSummary A { get; init; }

    /// <summary>The second run.</summary>
    public required RunSummary B { get; init; }

    /// <summary>The metrics that either has, ordered by name (ordinal).</summary>
    public required IReadOnlyList<MetricComparison> Metrics { get; init; }

    /// <summary>The models that either used, the one with the most tokens first.</summary>
    public required IReadOnlyList<ModelComparison> Models { get; init; }

    /// <summary>How often, at most, two runs that do not differ at all show any difference as beyond chance: 0.05, for all tests of a
    /// comparison together.</summary>
    public const double FamilywiseErrorRate = 0.05;

    /// <summary>The confidence of every interval: 0.95.</summary>
    public const double Confidence = 0.95;

    /// <summary>How many differences were tested, which p-values are adjusted for.</summary>
    public int Tests => Metrics.Sum(metric => metric.Figures.Count(figure => figure.PValue is not null));

    /// <summary>
    /// Writes the comparison as properties of the JSON object that is open in <paramref name="writer"/>: <c>a</c> and <c>b</c> (the
    /// summaries, as of <see cref="RunSummary.WriteProperties"/>), <c>confidence</c>, <c>familywise_error_rate</c>, <c>tests</c>,
    /// <c>metrics</c> (by name: <c>kind</c>, <c>a</c> and <c>b</c> with <c>count</c>, <c>non_finite</c> and the figures,
    /// <c>differences</c>) and <c>models</c>. What there is not is <see langword="null"/>.
    ///</summary>
    /// <param name="writer">The writer, inside an object.</param>
    /// <exception cref="ArgumentNullException"><paramref name="writer"/> is <see langword="null"/>.</exception>
    public void WriteProperties(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);

        foreach ((string name, RunSummary summary) in ((string, RunSummary)[])[("a", A), ("b", B)])
        {
            writer.WriteStartObject(name);
            summary.WriteProperties(writer);
            writer.WriteEndObject();
        }

        writer.WriteNumber("confidence", Confidence);
        writer.WriteNumber("familywise_error_rate", FamilywiseErrorRate);
        writer.WriteNumber("tests", Tests);
        writer.WriteStartObject("metrics");
        foreach (MetricComparison metric in Metrics)
        {
            writer.WriteStartObject(metric.Name);
            writer.WriteString("kind", Name(metric.Kind));
            WriteSample(writer, "a", metric.A);
            WriteSample(writer, "b", metric.B);
            writer.WriteStartObject("differences");
            foreach (FigureComparison figure in metric.Figures)
                WriteDifference(writer, figure, metric.A?.Of(figure.Figure));
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartArray("models");
        foreach (ModelComparison model in Models)
        {
            writer.WriteStartObject();
            writer.WriteString("model_name", model.ModelName);
            WriteUse(writer, "a", model.A);
            WriteUse(writer, "b", model.B);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteSample(Utf8JsonWriter writer, string name, MetricSample? sample)
    {
        if (sample is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        writer.WriteNumber("count", sample.Count);
        writer.WriteNumber("non_finite", sample.NonFinite);
        foreach (ComparedFigure figure in Enum.GetValues<ComparedFigure>())
        {
            if (sample.Of(figure) is not { } estimate)
            {
                writer.WriteNull(Name(figure));
                continue;
            }

            writer.WriteStartObject(Name(figure));
            WriteEstimate(writer, estimate);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteDifference(Utf8JsonWriter writer, FigureComparison figure, Estimate? a)
    {
        writer.WriteStartObject(Name(figure.Figure));
        if (figure.Change is { } change)
        {
            WriteEstimate(writer, change);
            WriteNumber(writer, "relative", a is { Value: not 0 } of
                ? Math.Clamp(change.Value / Math.Abs(of.Value), double.MinValue, double.MaxValue)
                : null);
        }

        writer.WriteString("test", Name(figure.Test));
        WriteNumber(writer, "p_value", figure.PValue);
        WriteNumber(writer, "adjusted_p_value", figure.AdjustedPValue);
        writer.WriteString("verdict", Name(figure.Verdict));
        writer.WriteEndObject();
    }

    private static void WriteEstimate(Utf8JsonWriter writer, Estimate estimate)
    {
        WriteNumber(writer, "value", estimate.Value);
        WriteNumber(writer, "lower", estimate.Lower);
        WriteNumber(writer, "upper", estimate.Upper);
    }

    private static void WriteUse(Utf8JsonWriter writer, string name, ModelUse? use)
    {
        if (use is null)
        {
            writer.WriteNull(name);
            return;
        }

        writer.WriteStartObject(name);
        writer.WriteNumber("generations", use.Generations);
        writer.WriteNumber("prompt_tokens", use.PromptTokenCount);
        writer.WriteNumber("completion_tokens", use.CompletionTokenCount);
        writer.WriteNumber("total_tokens", use.TotalTokenCount);
        if (use.CostUsd is { } dollars)
            writer.WriteNumber("cost_usd", dollars);
        else
            writer.WriteNull("cost_usd");
        writer.WriteNumber("unpriced_tokens", use.UnpricedTokenCount);
        writer.WriteEndObject();
    }

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static void WriteNumber(Utf8JsonWriter writer, string name, double? value)
    {
        if (value is not { } number)
            writer.WriteNull(name);
        else if (double.IsFinite(number))
            writer.WriteNumber(name, number);
        else
            writer.WriteString(name, number.ToString(CultureInfo.InvariantCulture));
    }
}
