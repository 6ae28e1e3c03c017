using System.Text.Json;
using Afterimage.Monitoring.Alerts;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Settings;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring;

/// <summary>What is noticed: a figure of a metric that lies strictly beyond a threshold. Data, checked when a monitor is made with
/// it.</summary>
/// <remarks>docs/alerts.md shows what each kind of rule is good for, and how often it is wrong.</remarks>
public sealed record AlertRule
{
    /// <summary>The name of its alerts. Unique; one that a built-in rule has replaces that.</summary>
    public required string Name { get; init; }

    /// <summary>The metric that is looked at, such as <c>generation_time</c>.</summary>
    public required string Metric { get; init; }

    /// <summary>The figure of the metric that is compared. Default: <see cref="AlertAggregate.Mean"/>.</summary>
    public AlertAggregate Aggregate { get; init; } = AlertAggregate.Mean;

    /// <summary>Which quantile <see cref="AlertAggregate.Quantile"/> compares. Default: 0.95. 0 to 1.</summary>
    public double Quantile { get; init; } = 0.95;

    /// <summary>The window, up to now, whose points count. Default: five minutes. More than zero. Of <see cref="AlertAggregate.Drift"/> it
    /// only says for how long an alert outlives the last point.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Which side of the threshold is bad; of <see cref="AlertAggregate.BurnRate"/> and <see cref="AlertAggregate.Drift"/>, which
    /// way the metric goes when it goes bad. Default: <see cref="AlertComparison.Above"/>.</summary>
    public AlertComparison Comparison { get; init; } = AlertComparison.Above;

    /// <summary>The value that the figure must not go beyond, in the metric's unit; see <see cref="AlertAggregate"/> for what has another.
    /// A number.</summary>
    public required double Threshold { get; init; }

    /// <summary>How grave it is. Default: <see cref="AlertLevel.Warning"/>.</summary>
    public AlertLevel Level { get; init; } = AlertLevel.Warning;

    /// <summary>How long the figure must lie beyond the threshold, at every evaluation, before the alert fires. Default: zero, at once. Not
    /// negative.</summary>
    public TimeSpan For { get; init; }

    /// <summary>
    /// Points that the window must have: with fewer the rule says nothing. Default: 1. Not negative. With 0 an empty window has a
    /// <see cref="AlertAggregate.Count"/>, a <see cref="AlertAggregate.Sum"/> and a <see cref="AlertAggregate.Rate"/> of zero, and so a
    /// rule can notice that nothing happens; of the other figures it has none.
    /// </summary>
    public long MinimumCount { get; init; } = 1;

    /// <summary>How long it goes on firing before its handlers hear of it again. Default: <see langword="null"/>,
    /// <see cref="GenerationMonitorOptions.AlertRepeatInterval"/>. More than zero.</summary>
    public TimeSpan? RepeatInterval { get; init; }

    /// <summary>Looks at the points of this model only, <c>unknown</c> for those without one. Default: <see langword="null"/>, at
    /// all.</summary>
    public string? ModelName { get; init; }

    /// <summary>
    /// Looks at the points of records with this tag only (of a metric point, this entry of its metadata): the same key, and a value whose
    /// invariant text is the same, <c>true</c> and <c>false</c> in lower case. Default: <see langword="null"/>, at all. The key is not
    /// empty.
    /// </summary>
    public KeyValuePair<string, string>? Tag { get; init; }

    /// <summary>
    /// Judges a <see cref="AlertAggregate.Mean"/> of points from 0 to 1 (a rate) by its one-sided Wilson confidence bound at this level:
    /// only where the whole interval lies beyond the threshold it fires, so that at 0.999 three failures in four calls are no finding.
    /// Default: <see langword="null"/>, by the mean itself. More than 0.5, less than 1.
    /// </summary>
    /// <remarks>E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927). Where a point lies
    /// outside 0 to 1 the mean itself is judged.</remarks>
    public double? Confidence { get; init; }

    /// <summary>The share of good points that <see cref="AlertAggregate.BurnRate"/> measures against. Default: 0.99. More than 0, less than
    /// 1.</summary>
    public double Objective { get; init; } = 0.99;

    /// <summary>The second window of <see cref="AlertAggregate.BurnRate"/>. Default: <see langword="null"/>, a twelfth of
    /// <see cref="Window"/>. More than zero, at most <see cref="Window"/>.</summary>
    public TimeSpan? ShortWindow { get; init; }

    /// <summary>The first points of the run, which <see cref="AlertAggregate.Drift"/> takes for normal. Default: 500. 50 to
    /// 100,000.</summary>
    public int BaselineCount { get; init; } = 500;

    /// <summary>What messages call the figure. Default: <see langword="null"/>, made of aggregate and metric.</summary>
    public string? Label { get; init; }

    /// <summary>The unit that messages show; <c>%</c> shows 0.8 as 80 %. Default: <see langword="null"/>, none.</summary>
    public string? Unit { get; init; }

    /// <summary>The threshold at which a <see cref="AlertAggregate.Drift"/> rule raises one false alarm in so many points, on the
    /// average.</summary>
    /// <remarks>Siegmund's approximation for a one-sided CUSUM with reference value 1/2 (D. Siegmund, "Sequential Analysis", Springer 1985;
    /// D. C. Montgomery, "Introduction to Statistical Quality Control", 9.1): ARL = (exp(b) - b - 1) / 0.5 with b = h + 1.166. It holds for
    /// points that are independent, and a baseline that is large.</remarks>
    /// <param name="averageRunLength">Points between two false alarms: 100 or more.</param>
    /// <returns>The threshold.</returns>
    public static double DriftThreshold(double averageRunLength)
    {
        if (!(averageRunLength >= 100 && double.IsFinite(averageRunLength)))
            throw new ArgumentOutOfRangeException(
                nameof(averageRunLength),
                averageRunLength,
                "An average run length is 100 points or more.");
        return Statistics.Solve(h => ((Math.Exp(h + 1.166) - (h + 1.166) - 1) / 0.5) - averageRunLength, 0, 700);
    }

    /// <summary>Reads rules from JSON.</summary>
    /// <remarks>
    /// An object with a list <c>rules</c>, whose members have the properties of this type in snake_case; times are seconds or
    /// <c>hh:mm:ss</c>: <c>{"rules": [{"name": "slow", "metric": "generation_time", "aggregate": "quantile", "quantile": 0.95,
    /// "comparison": "above", "threshold": 20, "for": "00:02:00"}]}</c>. A drift rule may give <c>average_run_length</c> in place of
    /// <c>threshold</c>.
    /// </remarks>
    /// <param name="json">The JSON text.</param>
    /// <returns>The rules.</returns>
    /// <exception cref="FormatException">It is no JSON, or a field is wrong; the exception names it.</exception>
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
    /// <exception cref="FormatException">Its content is wrong; the exception says where.</exception>
    public static IReadOnlyList<AlertRule> Load(string path) => Parse(SettingsText.ReadFile(path));

    /// <summary>Reads rules from configuration; see <see cref="Parse"/>.</summary>
    /// <param name="configuration">The section that has <c>Rules</c>.</param>
    /// <returns>The rules.</returns>
    /// <exception cref="FormatException">A field is wrong; the exception names it.</exception>
    public static IReadOnlyList<AlertRule> FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return RuleSettings.Read(SettingsNode.Of(configuration));
    }

    /// <summary>The first setting that is out of its range, and what its range is.</summary>
    internal (string Setting, string Rule)? Fault()
    {
        if (string.IsNullOrEmpty(Name))
            return (nameof(Name), "is required.");
        if (string.IsNullOrEmpty(Metric))
            return (nameof(Metric), "is required.");
        if (!Enum.IsDefined(Aggregate))
            return (nameof(Aggregate), "there is no such aggregate.");
        if (!(Quantile is >= 0 and <= 1))
            return (nameof(Quantile), "is from 0 to 1.");
        if (Window <= TimeSpan.Zero)
            return (nameof(Window), "is more than zero.");
        if (!Enum.IsDefined(Comparison))
            return (nameof(Comparison), "is Above or Below.");
        if (double.IsNaN(Threshold))
            return (nameof(Threshold), "is a number.");
        if (Aggregate is AlertAggregate.BurnRate or AlertAggregate.Drift && Threshold <= 0)
            return (nameof(Threshold), $"of {Aggregate} is more than zero.");
        if (!Enum.IsDefined(Level))
            return (nameof(Level), "is Info, Warning or Error.");
        if (For < TimeSpan.Zero)
            return (nameof(For), "is not negative.");
        if (MinimumCount < 0)
            return (nameof(MinimumCount), "is not negative.");
        if (RepeatInterval <= TimeSpan.Zero)
            return (nameof(RepeatInterval), "is more than zero.");
        if (ModelName?.Length == 0)
            return (nameof(ModelName), "is not empty.");
        if (Tag is { } tag && (string.IsNullOrEmpty(tag.Key) || tag.Value is null))
            return (nameof(Tag), "has a key and a value.");
        if (Confidence is { } confidence && !(confidence is > 0.5 and < 1))
            return (nameof(Confidence), "is more than 0.5 and less than 1.");
        if (Confidence is not null && Aggregate != AlertAggregate.Mean)
            return (nameof(Confidence), "is for means of rates.");
        if (!(Objective is > 0 and < 1))
            return (nameof(Objective), "is more than 0 and less than 1.");
        if (ShortWindow is { } shortWindow && (shortWindow <= TimeSpan.Zero || shortWindow > Window))
            return (nameof(ShortWindow), "is more than zero and at most the window.");
        if (BaselineCount is < 50 or > 100_000)
            return (nameof(BaselineCount), "is from 50 to 100000.");
        return null;
    }
}
