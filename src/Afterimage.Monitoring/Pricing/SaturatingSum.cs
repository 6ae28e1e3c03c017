namespace Afterimage.Monitoring.Pricing;

/// <summary>Sums counts, stopping at the ends of their range rather than overflowing.</summary>
internal static class SaturatingSum
{
    public static long Of(long a, long b) => Whole((Int128)a + b);

    public static long Of(IEnumerable<long> counts) => Whole(counts.Aggregate((Int128)0, (sum, count) => sum + count));

    private static long Whole(Int128 sum) => (long)Int128.Clamp(sum, long.MinValue, long.MaxValue);
}
