namespace Afterimage.Monitoring.Metrics;

/// <summary>The one definition of a quantile, that of SQL's <c>percentile_disc</c>: the smallest value with at least a share q of all
/// values at or below it (ISO/IEC 9075-2, inverse distribution functions).</summary>
internal static class QuantileRank
{
    /// <summary>Its place in the ascending order of the values, 0 the first.</summary>
    /// <param name="q">The share, 0 to 1.</param>
    /// <param name="count">How many values there are, at least 1.</param>
    // In decimal, so that 0.07 of 100 values are 7 and not 7.000000000000001.
    public static long Of(double q, long count) => Math.Clamp((long)Math.Ceiling((decimal)q * count) - 1, 0, count - 1);
}
