using System.Text.Json;
using Afterimage.Monitoring.Alerts;
using Afterimage.Monitoring.Settings;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring;

/// <summary>A condition to watch for: a figure of a metric that lies strictly beyond a threshold. A rule is plain data; it is validated
/// when a monitor is created with it.</summary>
/// <remarks>docs/alerts.md shows what each kind of rule is good for, and how often it is wrong.</remarks>
public sealed record AlertRule
{
    /// <summary>The name of the rule's alerts. Must be unique. A rule with the name of a built-in rule replaces it.</summary>
    public required string Name { get; init; }

    /// <summary>The metric to watch, such as <c>generation_time</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>The figure of the metric to compare. Default: <see cref="AlertAggregate.Mean"/>.</summary>
    public AlertAggregate Aggregate { get; init; } = AlertAggregate.Mean;

    /// <summary>The quantile that <see cref="AlertAggregate.Quantile"/> compares. Default: 0.95. Must be from 0 to 1.</summary>
    public double Quantile { get; init; } = 0.95;

    /// <summary>The window, up to now, whose points count. Default: five minutes. Must be more than zero. For
    /// <see cref="AlertAggregate.Drift"/> it only determines how long an alert outlives the last point.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The side of the threshold that is bad. For <see cref="AlertAggregate.BurnRate"/> and <see cref="AlertAggregate.Drift"/>,
    /// the direction in which the metric goes bad. Default: <see cref="AlertComparison.Above"/>.</summary>
    public AlertComparison Comparison { get; init; } = AlertComparison.Above;

    /// <summary>The value that the figure must not exceed (or fall below), in the metric's unit; <see cref="AlertAggregate"/> names the
    /// figures with another unit. Must not be NaN.</summary>
    public required double Threshold { get; init; }

    /// <summary>The severity of the rule's alerts. Default: <see cref="AlertLevel.Warning"/>.</summary>
    public AlertLevel Level { get; init; } = AlertLevel.Warning;

    /// <summary>How long the figure must lie beyond the threshold, at every evaluation, before the alert fires. Default: zero, it fires at
    /// once. Must not be negative.</summary>
    public TimeSpan For { get; init; }

    /// <summary>
    /// The minimum number of points in the window; with fewer points, the rule does not fire. Default: 1. Must not be negative. With 0, an
    /// empty window has a <see cref="AlertAggregate.Count"/>, a <see cref="AlertAggregate.Sum"/> and a <see cref="AlertAggregate.Rate"/> of
    /// zero, so that a rule can notice that nothing happens. An empty window has no other figures.
    /// </summary>
    public long MinimumCount { get; init; } = 1;

    /// <summary>How long an alert keeps firing before its handlers are notified again. Default: <see langword="null"/>,
    /// <see cref="GenerationMonitorOptions.AlertRepeatInterval"/>. Must be more than zero.</summary>
    public TimeSpan? RepeatInterval { get; init; }

    /// <summary>Restricts the rule to the points of this model; <c>unknown</c> selects points without a model. Default:
    /// <see langword="null"/>, all points.</summary>
    public string? ModelName { get; init; }

    /// <summary>
    /// Restricts the rule to the points of records with this tag (for a metric point, this metadata entry). The key must be equal, and the
    /// value must have the same invariant text, where <c>true</c> and <c>false</c> are in lower case. Default: <see langword="null"/>, all
    /// points. The key must not be empty.
    /// </summary>
    public KeyValuePair<string, string>? Tag { get; init; }

    /// <summary>
    /// The confidence level at which a <see cref="AlertAggregate.Mean"/> of points from 0 to 1 (a rate) is judged, by its one-sided Wilson
    /// confidence bound. The rule fires only if the whole interval lies beyond the threshold; at 0.999, for example, three failures in four
    /// calls do not make it fire. Default: <see langword="null"/>, the mean itself is judged. Must be more than 0.5 and less than 1.
    /// </summary>
    /// <remarks>E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). If a point lies
    /// outside 0 to 1, the mean itself is judged.</remarks>
    public double? Confidence { get; init; }

    /// <summary>The share of good points that <see cref="AlertAggregate.BurnRate"/> measures against. Default: 0.99. Must be more than 0
    /// and less than 1.</summary>
    public double Objective { get; init; } = 0.99;

    /// <summary>The second window of <see cref="AlertAggregate.BurnRate"/>. Default: <see langword="null"/>, a twelfth of
    /// <see cref="Window"/>. Must be more than zero and at most <see cref="Window"/>.</summary>
    public TimeSpan? ShortWindow { get; init; }

    /// <summary>The number of points at the start of the run that <see cref="AlertAggregate.Drift"/> takes as normal. Default: 500. Must be
    /// from 50 to 100,000.</summary>
    public int BaselineCount { get; init; } = 500;

    /// <summary>The name of the figure in messages. Default: <see langword="null"/>, derived from the aggregate and the metric.</summary>
    public string? Label { get; init; }

    /// <summary>The unit in messages; <c>%</c> shows 0.8 as 80 %. Default: <see langword="null"/>, none.</summary>
    public string? Unit { get; init; }

    /// <summary>Calculates the threshold at which a <see cref="AlertAggregate.Drift"/> rule raises, on average, one false alarm in the
    /// given number of points.</summary>
    /// <remarks>Siegmund's approximation for a one-sided CUSUM with reference value 1/2 (D. Siegmund, "Sequential Analysis", Springer 1985;
    /// D. C. Montgomery, "Introduction to Statistical Quality Control", 9.1): ARL = (exp(b) - b - 1) / 0.5 with b = h + 1.166. It holds for
    /// independent points and a large baseline.</remarks>
    /// <param name="averageRunLength">The average number of points between two false alarms. Must be at least 100.</param>
    /// <returns>The threshold.</returns>
    public static double DriftThreshold(double averageRunLength)
    {
        if (!(averageRunLength >= 100 && double.IsFinite(averageRunLength)))
            throw new ArgumentOutOfRangeException(
                nameof(averageRunLength),
                averageRunLength,
                "The average run length must be at least 100 points.");
        return Statistics.Solve(h => ((Math.Exp(h + 1.166) - (h + 1.166) - 1) / 0.5) - averageRunLength, 0, 700);
    }

    /// <summary>Reads rules from JSON.</summary>
    /// <remarks>
    /// An object with a list <c>rules</c>, whose members have the properties of this type in snake_case. Times are in seconds or
    /// <c>hh:mm:ss</c>: <c>{"rules": [{"name": "slow", "metric": "generation_time", "aggregate": "quantile", "quantile": 0.95,
    /// "comparison": "above", "threshold": 20, "for": "00:02:00"}]}</c>. A drift rule may give <c>average_run_length</c> in place of
    /// <c>threshold</c>.
    /// </remarks>
    /// <param name="json">The JSON text.</param>
    /// <returns>The rules.</returns>
    /// <exception cref="FormatException">The text is not valid JSON, or a field is wrong; the exception names the field.</exception>
    public static IReadOnlyList<AlertRule> Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        using JsonDocument document = SettingsText.Parse(json);
        return RuleSettings.Read(SettingsNode.Of(document.RootElement));
    }

    /// <summary>Reads a file of rules; see <see cref="Parse"/>.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The rules.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">The content of the file is wrong; the exception says where.</exception>
    public static IReadOnlyList<AlertRule> Load(string path) => Parse(SettingsText.ReadFile(path));

    /// <summary>Reads rules from configuration; see <see cref="Parse"/>.</summary>
    /// <param name="configuration">The section that contains <c>Rules</c>.</param>
    /// <returns>The rules.</returns>
    /// <exception cref="FormatException">A field is wrong; the exception names it.</exception>
    public static IReadOnlyList<AlertRule> FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return RuleSettings.Read(SettingsNode.Of(configuration));
    }

    /// <summary>Returns the first setting that is out of its range, with its range.</summary>
    internal (string Setting, string Rule)? Fault()
    {
        if (string.IsNullOrEmpty(Name))
            return (nameof(Name), "is required.");
        if (string.IsNullOrEmpty(Metric))
            return (nameof(Metric), "is required.");
        if (!Enum.IsDefined(Aggregate))
            return (nameof(Aggregate), "must be a defined AlertAggregate.");
        if (!(Quantile is >= 0 and <= 1))
            return (nameof(Quantile), "must be from 0 to 1.");
        if (Window <= TimeSpan.Zero)
            return (nameof(Window), "must be greater than zero.");
        if (!Enum.IsDefined(Comparison))
            return (nameof(Comparison), "must be Above or Below.");
        if (double.IsNaN(Threshold))
            return (nameof(Threshold), "must be a number.");
        if (Aggregate is AlertAggregate.BurnRate or AlertAggregate.Drift && Threshold <= 0)
            return (nameof(Threshold), $"must be greater than zero for the aggregate {Aggregate}.");
        if (!Enum.IsDefined(Level))
            return (nameof(Level), "must be Info, Warning or Error.");
        if (For < TimeSpan.Zero)
            return (nameof(For), "must not be negative.");
        if (MinimumCount < 0)
            return (nameof(MinimumCount), "must not be negative.");
        if (RepeatInterval <= TimeSpan.Zero)
            return (nameof(RepeatInterval), "must be greater than zero.");
        if (ModelName?.Length == 0)
            return (nameof(ModelName), "must not be empty.");
        if (Tag is { } tag && (string.IsNullOrEmpty(tag.Key) || tag.Value is null))
            return (nameof(Tag), "must have a key and a value.");
        if (Confidence is { } confidence && !(confidence is > 0.5 and < 1))
            return (nameof(Confidence), "must be greater than 0.5 and less than 1.");
        if (Confidence is not null && Aggregate != AlertAggregate.Mean)
            return (nameof(Confidence), "must be set only for the mean of a rate.");
        if (!(Objective is > 0 and < 1))
            return (nameof(Objective), "must be greater than 0 and less than 1.");
        if (ShortWindow is { } shortWindow && (shortWindow <= TimeSpan.Zero || shortWindow > Window))
            return (nameof(ShortWindow), "must be greater than zero and at most the window.");
        if (BaselineCount is < 50 or > 100_000)
            return (nameof(BaselineCount), "must be from 50 to 100000.");
        return null;
    }
}
