namespace Afterimage.Monitoring.Pricing;

/// <summary>Sums of counts, which stop at the largest number rather than begin anew below zero.</summary>
internal static class SaturatingSum
{
    /// <summary>The sum of two counts, neither negative.</summary>
    public static long Of(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;

    public static long Of(IEnumerable<long> counts) => counts.Aggregate(0L, Of);
}
