namespace Afterimage.Monitoring.Reporting.Plotting;

/// <summary>What is drawn of the points of one metric: at most so many marks, however many points there are.</summary>
/// <param name="Times">The middle of each bucket, or each point's time.</param>
/// <param name="Means">The rolling mean there.</param>
/// <param name="Low">Below it lies a twentieth of the bucket's points; the point itself where buckets are points.</param>
/// <param name="High">Above it lies a twentieth of the bucket's points; the point itself where buckets are points.</param>
/// <param name="AreBuckets">Whether a mark stands for more than a point.</param>
internal sealed record Buckets(DateTime[] Times, double[] Means, double[] Low, double[] High, bool AreBuckets)
{
    /// <summary>More points than this are drawn as buckets.</summary>
    public const int MaxPoints = 2000;

    // So many that the shape shows, and so few that a bucket has the points for its quantiles.
    private const int MaxBuckets = 400;
    private const int PointsPerBucket = 50;

    public static Buckets Of(MetricPoints points, int rollingWindow)
    {
        double[] means = RollingMeans(points.Values, rollingWindow);
        if (points.Count <= MaxPoints)
            return new Buckets([.. points.UtcTicks.Select(Time)], means, points.Values, points.Values, AreBuckets: false);

        List<DateTime> times = [];
        List<double> bucketMeans = [];
        List<double> low = [];
        List<double> high = [];
        long first = points.UtcTicks[0];
        double width = Math.Max(1, (points.UtcTicks[^1] - first + 1) / Math.Clamp(points.Count / (double)PointsPerBucket, 1, MaxBuckets));
        for (int start = 0; start < points.Count;)
        {
            int bucket = (int)((points.UtcTicks[start] - first) / width);
            int end = start + 1;
            while (end < points.Count && (int)((points.UtcTicks[end] - first) / width) == bucket)
                end++;

            double[] sorted = points.Values[start..end];
            Array.Sort(sorted);
            times.Add(Time(first + (long)((bucket + 0.5) * width)));
            bucketMeans.Add(means.AsSpan(start, end - start).ToArray().Average());
            low.Add(Quantile(sorted, 0.05));
            high.Add(Quantile(sorted, 0.95));
            start = end;
        }

        return new Buckets([.. times], [.. bucketMeans], [.. low], [.. high], AreBuckets: true);
    }

    /// <summary>The value at rank floor(q × (n − 1)).</summary>
    public static double Quantile(double[] sorted, double q) => sorted[(int)Math.Floor(q * (sorted.Length - 1))];

    private static DateTime Time(long ticks) => new(ticks, DateTimeKind.Utc);

    private static double[] RollingMeans(double[] values, int window)
    {
        var means = new double[values.Length];
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            // Summed anew now and then: an addition and a subtraction do not cancel exactly.
            if (i % 4096 == 0)
                sum = values.AsSpan(Math.Max(0, i - window), Math.Min(i, window)).ToArray().Sum();
            sum += values[i];
            if (i >= window)
                sum -= values[i - window];
            means[i] = sum / Math.Min(i + 1, window);
        }

        return means;
    }
}
