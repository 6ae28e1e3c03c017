using System.Globalization;
using System.Text.RegularExpressions;

namespace Afterimage.Monitoring;

/// <summary>A limit that a figure of a compared run must keep: <c>p95 generation_time &gt; +10%</c>.</summary>
/// <remarks>
/// A limit with a sign is one of the change from the first run: in per cent of its figure (<c>+10%</c>), in percentage points of a rate
/// (<c>-2pp</c>) or in the metric's unit (<c>+0.5</c>). One without a sign is of the run's figure itself (<c>&gt; 2</c>, of a rate also
/// <c>&lt; 95%</c>).
/// </remarks>
public sealed partial record ComparisonThreshold
{
    private readonly double _limit;
    private readonly bool _isChange;
    private readonly bool _isRelative;
    private readonly bool _isAbove;
    private readonly bool _isInclusive;

    private ComparisonThreshold(string text, Match match)
    {
        Text = text;
        MetricName = match.Groups["metric"].Value;
        Figure = match.Groups["figure"].Value.ToLowerInvariant() switch
        {
            "p50" or "median" => ComparedFigure.P50,
            "p95" => ComparedFigure.P95,
            "p99" => ComparedFigure.P99,
            _ => ComparedFigure.Mean,
        };
        string unit = match.Groups["unit"].Value;
        _isChange = match.Groups["sign"].Success;
        _isRelative = _isChange && unit == "%";
        _isAbove = match.Groups["operator"].Value[0] == '>';
        _isInclusive = match.Groups["operator"].Value.EndsWith('=');
        _limit = double.Parse(match.Groups["sign"].Value + match.Groups["number"].Value, NumberStyles.Float, CultureInfo.InvariantCulture)
            / (unit.Length > 0 ? 100 : 1);
    }

    /// <summary>The limit as it was written.</summary>
    public string Text { get; }

    /// <summary>The metric.</summary>
    public string MetricName { get; }

    /// <summary>The figure of it; of a rate the rate itself, which is its mean.</summary>
    public ComparedFigure Figure { get; }

    /// <summary>Reads a limit: an optional figure (<c>mean</c>, the default, <c>p50</c>, <c>p95</c>, <c>p99</c>), a metric, one of
    /// <c>&gt;</c>, <c>&gt;=</c>, <c>&lt;</c>, <c>&lt;=</c>, and a number, with a sign where it is a change, and with <c>%</c> or
    /// <c>pp</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The limit.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="text"/> is <see langword="null"/>.</exception>
    /// <exception cref="FormatException"><paramref name="text"/> is no limit.</exception>
    public static ComparisonThreshold Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);

        return Grammar().Match(text) is { Success: true } match
            ? new ComparisonThreshold(text.Trim(), match)
            : throw new FormatException($"A threshold must be such as 'p95 generation_time > +10%' or 'success_rate < 95%', not '{text}'.");
    }

    /// <summary>Whether the second run of a comparison is beyond the limit.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <returns>Whether it is; <see langword="null"/> where a figure that is needed was not recorded, or a change in per cent would be of
    /// zero.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="comparison"/> is <see langword="null"/>.</exception>
    public bool? IsExceeded(RunComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);

        MetricComparison? metric = comparison.Metrics.FirstOrDefault(metric => metric.Name == MetricName);
        double? a = metric?.A?.Of(Figure)?.Value;
        double? b = metric?.B?.Of(Figure)?.Value;
        double? value = _isChange ? b - a : b;
        if (_isRelative)
            value = a is { } from and not 0 ? value / Math.Abs(from) : value is 0 ? 0 : null;
        if (value is not { } figure || double.IsNaN(figure))
            return null;
        return (_isAbove ? figure > _limit : figure < _limit) || (_isInclusive && figure == _limit);
    }

    [GeneratedRegex(
        @"^\s*((?<figure>mean|median|p50|p95|p99)\s+)?(?<metric>.+?)\s*(?<operator>>=|<=|>|<)\s*"
            + @"(?<sign>[+-])?(?<number>\d+(\.\d+)?([eE][+-]?\d+)?)\s*(?<unit>%|pp)?\s*$",
        RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();
}
