namespace Afterimage.Monitoring;

/// <summary>The figure of a metric that an <see cref="AlertRule"/> compares with its threshold.</summary>
public enum AlertAggregate
{
    /// <summary>The mean of the points.</summary>
    Mean,

    /// <summary>The smallest point.</summary>
    Min,

    /// <summary>The largest point.</summary>
    Max,

    /// <summary>The sum of the points.</summary>
    Sum,

    /// <summary>The number of points.</summary>
    Count,

    /// <summary>Points per second: their number divided by the length of the window, even if the window is longer than the run.</summary>
    Rate,

    /// <summary>The quantile given by <see cref="AlertRule.Quantile"/>, computed like <see cref="MetricAggregate.Quantile"/>.</summary>
    Quantile,

    /// <summary>The population standard deviation of the points.</summary>
    StandardDeviation,

    /// <summary>
    /// How many times faster than allowed the error budget of <see cref="AlertRule.Objective"/> is being spent: the share of bad points
    /// divided by (1 - objective). It is computed over <see cref="AlertRule.Window"/> and over <see cref="AlertRule.ShortWindow"/>; the
    /// smaller figure counts. The rule therefore fires only while both are beyond the threshold, and stops soon after the trouble does. For
    /// a metric that goes bad <see cref="AlertComparison.Below"/> (<c>success_rate</c>) the bad share is 1 - mean; otherwise
    /// (<c>error_rate</c>) it is the mean. A usual threshold is 14.4 over one hour for an objective of 30 days.
    /// </summary>
    /// <remarks>"The Site Reliability Workbook" (Google, O'Reilly 2018), chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".</remarks>
    BurnRate,

    /// <summary>
    /// How far the metric has moved from its values at the beginning of the run: a one-sided CUSUM (E. S. Page, Biometrika 41, 1954) with
    /// reference value 1/2, over the points in the order of recording. Each point counts by its normal score among the first
    /// <see cref="AlertRule.BaselineCount"/> points. Any distribution may therefore be watched, outliers count little, and the threshold is
    /// in standard deviations: <see cref="AlertRule.DriftThreshold"/> gives it for an average run length between false alarms. The sum is
    /// capped at twice the threshold, so that the alert ends within a number of points of twice the threshold after the metric has returned
    /// to normal.
    /// </summary>
    Drift,
}
