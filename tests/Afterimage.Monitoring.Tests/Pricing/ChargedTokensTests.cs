using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Pricing;

/// <summary>Every token of a call is charged once, or told as unpriced; live, budgets and resumed budgets agree.</summary>
public sealed class ChargedTokensTests
{
    private const string AudioAndImage =
        """
        {"audio": {"mode": "chat", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5,
          "input_cost_per_audio_token": 4e-5, "output_cost_per_audio_token": 8e-5},
         "image": {"mode": "image_generation", "input_cost_per_token": 3e-7, "output_cost_per_token": 2.5e-6,
          "output_cost_per_image_token": 3e-5},
         "plain": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "cache_creation_input_token_cost": 1.25e-6}}
        """;

    private const string ServiceTiers =
        """
        {"models": [{"name": "m", "input": 10, "cached_input": 2, "output": 18, "service_tiers": [
          {"tier": "batch", "input": 4, "output": 6}, {"tier": "Priority", "input": 20, "cached_input": 10, "output": 30}]}]}
        """;

    [Fact]
    public void Audio_tokens_are_charged_as_audio()
    {
        CostReport cost = Cost(new()
        {
            ModelName = "audio",
            PromptTokenCount = 1_017,
            AudioPromptTokenCount = 1_000,
            CompletionTokenCount = 592,
            AudioCompletionTokenCount = 482,
        });

        Assert.Equal(0.0797025m, cost.TotalUsd);
    }

    [Fact]
    public void Image_tokens_are_charged_as_images()
    {
        CostReport cost = Cost(new()
        {
            ModelName = "image",
            PromptTokenCount = 0,
            CompletionTokenCount = 1_290,
            ImageCompletionTokenCount = 1_290,
        });

        Assert.Equal(0.0387m, cost.TotalUsd);
    }

    [Fact]
    public void Audio_of_a_model_without_such_a_price_is_unpriced()
    {
        CostReport cost = Cost(new()
        {
            ModelName = "plain",
            PromptTokenCount = 100,
            AudioPromptTokenCount = 90,
            CompletionTokenCount = 10,
        });

        Assert.Null(Assert.Single(cost.ByModel).CostUsd);
        Assert.Equal(110, cost.UnpricedTokenCount);
    }

    [Fact]
    public void Cache_writes_are_charged_at_their_own_price()
    {
        CostReport cost = Cost(new()
        {
            ModelName = "plain",
            PromptTokenCount = 1_000_000,
            CacheWriteTokenCount = 1_000_000,
        });

        Assert.Equal(1.25m, cost.TotalUsd);
    }

    [Fact]
    public void Cache_writes_for_an_hour_are_charged_at_their_own_price()
    {
        ModelPricing prices = ModelPricing.Parse(
            """
            {"claude": {"input_cost_per_token": 3e-6, "output_cost_per_token": 1.5e-5, "cache_creation_input_token_cost": 3.75e-6,
              "cache_creation_input_token_cost_above_1hr": 6e-6, "input_cost_per_token_above_200k_tokens": 6e-6,
              "cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-5}}
            """);
        GenerationDetails call = new()
        {
            ModelName = "claude",
            PromptTokenCount = 100_000,
            CacheWriteTokenCount = 50_000,
            CacheWriteOneHourTokenCount = 20_000,
        };

        Assert.Equal(((50_000 * 3m) + (30_000 * 3.75m) + (20_000 * 6)) / 1_000_000, Cost(call, prices).TotalUsd);
        Assert.Equal(
            ((950_000 * 6m) + (30_000 * 3.75m) + (20_000 * 12)) / 1_000_000,
            Cost(call with { PromptTokenCount = 1_000_000 }, prices).TotalUsd);
        Assert.Equal(100_000, Cost(call with { ModelName = "plain" }).UnpricedTokenCount);
    }

    /// <summary>What is in the prompt once, cached and audio, is charged once: as cached audio, or else as audio.</summary>
    [Theory]
    [InlineData(0, 1_000, 1_000, 0, 0.004)]
    [InlineData(0, 1_000, 400, 0, 0.0256)]
    [InlineData(200, 1_000, 400, 0, 0.03305)]
    [InlineData(0, 1_000, 0, 500, 0.04)]
    [InlineData(0, 1_000, 600, 400, 0.0184)]
    public void Cached_audio_tokens_are_charged_once(int text, int audio, int cached, int written, double dollars)
    {
        ModelPricing prices = ModelPricing.Parse(
            """
            {"m": {"input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5, "cache_read_input_token_cost": 1.25e-6,
              "input_cost_per_audio_token": 4e-5, "cache_read_input_audio_token_cost": 4e-6}}
            """);

        CostReport cost = Cost(
            new()
            {
                ModelName = "m",
                PromptTokenCount = text + audio,
                AudioPromptTokenCount = audio,
                CachedPromptTokenCount = cached,
                CacheWriteTokenCount = written,
            },
            prices);

        Assert.Equal((decimal)dollars, cost.TotalUsd);
    }

    [Theory]
    [InlineData(null, 15)]
    [InlineData("default", 15)]
    [InlineData("auto", 15)]
    [InlineData("batch", 7)]
    [InlineData("Batches", 7)]
    [InlineData("priority", 30)]
    [InlineData("flex", null)]
    [InlineData("scale", null)]
    public void A_call_is_charged_at_the_prices_of_its_service_tier(string? tier, int? dollars)
    {
        foreach (string key in (string[])["service_tier", "openai.response.service_tier"])
        {
            CostReport cost = Cost(
                new()
                {
                    ModelName = "m",
                    PromptTokenCount = 1_000_000,
                    CachedPromptTokenCount = 500_000,
                    CompletionTokenCount = 500_000,
                    Tags = [new("openai.request.service_tier", "flex"), new(key, tier)],
                },
                ModelPricing.Parse(ServiceTiers));

            Assert.Equal(dollars, (int?)Assert.Single(cost.ByModel).CostUsd);
            Assert.Equal(dollars is null ? 1_500_000 : 0, cost.UnpricedTokenCount);
        }
    }

    /// <summary>What a tier does not say of long prompts is not known; what it says counts.</summary>
    [Fact]
    public void Long_prompts_of_a_service_tier_have_its_long_prices_or_none()
    {
        ModelPrice price = ModelPricing.Parse(
            """
            {"m": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "input_cost_per_token_above_200k_tokens": 2e-6,
              "input_cost_per_token_batches": 5e-7, "output_cost_per_token_batches": 1e-6,
              "input_cost_per_token_priority": 2e-6, "output_cost_per_token_priority": 4e-6,
              "input_cost_per_token_above_200k_tokens_priority": 4e-6}}
            """).Find("m")!;

        Assert.Equal([("batch", 0), ("priority", 1)], price.ServiceTiers.Select(tier => (tier.Key, tier.Value.LongContext.Count)));
        Assert.Equal(0.1m, Dollars("batch", 200_000));
        Assert.Null(Dollars("batch", 200_001));
        Assert.Equal(4, Dollars("priority", 1_000_000));

        decimal? Dollars(string tier, long prompt) => Assert.Single(
            Cost(
                new() { ModelName = "m", PromptTokenCount = prompt, Tags = [new("service_tier", tier)] },
                new ModelPricing([KeyValuePair.Create("m", price)])).ByModel).CostUsd;
    }

    [Fact]
    public void A_reservation_holds_what_its_service_tier_costs()
    {
        using MonitorRun run = Run(ModelPricing.Parse(ServiceTiers), new Budget { Name = "usd", Unit = BudgetUnit.Dollars, Limit = 100 });
        var estimate = new BudgetEstimate { ModelName = "m", PromptTokenCount = 1_000_000, Tags = [new("service_tier", "priority")] };

        using BudgetReservation reservation = run.Monitor.Reserve(estimate);

        Assert.Equal(20, run.Monitor.GetBudgets()[0].Reserved);
        Assert.Throws<ArgumentException>(() => run.Monitor.Reserve(estimate with { Tags = [new("service_tier", "flex")] }));
    }

    /// <summary>The total says that reasoning is counted beside the completion.</summary>
    [Fact]
    public void Reasoning_beside_the_completion_is_charged_too()
    {
        var prices = new ModelPricing([KeyValuePair.Create("m", new ModelPrice { Input = 1.25m, Output = 2.5m, CachedInput = 0.25m })]);

        CostReport cost = Cost(
            new()
            {
                ModelName = "m",
                PromptTokenCount = 10_120,
                CachedPromptTokenCount = 128,
                CompletionTokenCount = 1_499,
                ReasoningTokenCount = 2_809,
                TotalTokenCount = 14_428,
            },
            prices);

        Assert.Equal(((9_992 * 1.25m) + (128 * 0.25m) + (4_308 * 2.5m)) / 1_000_000, cost.TotalUsd);
    }

    [Fact]
    public void A_total_that_its_parts_do_not_explain_is_charged_as_prompt()
    {
        using MonitorRun run = Run(
            ModelPricing.Parse(AudioAndImage),
            new Budget { Name = "usd", Unit = BudgetUnit.Dollars, Limit = 1 },
            new Budget { Name = "tokens", Unit = BudgetUnit.Tokens, Limit = 10_000 });
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new()
        {
            ModelName = "plain",
            PromptTokenCount = 100,
            CompletionTokenCount = 100,
            TotalTokenCount = 5_200,
        });

        Assert.Equal(0.0053m, run.Monitor.GetBudgets()[0].Spent);
        Assert.Equal(5_200, run.Monitor.GetBudgets()[1].Spent);
    }

    [Fact]
    public void Sums_stop_at_the_largest_number()
    {
        using MonitorRun run = Run(ModelPricing.Parse(AudioAndImage));
        foreach (string model in (string[])["a", "b"])
        {
            foreach (string metric in (string[])["total_token_count", "unpriced_token_count"])
                run.Monitor.RecordMetric(metric, long.MaxValue, new Dictionary<string, object?> { ["model_name"] = model });
        }

        Assert.Equal(long.MaxValue, run.Monitor.GetCost().UnpricedTokenCount);
        Assert.Equal(long.MaxValue, run.Monitor.GetTotalTokenUsage().TotalTokens);
    }

    [Fact]
    public void Totals_of_the_highest_counts_stay_at_the_largest_number()
    {
        using MonitorRun run = Run(
            ModelPricing.Parse(AudioAndImage),
            new Budget { Name = "tokens", Unit = BudgetUnit.Tokens, Limit = decimal.MaxValue });
        for (int i = 0; i < 10_000; i++)
        {
            run.Monitor.TrackGeneration(
                TimeSpan.Zero,
                true,
                new() { ModelName = "none", PromptTokenCount = GenerationDetails.MaxTokenCount });
        }

        Assert.Equal(long.MaxValue, run.Monitor.GetTotalTokenUsage().TotalTokens);
        Assert.Equal(long.MaxValue, run.Monitor.GetTotalTokenUsage().ByModel[0].PromptTokens);
        Assert.Equal(long.MaxValue, run.Monitor.GetCost().UnpricedTokenCount);
        Assert.Equal(1e19m, run.Monitor.GetBudgets()[0].Spent);
    }

    [Fact]
    public void Costs_of_any_size_have_a_total_that_stops()
    {
        using MonitorRun run = Run(ModelPricing.Parse(AudioAndImage));
        for (int i = 0; i < 100; i++)
            run.Monitor.RecordMetric("cost_usd", double.MaxValue, new Dictionary<string, object?> { ["model_name"] = $"m{i}" });

        Assert.Equal(1e27m, run.Monitor.GetCost().TotalUsd);
    }

    [Fact]
    public void A_cost_that_no_line_may_have_counts_as_unpriced_tokens()
    {
        using MonitorRun run = Run(
            new ModelPricing([new("dear", new ModelPrice { Input = 1_000_000, Output = 1_000_000 })]),
            new Budget { Name = "usd", Unit = BudgetUnit.Dollars, Limit = 10 });
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new()
        {
            ModelName = "dear",
            PromptTokenCount = GenerationDetails.MaxTokenCount,
            CompletionTokenCount = GenerationDetails.MaxTokenCount,
        });

        Assert.Equal(2 * GenerationDetails.MaxTokenCount, run.Monitor.GetCost().UnpricedTokenCount);
        Assert.Null(Assert.Single(run.Monitor.GetCost().ByModel).CostUsd);
        Assert.Equal(2 * GenerationDetails.MaxTokenCount, run.Monitor.GetBudgets()[0].UnpricedTokenCount);
    }

    [Fact]
    public void The_price_of_the_name_asked_for_counts_where_the_answer_s_has_none()
    {
        using MonitorRun run = Run(
            ModelPricing.Parse(AudioAndImage),
            new Budget { Name = "usd", Unit = BudgetUnit.Dollars, Limit = 10 });
        Assert.True(
            run.Monitor.TryReserve(
                new() { ModelName = "plain", PromptTokenCount = 1_000_000 },
                out BudgetReservation? reservation));
        Assert.Equal(1, run.Monitor.GetBudgets()[0].Reserved);

        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new()
        {
            ModelName = "served-under-another-name",
            PromptTokenCount = 1_000_000,
            Reservation = reservation,
        });

        Assert.Equal((1m, 0m), (run.Monitor.GetBudgets()[0].Spent, run.Monitor.GetBudgets()[0].Reserved));
        Assert.Equal(1, run.Monitor.GetCost().TotalUsd);
        Assert.Equal(0, run.Monitor.GetCost().UnpricedTokenCount);
    }

    [Theory]
    [InlineData("""{"mode":"rerank","input_cost_per_token":0,"output_cost_per_token":0,"input_cost_per_query":0.002}""")]
    [InlineData("""{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0,"output_cost_per_image":0.04}""")]
    [InlineData("""{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0.0000018,"input_cost_per_request":0.005}""")]
    [InlineData("""{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0,"input_cost_per_second":1e-4}""")]
    [InlineData("""{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0,"cache_read_input_token_cost":1e-7}""")]
    [InlineData("""{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0,"input_cost_per_token_batches":1e-7}""")]
    [InlineData("""{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0,"output_cost_per_second_1080p":0.1}""")]
    [InlineData("""{"mode":"chat","input_cost_per_token":0,"output_cost_per_token":0,"tiered_pricing":[{"input_cost_per_token":1e-7}]}""")]
    [InlineData("""{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"cache_read_input_token_cost":"cheap"}""")]
    [InlineData("""{"input_cost_per_token":1e-6,"output_cost_per_token":2e-6,"output_cost_per_token_above_200k_tokens":-1}""")]
    public void A_model_whose_price_is_none_is_left_out_with_the_reason(string entry)
    {
        ModelPricing prices = ModelPricing.Parse(
            $$$"""{"m": {{{entry}}}, "other": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6}}""");

        Assert.Null(prices.Find("m"));
        Assert.NotEmpty(Assert.Contains("m", prices.LeftOut));
        Assert.Single(prices.LeftOut);
    }

    [Fact]
    public void A_model_that_is_free_keeps_its_price()
    {
        ModelPricing prices = ModelPricing.Parse(
            """
            {"free": {"input_cost_per_token": 0, "output_cost_per_token": 0},
             "embedding": {"mode": "embedding", "input_cost_per_token": 1e-7, "output_cost_per_token": 0, "input_cost_per_image": 1e-4}}
            """);

        Assert.Equal(0, prices.Find("free")!.Input);
        Assert.Equal(0.1m, prices.Find("embedding")!.Input);
        Assert.Empty(prices.LeftOut);
    }

    [Fact]
    public void Prices_as_strings_older_keys_and_tiers_of_a_million_are_read()
    {
        ModelPricing prices = ModelPricing.Parse(
            """
            {"tier": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6,
               "input_cost_per_token_above_200k_tokens": "2e-6", "output_cost_per_token_above_200k_tokens": "4e-6",
               "input_cost_per_token_above_1m_tokens": 3e-6},
             "cache": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "cache_read_input_token_cost": "1e-7"},
             "older": {"input_cost_per_token": 2.8e-7, "output_cost_per_token": 4e-7, "input_cost_per_token_cache_hit": 2.8e-8}}
            """);

        ModelPrice tier = prices.Find("tier")!;
        Assert.Equal([200_000L, 1_000_000L], tier.LongContext.Select(t => t.AbovePromptTokenCount));
        Assert.Equal(0.300001m * 2, tier.Cost(300_001, 0));
        Assert.Equal(6, tier.Cost(2_000_000, 0));
        Assert.Equal(0.1m, prices.Find("cache")!.CachedInput);
        Assert.Equal(0.028m, prices.Find("older")!.CachedInput);
    }

    private static CostReport Cost(GenerationDetails details, ModelPricing? prices = null)
    {
        using MonitorRun run = Run(prices ?? ModelPricing.Parse(AudioAndImage));
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, details);
        return run.Monitor.GetCost();
    }

    private static MonitorRun Run(ModelPricing prices, params Budget[] budgets) => new(options =>
    {
        options.Pricing = prices;
        foreach (Budget budget in budgets)
            options.Budgets.Add(budget);
    });
}
