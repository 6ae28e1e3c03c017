using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;

namespace Afterimage.Monitoring;

/// <summary>The figure of a metric that an <see cref="AlertRule"/> compares with its threshold.</summary>
public enum AlertAggregate
{
    /// <summary>The mean of the points.</summary>
    Mean,

    /// <summary>The least point.</summary>
    Min,

    /// <summary>The greatest point.</summary>
    Max,

    /// <summary>The sum of the points.</summary>
    Sum,

    /// <summary>The number of points.</summary>
    Count,

    /// <summary>Points per second: their number by the length of the window, also of a window that is longer than the run.</summary>
    Rate,

    /// <summary>The quantile <see cref="AlertRule.Quantile"/>, as <see cref="MetricAggregate.Quantile"/>.</summary>
    Quantile,

    /// <summary>The standard deviation of the points, as a whole population.</summary>
    StandardDeviation,

    /// <summary>
    /// How many times faster than allowed the error budget of <see cref="AlertRule.Objective"/> is being spent: the share of bad points by
    /// (1 - objective), over <see cref="AlertRule.Window"/> and over <see cref="AlertRule.ShortWindow"/>, the lesser of the two, so that it
    /// fires only while both are beyond the threshold, and is over soon after the trouble is. Of a metric that goes bad
    /// <see cref="AlertComparison.Below"/> (<c>success_rate</c>) the bad share is 1 - mean, else (<c>error_rate</c>) the mean. A usual
    /// threshold is 14.4 over one hour for an objective of 30 days.
    /// </summary>
    /// <remarks>"The Site Reliability Workbook" (Google, O'Reilly 2018), chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".</remarks>
    BurnRate,

    /// <summary>
    /// How far the metric has moved from what it was at the run's beginning: a one-sided CUSUM (E. S. Page, Biometrika 41, 1954), reference
    /// value 1/2, over the points in the order of recording. Each point counts by its normal score among the first
    /// <see cref="AlertRule.BaselineCount"/>, so that any distribution may be watched, outliers count little, and the threshold is in
    /// standard deviations: <see cref="AlertRule.DriftThreshold"/> gives it for an average run length between false alarms. The sum is held
    /// at twice the threshold, so that the alert is over within twice the threshold in points after the metric has come back.
    /// </summary>
    Drift,
}
