using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Pricing;

public sealed class CostTests
{
    private static readonly ModelPricing Prices = new(
        new Dictionary<string, ModelPrice>
        {
            ["plain"] = new() { Input = 2.5m, Output = 10 },
            ["full"] = new()
            {
                Input = 3,
                Output = 15,
                CachedInput = 0.3m,
                Reasoning = 20,
                LongContext =
                [
                    new LongContextPrice
                    {
                        AbovePromptTokenCount = 200_000,
                        Price = new ModelPrice
                        {
                            Input = 6,
                            Output = 22.5m,
                            CachedInput = 0.6m,
                            Reasoning = 30,
                        },
                    },
                ],
            },
        });

    /// <summary>Calls of four threads with everything mixed, beside a sum in whole picodollars that shares no code with the
    /// library.</summary>
    [Fact]
    public void A_mixed_workload_costs_to_the_cent_what_an_independent_calculation_says()
    {
        using var run = Run();
        Int128 expectedPicodollars = 0;
        long unpriced = 0;
        var sum = new Lock();
        Parallel.For(
            0,
            4,
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            thread =>
            {
                var random = new Random(thread);
                Int128 picodollars = 0;
                long without = 0;
                for (int i = 0; i < 25_000; i++)
                {
                    long prompt = random.Next(20) == 0 ? random.Next(150_000, 250_000) : random.Next(10_000);
                    long completion = random.Next(5_000);
                    long? cached = random.Next(2) == 0 ? random.NextInt64(prompt + 1) : null;
                    long? reasoning = random.Next(2) == 0 ? random.NextInt64(completion + 1) : null;
                    string model = (i % 5) switch
                    {
                        0 => "plain",
                        1 => "vendor/full",
                        2 => "full-2025-09-29",
                        3 => "full",
                        _ => "nobody-knows",
                    };
                    run.Monitor.TrackGeneration(
                        TimeSpan.FromSeconds(1),
                        true,
                        new GenerationDetails
                        {
                            ModelName = model,
                            PromptTokenCount = prompt,
                            CompletionTokenCount = completion,
                            CachedPromptTokenCount = cached,
                            ReasoningTokenCount = reasoning,
                        });

                    // Prices in micro-dollars a million tokens are picodollars a token.
                    (Int128 input, Int128 output, Int128 cache, Int128 think) = (i % 5, prompt > 200_000) switch
                    {
                        (0, _) => (2_500_000, 10_000_000, 2_500_000, 10_000_000),
                        (4, _) => (0, 0, 0, 0),
                        (_, true) => ((Int128)6_000_000, (Int128)22_500_000, (Int128)600_000, (Int128)30_000_000),
                        _ => (3_000_000, 15_000_000, 300_000, 20_000_000),
                    };
                    picodollars +=
                        (input * (prompt - (cached ?? 0)))
                        + (cache * (cached ?? 0))
                        + (output * (completion - (reasoning ?? 0)))
                        + (think * (reasoning ?? 0));
                    without += i % 5 == 4 ? prompt + completion : 0;
                }

                lock (sum)
                {
                    expectedPicodollars += picodollars;
                    unpriced += without;
                }
            }
        );

        CostReport cost = run.Monitor.GetCost();
        decimal expected = (decimal)expectedPicodollars / 1_000_000_000_000m;
        Assert.True(expected > 1000);
        Assert.Equal(expected, cost.TotalUsd, 6);
        Assert.Equal(unpriced, cost.UnpricedTokenCount);
        Assert.Equal(["full", "full-2025-09-29", "nobody-knows", "plain", "vendor/full"], cost.ByModel.Select(m => m.ModelName));
        Assert.Equal(new ModelCost { ModelName = "nobody-knows", CostUsd = null, UnpricedTokenCount = unpriced }, cost.ByModel[2]);
        Assert.Equal((double)expected, run.Monitor.GetMetrics("cost_usd").Sum, 6);
        Assert.Equal(80_000, run.Monitor.GetMetrics("cost_usd").Count);
        Assert.Equal(20_000, run.Monitor.GetMetrics("unpriced_token_count").Count);
        Assert.Equal(expected / 100_000, cost.CostPerSuccessfulGeneration!.Value, 6);

        // The log says the same, record by record.
        List<JsonElement> records = run.Records();
        Assert.Equal(expected, records.Where(r => r.TryGetProperty("cost_usd", out _)).Sum(r => r.GetProperty("cost_usd").GetDecimal()), 6);
        Assert.Equal(
            unpriced,
            records.Where(r => r.TryGetProperty("unpriced_token_count", out _)).Sum(r => r.GetProperty("unpriced_token_count").GetInt64()));
    }

    [Theory]
    [InlineData(1_000_000L, null, null, 2.5)]
    [InlineData(null, 1_000_000L, null, 10.0)]
    [InlineData(1_000_000L, null, 1_100_000L, 3.5)]
    [InlineData(null, 100_000L, 1_100_000L, 3.5)]
    [InlineData(1_000_000L, 100_000L, 9_999_999L, 25.7499975)]
    [InlineData(1_000_000L, null, 5L, 2.5)]
    [InlineData(0L, 0L, null, 0.0)]
    public void A_side_that_is_not_given_is_the_rest_of_the_total(long? prompt, long? completion, long? total, double dollars)
    {
        using var run = Run();
        Track(run, "plain", prompt, completion, total);
        MetricAggregate cost = run.Monitor.GetMetrics("cost_usd");
        Assert.Equal((1, dollars), (cost.Count, cost.Sum));
        Assert.Equal(0, run.Monitor.GetCost().UnpricedTokenCount);
    }

    [Theory]
    [InlineData("plain", null, null, 100L, 100)]
    [InlineData("unheard", 60L, 40L, null, 100)]
    [InlineData("unheard", 60L, 40L, 120L, 120)]
    [InlineData(null, 60L, 40L, null, 100)]
    public void What_has_no_known_price_is_counted_and_never_free(string? model, long? prompt, long? completion, long? total, long unpriced)
    {
        using var run = Run();
        Track(run, model, prompt, completion, total);
        Assert.DoesNotContain("cost_usd", run.Monitor.MetricNames);
        CostReport cost = run.Monitor.GetCost();
        Assert.Equal([new ModelCost { ModelName = model ?? "unknown", CostUsd = null, UnpricedTokenCount = unpriced }], cost.ByModel);
        Assert.Equal((0m, unpriced, 0m), (cost.TotalUsd, cost.UnpricedTokenCount, cost.CostPerSuccessfulGeneration));
        JsonElement record = Assert.Single(run.Records());
        Assert.Equal(unpriced, record.GetProperty("unpriced_token_count").GetInt64());
        Assert.False(record.TryGetProperty("cost_usd", out _));
    }

    [Fact]
    public void Calls_without_tokens_and_points_have_no_cost()
    {
        using var run = Run();
        run.Monitor.TrackGeneration(TimeSpan.Zero, false, new GenerationDetails { ModelName = "plain", Error = "timeout" });
        run.Monitor.RecordMetric("prompt_token_count", 5, new Dictionary<string, object?> { ["model_name"] = "plain" });
        CostReport cost = run.Monitor.GetCost();
        Assert.Empty(cost.ByModel);
        Assert.Null(cost.CostPerSuccessfulGeneration);
        Assert.Null(cost.CostPerEvaluationPoint);
    }

    [Fact]
    public void Failures_and_evaluations_are_paid_by_successes_and_scores()
    {
        using var run = Run();
        Track(run, "plain", 1_000_000, 0, null);
        run.Monitor.TrackGeneration(TimeSpan.Zero, false, new GenerationDetails { ModelName = "plain", PromptTokenCount = 1_000_000 });
        run.Monitor.TrackEvaluation(
            TimeSpan.Zero,
            true,
            "judge",
            new Dictionary<string, double> { ["a"] = 1, ["b"] = 2 },
            new EvaluationDetails { ModelName = "plain", CompletionTokenCount = 100_000 });

        CostReport cost = run.Monitor.GetCost();
        Assert.Equal((6m, 6m, 3m), (cost.TotalUsd, cost.CostPerSuccessfulGeneration, cost.CostPerEvaluationPoint));
        run.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(0m, run.Monitor.GetCost(TimeSpan.FromMinutes(5)).TotalUsd);
        Assert.Equal(6m, run.Monitor.GetCost().TotalUsd);
    }

    [Fact]
    public void A_cost_that_the_program_knows_itself_counts()
    {
        using var run = Run();
        run.Monitor.RecordMetric("cost_usd", 1.25, new Dictionary<string, object?> { ["model_name"] = "images" });
        Assert.Equal([new ModelCost { ModelName = "images", CostUsd = 1.25m, UnpricedTokenCount = 0 }], run.Monitor.GetCost().ByModel);
    }

    [Fact]
    public void Models_past_the_cardinality_limit_are_priced_by_their_true_names()
    {
        using var run = Run(o => o.CardinalityLimit = 1);
        Track(run, "first", 1, 1, null);
        Track(run, "plain", 1_000_000, null, null);
        Track(run, "second", 3, 4, null);
        Assert.Equal(
            [
                new ModelCost { ModelName = "(other)", CostUsd = 2.5m, UnpricedTokenCount = 7 },
                new ModelCost { ModelName = "first", CostUsd = null, UnpricedTokenCount = 2 },
            ],
            run.Monitor.GetCost().ByModel);
    }

    [Fact]
    public void Handlers_are_told_the_cost()
    {
        var handler = new PointHandler();
        using var run = new MonitorRun(o =>
        {
            o.Pricing = Prices;
            o.MetricHandlers.Add(handler);
        });
        Track(run, "plain", 1_000_000, null, null);
        run.Monitor.Dispose();
        Point point = Assert.Single(handler.Points, p => p.MetricName == "cost_usd");
        Assert.Equal((2.5, 2.5), (point.Value, point.Metadata["cost_usd"]));
    }

    [Fact]
    public void Without_prices_nothing_is_priced_and_asking_fails_and_says_what_is_missing()
    {
        using var run = new MonitorRun();
        Track(run, "gpt-4o", 1, 1, null);
        Assert.Contains("Pricing", Assert.Throws<InvalidOperationException>(() => run.Monitor.GetCost()).Message, StringComparison.Ordinal);
        JsonElement record = Assert.Single(run.Records());
        Assert.DoesNotContain("cost_usd", record.Keys());
        Assert.DoesNotContain("unpriced_token_count", record.Keys());
    }

    [Fact]
    public void Totals_alone_are_charged_at_the_plain_prices()
    {
        using var run = Run();
        Track(run, "plain", 1_000_000, 100_000, null);
        Track(run, "plain", null, null, 50);
        Track(run, "full", 300_000, 1_000, null, cached: 100_000, reasoning: 1_000);
        Track(run, "unheard", 5, 6, null);
        Track(run, "openai/plain", null, null, 7);

        CostReport estimate = run.Monitor.GetTotalTokenUsage().EstimateCost(Prices);
        Assert.Equal(
            [
                new ModelCost { ModelName = "full", CostUsd = 0.915m, UnpricedTokenCount = 0 },
                new ModelCost { ModelName = "openai/plain", CostUsd = null, UnpricedTokenCount = 7 },
                new ModelCost { ModelName = "plain", CostUsd = 3.5m, UnpricedTokenCount = 50 },
                new ModelCost { ModelName = "unheard", CostUsd = null, UnpricedTokenCount = 11 },
            ],
            estimate.ByModel);
        Assert.Equal((4.415m, 68), (estimate.TotalUsd, estimate.UnpricedTokenCount));
        Assert.Null(estimate.CostPerSuccessfulGeneration);
        Assert.Equal(3.5m + 1.29m, run.Monitor.GetCost().TotalUsd);
        Assert.Empty(new TokenUsageReport
        {
            ByModel = [],
            TotalPromptTokens = 0,
            TotalCompletionTokens = 0,
            TotalTokens = 0,
        }.EstimateCost(Prices).ByModel);
    }

    private static MonitorRun Run(Action<GenerationMonitorOptions>? configure = null) =>
        new(o =>
        {
            o.Pricing = Prices;
            configure?.Invoke(o);
        });

    private static void Track(
        MonitorRun run,
        string? model,
        long? prompt,
        long? completion,
        long? total,
        long? cached = null,
        long? reasoning = null) =>
        run.Monitor.TrackGeneration(
            TimeSpan.Zero,
            true,
            new GenerationDetails
            {
                ModelName = model,
                PromptTokenCount = prompt,
                CompletionTokenCount = completion,
                TotalTokenCount = total,
                CachedPromptTokenCount = cached,
                ReasoningTokenCount = reasoning,
            });
}
