using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Metrics;

/// <summary>Quantiles of more points than are held exactly, at the places where a sketch could err.</summary>
public sealed class QuantileTests
{
    private const int Points = 20_000;

    [Fact]
    public void A_quantile_of_many_points_is_negative_zero_or_positive_as_its_rank_is()
    {
        using MonitorRun run = MonitorRun.InMemory();
        for (int i = 0; i < Points; i++)
            run.Monitor.RecordMetric("m", i < 5000 ? -8 - (i % 3) : i < 12_000 ? 0 : 8 + (i % 3));

        MetricAggregate aggregate = run.Monitor.GetMetrics("m");
        Assert.InRange(aggregate.Quantile(0.25), -8.08, -7.92);
        Assert.Equal(0, aggregate.Quantile(0.25 + (0.5 / Points)));
        Assert.Equal(0, aggregate.Quantile(0.6));
        Assert.InRange(aggregate.Quantile(0.6 + (0.5 / Points)), 7.92, 8.08);
        Assert.Equal((-10, 10), (aggregate.Quantile(0), aggregate.Quantile(1)));
    }

    [Theory]
    [InlineData(1e-310)]
    [InlineData(1e-308)]
    [InlineData(1e-100)]
    [InlineData(0.9999e-9)]
    [InlineData(1.0001e12)]
    [InlineData(1e100)]
    [InlineData(5e307)]
    public void A_quantile_of_many_points_is_within_a_percent_at_any_size(double size)
    {
        using MonitorRun run = MonitorRun.InMemory();
        for (int i = 0; i < Points; i++)
            run.Monitor.RecordMetric("m", size * (1 + (i % 3)) * (i % 2 == 0 ? 1 : -1));

        MetricAggregate aggregate = run.Monitor.GetMetrics("m");
        foreach ((double q, double multiple) in ((double, double)[])[(0.1, -3), (0.25, -2), (0.4, -1), (0.6, 1), (0.75, 2), (0.9, 3)])
        {
            double expected = size * multiple;
            Assert.InRange(
                aggregate.Quantile(q),
                expected - (Math.Abs(expected) * 0.0100001),
                expected + (Math.Abs(expected) * 0.0100001));
        }
    }

    [Fact]
    public void A_metric_that_wanders_keeps_all_that_it_has_counted()
    {
        using MonitorRun run = MonitorRun.InMemory();
        double value = 1;
        for (int i = 0; i < Points; i++)
            run.Monitor.RecordMetric("m", value *= i < Points / 2 ? 1.001 : 0.998);

        MetricAggregate aggregate = run.Monitor.GetMetrics("m");
        double[] sorted = [.. Wandering().Order()];
        foreach (double q in (double[])[0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999])
        {
            double expected = sorted[(int)Math.Ceiling((decimal)q * Points) - 1];
            Assert.InRange(aggregate.Quantile(q), expected * 0.9899999, expected * 1.0100001);
        }

        static IEnumerable<double> Wandering()
        {
            double value = 1;
            for (int i = 0; i < Points; i++)
                yield return value *= i < Points / 2 ? 1.001 : 0.998;
        }
    }
}
