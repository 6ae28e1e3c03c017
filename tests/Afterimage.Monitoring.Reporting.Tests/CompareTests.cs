using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Figures, intervals and tests of two runs, against published values.</summary>
public sealed class CompareTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static string Metric(string name, double value) =>
        JsonSerializer.Serialize(
            new
            {
                timestamp = "2026-11-23T14:25:38Z",
                @event = "metric",
                metric_name = name,
                value = (object)(double.IsFinite(value) ? value : value.ToString(CultureInfo.InvariantCulture)),
            });

    private static IEnumerable<string> Points(string name, params IEnumerable<double> values) =>
        values.Select(value => Metric(name, value));

    private static IEnumerable<string> Rate(string name, int hits, int count) =>
        Points(name, Enumerable.Range(0, count).Select(i => i < hits ? 1.0 : 0.0));

    private static IEnumerable<string> Generations(int count, string? finishReason = null, string model = "m") =>
        Enumerable.Repeat(
            JsonSerializer.Serialize(new Dictionary<string, object?>
            {
                ["timestamp"] = "2026-11-23T14:25:38Z",
                ["event"] = "generation",
                ["duration"] = 1,
                ["success"] = true,
                ["model_name"] = model,
                ["prompt_token_count"] = 10,
                ["completion_token_count"] = 5,
                ["cost_usd"] = 0.25,
                ["finish_reason"] = finishReason ?? "",
            }),
            count);

    private async Task<RunComparison> CompareAsync(IEnumerable<string> a, IEnumerable<string> b)
    {
        _directory.Write("a/metrics.jsonl", a);
        _directory.Write("b/metrics.jsonl", b);
        return await LogDirectory.Open(Path.Combine(_directory.Path, "a"))
            .CompareAsync(LogDirectory.Open(Path.Combine(_directory.Path, "b")), cancellationToken: TestContext.Current.CancellationToken);
    }

    private async Task<MetricComparison> CompareOneAsync(IEnumerable<string> a, IEnumerable<string> b) =>
        Assert.Single((await CompareAsync(a, b)).Metrics);

    [Fact]
    public async Task Means_are_judged_by_welch()
    {
        // Student's sleep data, as R's t.test(extra ~ group, data = sleep) judges them.
        MetricComparison sleep = await CompareOneAsync(
            Points("extra", 0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
            Points("extra", 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4));

        FigureComparison mean = sleep.Figures[0];
        Assert.Equal((ComparedFigure.Mean, ComparisonTest.Welch, ComparisonVerdict.WithinChance), (mean.Figure, mean.Test, mean.Verdict));
        Assert.Equal(0.07939, mean.PValue!.Value, 5);
        Assert.Equal(1.58, mean.Change!.Value.Value, 10);
        Assert.Equal(-0.2054832, mean.Change.Value.Lower!.Value, 6);
        Assert.Equal(3.3654832, mean.Change.Value.Upper!.Value, 6);

        // t.test(extra[group == 1]): 0.75, interval -0.5297804 to 2.0297804.
        Assert.Equal(0.75, sleep.A!.Mean!.Value.Value, 10);
        Assert.Equal(-0.5297804, sleep.A.Mean.Value.Lower!.Value, 6);
        Assert.Equal(2.0297804, sleep.A.Mean.Value.Upper!.Value, 6);
    }

    // The intervals: Newcombe 1998, table II, method 10. The p-values: by summing the tables in exact integers.
    [Theory]
    [InlineData(48, 80, 56, 70, 0.0524, 0.3339, 0.01252)]
    [InlineData(3, 10, 9, 10, 0.1705, 0.8090, 0.01977)]
    [InlineData(2, 7, 6, 7, 0.0582, 0.8062, 0.10256)]
    [InlineData(0, 29, 5, 56, -0.0381, 0.1926, 0.16062)]
    [InlineData(0, 20, 10, 10, 0.6791, 1.0000, 0.00000)]
    public async Task Rates_are_judged_by_fisher(int hitsA, int countA, int hitsB, int countB, double lower, double upper, double p)
    {
        MetricComparison rate = await CompareOneAsync(Rate("x_rate", hitsA, countA), Rate("x_rate", hitsB, countB));

        FigureComparison figure = Assert.Single(rate.Figures);
        Assert.Equal((MetricKind.Rate, ComparisonTest.FisherExact), (rate.Kind, figure.Test));
        Assert.Equal(lower, figure.Change!.Value.Lower!.Value, 4);
        Assert.Equal(upper, figure.Change.Value.Upper!.Value, 4);
        Assert.Equal(p, figure.PValue!.Value, 5);
    }

    [Fact]
    public async Task Fisher_s_test_is_exact_of_few_and_of_many()
    {
        // Fisher's lady tasting tea, and thousands, by summing the tables in exact integers.
        Assert.Equal(17.0 / 35, (await CompareOneAsync(Rate("x_rate", 3, 4), Rate("x_rate", 1, 4))).Figures[0].PValue!.Value, 12);
        Assert.Equal(
            0.05264080526834094,
            (await CompareOneAsync(Rate("x_rate", 700, 2000), Rate("x_rate", 760, 2000))).Figures[0].PValue!.Value,
            9);
        Assert.Equal(
            0.8987197688046414,
            (await CompareOneAsync(Rate("x_rate", 5000, 10_000), Rate("x_rate", 5010, 10_000))).Figures[0].PValue!.Value,
            8);
        Assert.Equal(1, (await CompareOneAsync(Rate("x_rate", 5, 10), Rate("x_rate", 5, 10))).Figures[0].PValue);
    }

    [Fact]
    public async Task A_rate_has_wilson_s_interval()
    {
        MetricComparison rate = await CompareOneAsync(Rate("x_rate", 81, 263), Rate("x_rate", 15, 148));

        // Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
        Assert.Equal((0.2553, 0.3662), (Math.Round(rate.A!.Mean!.Value.Lower!.Value, 4), Math.Round(rate.A.Mean.Value.Upper!.Value, 4)));
        Assert.Equal((0.0624, 0.1605), (Math.Round(rate.B!.Mean!.Value.Lower!.Value, 4), Math.Round(rate.B.Mean.Value.Upper!.Value, 4)));
    }

    [Fact]
    public async Task Quantiles_are_bounded_by_order_statistics()
    {
        // Of 100 points the 40th and the 61st bound the median (Conover, table A3). The point at rank floor(q (n - 1)).
        MetricComparison numbers = await CompareOneAsync(
            Points("m", Enumerable.Range(1, 100).Select(i => (double)i)),
            Points("m", Enumerable.Range(51, 1000).Select(i => (double)i)));

        Assert.Equal(new Estimate(50, 40, 61), numbers.A!.P50);
        Assert.Equal(new Estimate(95, 90, 100), numbers.A.P95);
        Assert.Equal(new Estimate(99, 97, null), numbers.A.P99);
        Assert.Equal(550, numbers.B!.P50!.Value.Value);
        Assert.Equal(
            new Estimate(
                500,
                500 - Math.Sqrt(Square(550 - numbers.B.P50.Value.Lower!.Value) + Square(61 - 50)),
                500 + Math.Sqrt(Square(numbers.B.P50.Value.Upper!.Value - 550) + Square(50 - 40))),
            numbers.Figures[1].Change);
        Assert.Equal(ComparisonVerdict.BeyondChance, numbers.Figures[1].Verdict);
        Assert.Equal((ComparisonTest.None, ComparisonVerdict.TooFewPoints), (numbers.Figures[3].Test, numbers.Figures[3].Verdict));

        static double Square(double? x) => x!.Value * x.Value;
    }

    [Fact]
    public async Task A_quantile_is_judged_by_how_many_points_of_either_lie_above_that_of_both()
    {
        // Of the 40 points 20 are at most 20: all of the first run, none of the second. 2 / C(40, 20).
        MetricComparison numbers = await CompareOneAsync(
            Points("m", Enumerable.Range(1, 20).Select(i => (double)i)),
            Points("m", Enumerable.Range(21, 20).Select(i => (double)i)));

        Assert.Equal(2 / 137_846_528_820.0, numbers.Figures[1].PValue!.Value, 1e-17);
    }

    [Fact]
    public async Task Holm_adjusts_for_all_tests()
    {
        RunComparison comparison = await CompareAsync(
            [.. Rate("a_rate", 3, 10), .. Rate("b_rate", 48, 80), .. Rate("c_rate", 0, 29)],
            [.. Rate("a_rate", 9, 10), .. Rate("b_rate", 56, 70), .. Rate("c_rate", 5, 56)]);

        Assert.Equal(3, comparison.Tests);
        FigureComparison[] figures = [.. comparison.Metrics.Select(metric => metric.Figures[0])];
        Assert.Equal(figures[1].PValue * 3, figures[1].AdjustedPValue);
        Assert.Equal(figures[0].PValue * 2, figures[0].AdjustedPValue);
        Assert.Equal(figures[2].PValue, figures[2].AdjustedPValue);
        Assert.Equal(
            [ComparisonVerdict.BeyondChance, ComparisonVerdict.BeyondChance, ComparisonVerdict.WithinChance],
            figures.Select(figure => figure.Verdict));
    }

    [Fact]
    public async Task Few_or_constant_or_missing_points_are_stated()
    {
        RunComparison comparison = await CompareAsync(
            [
                .. Points("constant", 2, 2),
                .. Points("half", 2, 2),
                .. Points("nan", double.NaN),
                .. Points("nowhere_finite", double.NaN),
                .. Points("one", 1),
                .. Points("only_a", 1),
                .. Points("huge", 1e308, -1e308, 1e300),
            ],
            [
                .. Points("constant", 3, 3),
                .. Points("half", 2, 4),
                .. Points("nan", 1, double.NegativeInfinity),
                .. Points("nowhere_finite", double.PositiveInfinity),
                .. Points("one", 5, 6),
                .. Points("huge", 1e308, 1e308, 1),
            ]);

        MetricComparison Of(string name) => comparison.Metrics.Single(metric => metric.Name == name);
        Assert.Equal(
            ["constant", "half", "huge", "nan", "nowhere_finite", "one", "only_a"],
            comparison.Metrics.Select(metric => metric.Name));
        Assert.Equal(
            (ComparisonVerdict.NoSpread, new Estimate(1, null, null)),
            (Of("constant").Figures[0].Verdict, Of("constant").Figures[0].Change));
        Assert.Equal(new Estimate(2, 2, 2), Of("constant").A!.Mean);
        Assert.Equal(ComparisonTest.Welch, Of("half").Figures[0].Test);
        Assert.Equal(ComparisonVerdict.NotFinite, Of("huge").Figures[0].Verdict);
        Assert.Equal((0, 1, null), (Of("nan").A!.Count, Of("nan").A!.NonFinite, Of("nan").A!.Mean));
        Assert.Equal((1, 1), (Of("nan").B!.Count, Of("nan").B!.NonFinite));
        Assert.Equal(ComparisonVerdict.Missing, Of("nan").Figures[0].Verdict);
        Assert.All(Of("nowhere_finite").Figures, figure => Assert.Equal(ComparisonVerdict.Missing, figure.Verdict));
        Assert.Equal(new Estimate(1, null, null), Of("one").A!.Mean);
        Assert.Equal(new Estimate(1, null, null), Of("one").A!.P95);
        Assert.Equal((ComparisonVerdict.TooFewPoints, 4.5), (Of("one").Figures[0].Verdict, Of("one").Figures[0].Change!.Value.Value));
        Assert.Null(Of("only_a").B);
        Assert.All(Of("only_a").Figures, figure => Assert.Equal((ComparisonVerdict.Missing, null), (figure.Verdict, figure.Change)));
    }

    [Fact]
    public async Task Finish_reasons_and_models_are_shares_of_the_generations()
    {
        RunComparison comparison = await CompareAsync(
            [.. Generations(80, "stop")],
            [.. Generations(60, "stop"), .. Generations(20, "length", "other")]);

        MetricComparison length = comparison.Metrics.Single(metric => metric.Name == "finish_reason:length");
        Assert.Equal((MetricKind.Share, 0, 20), (length.Kind, length.A!.Count, length.B!.Count));
        Assert.Equal((0, 0.25), (length.A.Mean!.Value.Value, length.B.Mean!.Value.Value));
        Assert.Equal(ComparisonVerdict.BeyondChance, Assert.Single(length.Figures).Verdict);
        Assert.Equal(MetricKind.Share, comparison.Metrics.Single(metric => metric.Name == "model_usage:other").Kind);
        Assert.Equal(
            [
                new ModelComparison
                {
                    ModelName = "m",
                    A = new ModelUse
                    {
                        Generations = 80,
                        PromptTokenCount = 800,
                        CompletionTokenCount = 400,
                        TotalTokenCount = 1200,
                        CostUsd = 20,
                        UnpricedTokenCount = 0,
                    },
                    B = new ModelUse
                    {
                        Generations = 60,
                        PromptTokenCount = 600,
                        CompletionTokenCount = 300,
                        TotalTokenCount = 900,
                        CostUsd = 15,
                        UnpricedTokenCount = 0,
                    },
                },
                new ModelComparison
                {
                    ModelName = "other",
                    B = new ModelUse
                    {
                        Generations = 20,
                        PromptTokenCount = 200,
                        CompletionTokenCount = 100,
                        TotalTokenCount = 300,
                        CostUsd = 5,
                        UnpricedTokenCount = 0,
                    },
                },
            ],
            comparison.Models);
        Assert.Equal((80, 80), (comparison.A.Generations, comparison.B.Generations));
    }

    [Fact]
    public async Task Counts_that_happen_to_be_one_are_no_rate()
    {
        RunComparison comparison = await CompareAsync(
            [.. Points("turns", 1, 1, 1), .. Points("passed", 1, 0, 1), .. Points("model_usage:x", 1)],
            [.. Points("turns", 1, 1), .. Points("passed", 1, 1), .. Points("model_usage:x", 1)]);

        Assert.Equal(
            [("model_usage:x", MetricKind.Number), ("passed", MetricKind.Rate), ("turns", MetricKind.Number)],
            comparison.Metrics.Select(metric => (metric.Name, metric.Kind)));
    }

    [Fact]
    public async Task Runs_without_records_compare_to_nothing()
    {
        RunComparison comparison = await CompareAsync([], ["torn"]);

        Assert.Empty(comparison.Metrics);
        Assert.Equal((0, 1), (comparison.A.SkippedLines, comparison.B.SkippedLines));
    }

    [Fact]
    public async Task Names_of_any_script_meet_their_like()
    {
        // UTF-16 and UTF-8 order the last two differently.
        string[] names = [.. HostileNames.List, "\U0001F642", "\ufffd"];
        RunComparison comparison = await CompareAsync(
            names.SelectMany(name => Points(name, 1, 2, 4)),
            names.Reverse().SelectMany(name => Points(name, 2, 3, 5, 7)));

        Assert.Equal(names.Order(StringComparer.Ordinal), comparison.Metrics.Select(metric => metric.Name));
        Assert.All(comparison.Metrics, metric => Assert.Equal((3, 4), (metric.A!.Count, metric.B!.Count)));

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            comparison.WriteProperties(writer);
            writer.WriteEndObject();
        }

        JsonElement json = JsonDocument.Parse(stream.ToArray()).RootElement;
        Assert.Equal(names.Order(StringComparer.Ordinal), json.GetProperty("metrics").EnumerateObject().Select(metric => metric.Name));
    }

    [Fact]
    public async Task Cancelling_ends_a_comparison()
    {
        await CompareAsync([], []);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        LogDirectory a = LogDirectory.Open(Path.Combine(_directory.Path, "a"));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => a.CompareAsync(a, cancellationToken: stop.Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() =>
            a.CompareAsync(null!, cancellationToken: TestContext.Current.CancellationToken));
    }
}
