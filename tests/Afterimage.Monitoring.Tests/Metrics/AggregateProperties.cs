using Afterimage.Monitoring.Tests.Support;
using FsCheck.Xunit;

namespace Afterimage.Monitoring.Tests.Metrics;

/// <summary>Whatever is recorded, in whatever order: an aggregate is what brute force over the points of its window comes to.</summary>
/// <remarks>Long samples fill several chunks of 2048 points, and groups of 16 chunks: what is checked there is that merging summaries is
/// the summary of the union.</remarks>
[Properties(Arbitrary = [typeof(Samples)], MaxTest = 60)]
public sealed class AggregateProperties
{
    private static readonly double[] Quantiles = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

    [Property]
    public void Everything_recorded_at_once_aggregates_as_by_brute_force(Sample sample)
    {
        double[] values = sample.Values();
        using var run = MonitorRun.InMemory();
        foreach (double value in values)
            run.Monitor.RecordMetric("m", value);

        AssertAggregates(values, run.Monitor.GetMetrics("m"));
    }

    [Property]
    public void A_window_over_points_out_of_order_aggregates_as_by_brute_force(Sample sample)
    {
        double[] values = sample.Values();
        TimeSpan[] ages = Ages(sample, values.Length);
        using var run = MonitorRun.InMemory();
        run.Clock.Advance(TimeSpan.FromHours(2));
        DateTimeOffset now = run.Clock.GetUtcNow();
        for (int i = 0; i < values.Length; i++)
            run.Monitor.RecordMetric("m", values[i], null, now - ages[i]);

        for (int i = 0; i < 6; i++)
        {
            // Some windows begin at a point exactly.
            TimeSpan window =
                i % 2 == 0
                    ? TimeSpan.FromTicks(sample.Random.NextInt64(TimeSpan.TicksPerHour))
                    : Max(TimeSpan.Zero, ages[sample.Random.Next(ages.Length)]);
            AssertAggregates([.. values.Where((_, p) => ages[p] <= window)], run.Monitor.GetMetrics("m", window));
        }

        AssertAggregates(values, run.Monitor.GetMetrics("m", TimeSpan.MaxValue));
    }

    [Property]
    public void A_quantile_of_values_of_any_size_is_within_one_percent_and_its_extremes(AnySizes sizes)
    {
        double[] values = sizes.Values();
        using var run = MonitorRun.InMemory();
        foreach (double value in values)
            run.Monitor.RecordMetric("m", value);

        MetricAggregate aggregate = run.Monitor.GetMetrics("m");
        double[] sorted = [.. values.Order()];
        Assert.Equal((sorted.Length, sorted[0], sorted[^1]), (aggregate.Count, aggregate.Min, aggregate.Max));
        foreach (double q in (double[])[.. Quantiles, .. Enumerable.Range(1, 50).Select(i => i / 51.0)])
        {
            double expected = sorted[Math.Max((int)Math.Ceiling((decimal)q * sorted.Length), 1) - 1];
            double actual = aggregate.Quantile(q);
            Assert.InRange(actual, aggregate.Min, aggregate.Max);
            double rounding = Math.Abs(expected) < 2.3e-308 ? double.Epsilon : 0;
            AssertNear(expected, actual, sorted.Length <= 10_000 ? 0 : (Math.Abs(expected) * 0.01 * (1 + 1e-9)) + rounding);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(3_000)]
    [InlineData(50_000)]
    public void Values_at_the_ends_of_double_have_a_mean_and_a_deviation(int times)
    {
        using var run = MonitorRun.InMemory();
        for (int i = 0; i < times; i++)
        {
            run.Monitor.RecordMetric("high", 1.7e308);
            run.Monitor.RecordMetric("both", 1.7e308);
            run.Monitor.RecordMetric("both", -1.7e308);
            run.Monitor.RecordMetric("three", double.MaxValue);
            run.Monitor.RecordMetric("three", double.MaxValue);
            run.Monitor.RecordMetric("three", 0);
        }

        MetricAggregate high = run.Monitor.GetMetrics("high");
        AssertNear(1.7e308, high.Mean, 1e294);
        AssertNear(0, high.StandardDeviation, 1e300);
        Assert.Equal(times == 1 ? 1.7e308 : double.MaxValue, high.Sum);
        MetricAggregate both = run.Monitor.GetMetrics("both");
        AssertNear(0, both.Mean, 1e294);
        AssertNear(1.7e308, both.StandardDeviation, 1e294);
        MetricAggregate three = run.Monitor.GetMetrics("three");
        AssertNear(double.MaxValue / 3 * 2, three.Mean, 1e295);
        AssertNear(double.MaxValue / 3 * Math.Sqrt(2), three.StandardDeviation, 1e295);
        Assert.Equal(double.MaxValue, three.Sum);
    }

    [Property]
    public void The_sum_does_not_depend_on_the_order(Sample sample)
    {
        double[] values = sample.Values();
        using var run = MonitorRun.InMemory();
        foreach (double value in values)
            run.Monitor.RecordMetric("forwards", value);
        foreach (double value in values.Reverse())
            run.Monitor.RecordMetric("backwards", value);
        sample.Random.Shuffle(values);
        foreach (double value in values)
            run.Monitor.RecordMetric("shuffled", value);

        double sum = run.Monitor.GetMetrics("forwards").Sum;
        Assert.Equal(sum, run.Monitor.GetMetrics("backwards").Sum);
        Assert.Equal(sum, run.Monitor.GetMetrics("shuffled").Sum);
    }

    [Property]
    public void What_several_threads_recorded_aggregates_as_their_union(Sample sample)
    {
        double[] values = sample.Values();
        using var run = MonitorRun.InMemory();
        var threads = values.Chunk((values.Length / 3) + 1).Select(part => new Thread(() =>
        {
            foreach (double value in part)
                run.Monitor.RecordMetric("m", value);
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(Limits.WaitFor);

        AssertAggregates(values, run.Monitor.GetMetrics("m"));
    }

    [Property]
    public void Token_usage_of_a_window_is_as_by_brute_force(Sample sample)
    {
        string?[] models = ["a", "b", null, "c"];
        int count = sample.Length;
        TimeSpan[] ages = Ages(sample, count);
        var given = new (string? Model, int? Prompt, int? Completion)[count];
        using var run = MonitorRun.InMemory();
        run.Clock.Advance(TimeSpan.FromHours(2));
        DateTimeOffset now = run.Clock.GetUtcNow();
        for (int i = 0; i < count; i++)
        {
            given[i] = (
                models[sample.Random.Next(4)],
                sample.Random.Next(4) == 0 ? null : sample.Random.Next(100_000),
                sample.Random.Next(4) == 0 ? null : sample.Random.Next(100_000));
            run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails
            {
                ModelName = given[i].Model,
                PromptTokenCount = given[i].Prompt,
                CompletionTokenCount = given[i].Completion,
                Timestamp = now - ages[i],
            });
        }

        for (int i = 0; i < 4; i++)
        {
            TimeSpan? window = i == 0 ? null : TimeSpan.FromTicks(sample.Random.NextInt64(TimeSpan.TicksPerHour));
            ModelTokenUsage[] expected =
            [
                .. given
                    .Where((g, p) => (window is null || ages[p] <= window) && (g.Prompt ?? g.Completion) is not null)
                    .GroupBy(g => g.Model ?? "unknown")
                    .Select(m => new ModelTokenUsage
                    {
                        ModelName = m.Key,
                        PromptTokens = m.Sum(g => (long)(g.Prompt ?? 0)),
                        CompletionTokens = m.Sum(g => (long)(g.Completion ?? 0)),
                        TotalTokens = m.Sum(g => (long)(g.Prompt ?? 0) + (g.Completion ?? 0)),
                    })
                    .OrderBy(m => m.ModelName, StringComparer.Ordinal),
            ];
            TokenUsageReport report = run.Monitor.GetTotalTokenUsage(window);
            Assert.Equal(expected, report.ByModel);
            Assert.Equal(expected.Sum(m => m.PromptTokens), report.TotalPromptTokens);
            Assert.Equal(expected.Sum(m => m.CompletionTokens), report.TotalCompletionTokens);
            Assert.Equal(expected.Sum(m => m.TotalTokens), report.TotalTokens);
        }
    }

    // Mostly growing younger, as it is, but far out of order here and there; some ahead of the clock.
    private static TimeSpan[] Ages(Sample sample, int count)
    {
        var random = new Random(sample.Seed ^ 0x5EED);
        double disorder = new[] { 0, 0.01, 1 }[random.Next(3)];
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            double ordered = 3600.0 * (count - i) / count;
            double age = random.NextDouble() < disorder ? (random.NextDouble() * 3700) - 100 : ordered;
            return TimeSpan.FromTicks((long)(age * TimeSpan.TicksPerSecond));
        })];
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static void AssertAggregates(double[] values, in MetricAggregate aggregate)
    {
        Assert.Equal(values.Length, aggregate.Count);
        if (values.Length == 0)
        {
            Assert.Equal(default, aggregate);
            return;
        }

        double[] sorted = [.. values.Order()];
        double sum = ExactSum(values);
        double absolute = values.Sum(Math.Abs);
        double mean = sum / values.Length;
        double deviation = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / values.Length);
        Assert.Equal(sorted[0], aggregate.Min);
        Assert.Equal(sorted[^1], aggregate.Max);
        AssertNear(sum, aggregate.Sum, (Math.Abs(sum) * 1e-15) + (absolute * 1e-25));
        AssertNear(mean, aggregate.Mean, ((Math.Abs(sum) * 1e-15) + (absolute * 1e-25)) / values.Length);
        AssertNear(
            deviation,
            aggregate.StandardDeviation,
            (deviation * 1e-9) + (Math.Max(Math.Abs(sorted[0]), Math.Abs(sorted[^1])) * 1e-13));
        foreach (double q in Quantiles)
        {
            double expected = sorted[Math.Max((int)Math.Ceiling((decimal)q * sorted.Length), 1) - 1];
            AssertNear(expected, aggregate.Quantile(q), sorted.Length <= 10_000 ? 0 : Math.Abs(expected) * 0.01 * (1 + 1e-9));
        }
    }

    private static void AssertNear(double expected, double actual, double tolerance) =>
        Assert.True(
            Math.Abs(expected - actual) <= tolerance,
            FormattableString.Invariant($"{actual:R} is not within {tolerance:R} of {expected:R}"));

    // Of doubles between 1e-9 and 1e12 every bit lies between 2^-82 and 2^40.
    private static double ExactSum(double[] values)
    {
        System.Numerics.BigInteger scaled = 0;
        foreach (double value in values)
        {
            long bits = BitConverter.DoubleToInt64Bits(value);
            int exponent = (int)((bits >> 52) & 0x7FF) - 1075;
            if (value == 0)
                continue;
            System.Numerics.BigInteger mantissa = (bits & 0xF_FFFF_FFFF_FFFF) | 0x10_0000_0000_0000;
            scaled += (mantissa << (exponent + 100)) * Math.Sign(value);
        }

        return Math.ScaleB((double)scaled, -100);
    }
}
