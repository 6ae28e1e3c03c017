using Afterimage.Monitoring.Metrics;

namespace Afterimage.Monitoring.Alerts;

/// <summary>The result of one evaluation of a rule.</summary>
/// <param name="Points">The points in the window.</param>
/// <param name="Value">The figure that was compared; null if there is none.</param>
/// <param name="IsBeyond">Whether the figure lies beyond the threshold.</param>
internal readonly record struct Finding(MetricAggregate Points, double? Value, bool IsBeyond);

/// <summary>Calculates the figure of a rule and compares it with the threshold.</summary>
internal sealed class RuleJudge(AlertRule rule, MetricStore store)
{
    private readonly DriftDetector? _drift = rule.Aggregate == AlertAggregate.Drift ? new DriftDetector(rule) : null;
    private readonly FilteredSeries? _filtered =
        rule.ModelName is not null || rule.Tag is not null ? store.Watch(rule.Metric, rule.ModelName, rule.Tag) : null;
    private long _driftCursor;

    public Finding Judge(MetricReader reader)
    {
        // Also needed if nothing is judged, because drift depends on every point.
        _drift?.Add(reader.Next(rule.Metric, _filtered, ref _driftCursor));

        MetricAggregate points = reader.Aggregate(rule.Metric, rule.Window, _filtered);
        double? value = points.Count < rule.MinimumCount ? null : Value(points, reader);
        return new Finding(points, value, value is { } figure && IsBeyond(figure, points));
    }

    private double? Value(in MetricAggregate points, MetricReader reader) =>
        rule.Aggregate switch
        {
            AlertAggregate.Sum => points.Sum,
            AlertAggregate.Count => points.Count,
            AlertAggregate.Rate => points.Count / rule.Window.TotalSeconds,
            _ when points.Count == 0 => null,
            AlertAggregate.Min => points.Min,
            AlertAggregate.Max => points.Max,
            AlertAggregate.Quantile => points.Quantile(rule.Quantile),
            AlertAggregate.StandardDeviation => points.StandardDeviation,
            AlertAggregate.BurnRate => Math.Min(
                BurnRate(points),
                BurnRate(reader.Aggregate(rule.Metric, rule.ShortWindow ?? rule.Window / 12, _filtered))),
            AlertAggregate.Drift => _drift!.Value,
            _ => points.Mean,
        };

    private double BurnRate(in MetricAggregate points)
    {
        if (points.Count == 0)
            return 0;
        double bad = rule.Comparison == AlertComparison.Below ? 1 - points.Mean : points.Mean;
        return bad / (1 - rule.Objective);
    }

    private bool IsBeyond(double value, in MetricAggregate points)
    {
        // For the last two, the comparison says which points are bad, not which figures.
        if (rule.Comparison == AlertComparison.Above || rule.Aggregate is AlertAggregate.BurnRate or AlertAggregate.Drift)
            return Bound(value, points).Lower > rule.Threshold;
        return Bound(value, points).Upper < rule.Threshold;
    }

    private (double Lower, double Upper) Bound(double value, in MetricAggregate points) =>
        rule.Confidence is { } confidence && points.Min >= 0 && points.Max <= 1
            ? Statistics.Wilson(value, points.Count, confidence)
            : (value, value);
}
