using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring.Tests.Pricing;

public sealed class ModelPricingTests
{
    // Entries as they are in LiteLLM's file, with what else such entries have.
    private const string LiteLlm = """
        {
          "sample_spec": { "input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "mode": "one of: chat, embedding",
            "max_tokens": "LEGACY" },
          "gpt-4o": { "cache_read_input_token_cost": 1.25e-06, "input_cost_per_token": 2.5e-06, "input_cost_per_token_batches": 1.25e-06,
            "input_cost_per_token_priority": 4.25e-06, "output_cost_per_token_flex": 5e-06,
            "cache_read_input_token_cost_priority": 2.125e-06, "litellm_provider": "openai", "mode": "chat",
            "output_cost_per_token": 1e-05, "output_cost_per_token_batches": 5e-06, "supports_vision": true },
          "claude-sonnet-4-5": { "cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_200k_tokens": 7.5e-06,
            "cache_read_input_token_cost": 3e-07, "cache_read_input_token_cost_above_200k_tokens": 6e-07, "input_cost_per_token": 3e-06,
            "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token": 1.5e-05,
            "output_cost_per_token_above_200k_tokens": 2.25e-05, "cache_creation_input_token_cost_above_1hr": 6e-06, "mode": "chat",
            "search_context_cost_per_query": { "search_context_size_high": 0.01 } },
          "gemini/two-tiers": { "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06, "output_cost_per_reasoning_token": 3e-06,
            "input_cost_per_token_above_128k_tokens": 2e-06, "output_cost_per_token_above_256k_tokens": 5e-06 },
          "dashscope/qwen-flash": { "mode": "chat", "tiered_pricing": [
            { "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07, "range": [0, 256000.0] },
            { "input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06, "range": [256000.0, 1000000.0] } ] },
          "embedder": { "input_cost_per_token": 2e-08, "mode": "embedding" },
          "free": { "input_cost_per_token": 0.0, "output_cost_per_token": 0.0, "mode": "chat" },
          "half": { "input_cost_per_token": 1e-06, "mode": "chat" },
          "dall-e": { "input_cost_per_pixel": 1.9e-08, "mode": "image_generation" }
        }
        """;

    [Fact]
    public void The_file_of_LiteLLM_is_read_as_it_is()
    {
        ModelPricing pricing = ModelPricing.Parse(LiteLlm);

        Assert.Equal(
            ["claude-sonnet-4-5", "dashscope/qwen-flash", "embedder", "free", "gemini/two-tiers", "gpt-4o"],
            pricing.Prices.Keys.Order(StringComparer.Ordinal));
        ModelPrice gpt = pricing.Prices["gpt-4o"];
        Assert.Equal(
            (2.5m, 10m, 1.25m, null, null, 0),
            (gpt.Input, gpt.Output, gpt.CachedInput, gpt.CacheWrite, gpt.Reasoning, gpt.LongContext.Count));

        ModelPrice claude = pricing.Prices["claude-sonnet-4-5"];
        Assert.Equal((3m, 15m, 0.3m, 3.75m), (claude.Input, claude.Output, claude.CachedInput, claude.CacheWrite));
        LongContextPrice tier = Assert.Single(claude.LongContext);
        Assert.Equal(
            (200_000, 6m, 22.5m, 0.6m, 7.5m),
            (tier.AbovePromptTokenCount, tier.Price.Input, tier.Price.Output, tier.Price.CachedInput, tier.Price.CacheWrite));
        Assert.Equal((0.02m, 0m), (pricing.Prices["embedder"].Input, pricing.Prices["embedder"].Output));
    }

    [Theory]
    [InlineData("gemini/two-tiers", 128_000, 1_000_000, 0.128 + 2)]
    [InlineData("gemini/two-tiers", 128_001, 1_000_000, 0.256002 + 2)]
    [InlineData("gemini/two-tiers", 256_001, 1_000_000, 0.256001 + 5)]
    [InlineData("dashscope/qwen-flash", 256_000, 0, 0.0128)]
    [InlineData("dashscope/qwen-flash", 256_001, 1_000, 0.06400025 + 0.002)]
    [InlineData("free", 1_000_000, 1_000_000, 0)]
    public void A_call_is_charged_at_the_tier_of_its_prompt(string model, long prompt, long completion, double dollars) =>
        Assert.Equal((decimal)dollars, ModelPricing.Parse(LiteLlm).Find(model)!.Cost(prompt, completion));

    [Fact]
    public void Each_kind_of_token_has_its_price()
    {
        var price = new ModelPrice { Input = 1, Output = 10, CachedInput = 0.1m, CacheWrite = 2, Reasoning = 20 };
        Assert.Equal((700 * 1m + 200 * 0.1m + 100 * 2m + 60 * 10m + 40 * 20m) / 1_000_000, price.Cost(1000, 100, 200, 40, 100));

        var plain = new ModelPrice { Input = 1, Output = 10 };
        Assert.Equal(plain.Cost(1000, 100), plain.Cost(1000, 100, 200, 40, 100));
        Assert.Equal(0, plain.Cost(0, 0));

        // Some providers tell cached tokens beside the prompt, not in it.
        Assert.Equal(500 * 0.1m / 1_000_000, price.Cost(100, 0, cachedPromptTokens: 500));
        Assert.Equal(19 * (decimal)long.MaxValue / 1_000_000, new ModelPrice { Input = 9, Output = 10 }.Cost(long.MaxValue, long.MaxValue));
        Assert.Equal("reasoningTokens", Assert.Throws<ArgumentOutOfRangeException>(() => price.Cost(1, 1, 0, -1)).ParamName);
    }

    [Theory]
    [InlineData("gpt-4o", 1)]
    [InlineData("gpt-4o-2024-05-13", 2)]
    [InlineData("gpt-4o-2024-08-06", 1)]
    [InlineData("openai/gpt-4o", 1)]
    [InlineData("openai/gpt-4o-2024-05-13", 2)]
    [InlineData("openai/gpt-4o-2024-08-06", 1)]
    [InlineData("openrouter/openai/gpt-4o-2024-08-06", 1)]
    [InlineData("azure/gpt-4o", 3)]
    [InlineData("azure/gpt-4o-2024-08-06", 3)]
    [InlineData("claude-20250929", 4)]
    [InlineData("claude@20250929", 4)]
    [InlineData("vertex_ai/claude@20250929", 4)]
    [InlineData("GPT-4o", null)]
    [InlineData("gpt-4", null)]
    [InlineData("gpt-4o-mini", null)]
    [InlineData("gpt-4o-0806", null)]
    [InlineData("gpt-4o-2024-13-06", null)]
    [InlineData("gpt-4o2024-08-06", null)]
    [InlineData("-2024-08-06", null)]
    [InlineData("openai/", null)]
    [InlineData("", null)]
    public void A_name_is_found_exactly_then_without_provider_then_without_date(string name, int? input)
    {
        ModelPricing pricing = Pricing(("gpt-4o", 1), ("gpt-4o-2024-05-13", 2), ("azure/gpt-4o", 3), ("claude", 4));
        Assert.Equal(input, (int?)pricing.Find(name)?.Input);
    }

    [Fact]
    public void The_own_shape_is_read_from_text_and_from_configuration_alike()
    {
        const string Json = """
            { // ours
              "models": [
                { "name": "anthropic.m-v1:0", "input": 2.5, "cached_input": 1.25, "cache_write": 3, "output": 10, "reasoning": 12,
                  "long_context": [{ "above": 200000, "input": 5 }] },
                { "name": "n", "Input": "0.1", "output": 0, },
              ],
            }
            """;
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Prices:Models:0:Name"] = "anthropic.m-v1:0",
            ["Prices:Models:0:Input"] = "2.5",
            ["Prices:Models:0:CachedInput"] = "1.25",
            ["Prices:Models:0:CacheWrite"] = "3",
            ["Prices:Models:0:Output"] = "10",
            ["Prices:Models:0:Reasoning"] = "12",
            ["Prices:Models:0:LongContext:0:Above"] = "200000",
            ["Prices:Models:0:LongContext:0:Input"] = "5",
            ["Prices:Models:1:Name"] = "n",
            ["Prices:Models:1:Input"] = "0.1",
            ["Prices:Models:1:Output"] = "0",
        }).Build();

        foreach (
            ModelPricing pricing in new[] { ModelPricing.Parse(Json), ModelPricing.FromConfiguration(configuration.GetSection("Prices")) })
        {
            Assert.Equal(2, pricing.Prices.Count);
            Assert.Equal(0.1m, pricing.Prices["n"].Input);
            ModelPrice price = pricing.Prices["anthropic.m-v1:0"];
            Assert.Equal((2.5m, 10m, 1.25m, 3m, 12m), (price.Input, price.Output, price.CachedInput, price.CacheWrite, price.Reasoning));
            LongContextPrice tier = Assert.Single(price.LongContext);
            Assert.Equal(
                (200_000, 5m, 10m, 1.25m),
                (tier.AbovePromptTokenCount, tier.Price.Input, tier.Price.Output, tier.Price.CachedInput));
        }
    }

    [Theory]
    [InlineData("""{"models": [{"name": "m", "input": -1, "output": 1}]}""", "models[0].input: ")]
    [InlineData("""{"models": [{"name": "m", "input": 1, "output": "ten"}]}""", "models[0].output: must be a number, not 'ten'")]
    [InlineData("""{"models": [{"name": "m", "input": 1, "output": 1}, {"name": "n", "output": 1}]}""", "models[1].input: is required")]
    [InlineData("""{"models": [{"input": 1, "output": 1}]}""", "models[0].name: is required")]
    [InlineData("""{"models": [{"name": "m", "input": 1, "output": 1, "cached_imput": 1}]}""", "models[0].cached_imput: there is no such")]
    [InlineData(
        """{"models": [{"name": "m", "input": 1, "output": 1}, {"name": "m", "input": 1, "output": 1}]}""",
        "models[1].name: 'm' must not occur twice")]
    [InlineData(
        """{"models": [{"name": "m", "input": 1, "output": 1, "long_context": [{"input": 1}]}]}""",
        "models[0].long_context[0].above: ")]
    [InlineData("""{"models": [{"name": "m", "input": 1, "output": 1, "long_context": 5}]}""", "models[0].long_context: must be a list")]
    [InlineData("""{"models": [{"name": "m", "input": 1, "output": 2000000}]}""", "models[0].output: ")]
    [InlineData("""{"models": [], "currency": "EUR"}""", "currency: there is no such")]
    [InlineData("""{"models": []}""", "models: ")]
    [InlineData("""{"m": {"input": 1}}""", "models: ")]
    [InlineData("[]", "models: ")]
    [InlineData("{", "not valid JSON")]
    public void What_is_wrong_is_said_with_the_name_of_the_field(string json, string message) =>
        Assert.Contains(message, Assert.Throws<FormatException>(() => ModelPricing.Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_table_that_is_made_in_code_is_checked_too()
    {
        Assert.Contains("m: ", Assert.Throws<ArgumentException>(() => Pricing(("m", -1))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Pricing(("", 1)));
        Assert.Null(Pricing().Find("m"));
    }

    [Fact]
    public void The_well_known_prices_are_a_start_that_others_override()
    {
        Assert.Equal(2.5m, ModelPricing.WellKnown.Find("openai/gpt-4o-2024-08-06")!.Input);
        Assert.Equal(3m, ModelPricing.WellKnown.Find("claude-sonnet-4-5-20250929")!.Input);
        Assert.All(ModelPricing.WellKnown.Prices.Values, p => Assert.InRange(p.Input, 0.01m, 100m));

        using JsonDocument file = JsonDocument.Parse(typeof(ModelPricing).Assembly.GetManifestResourceStream("well-known-prices.json")!);
        Assert.Equal($"{ModelPricing.WellKnownDate:yyyy-MM-dd}", file.RootElement.GetProperty("date").GetString());
        Assert.All(
            file.RootElement.GetProperty("models").EnumerateArray(),
            model => Assert.StartsWith("litellm: ", model.GetProperty("source").GetString(), StringComparison.Ordinal));

        ModelPricing mine = ModelPricing.WellKnown.With(Pricing(("gpt-4o", 7), ("mine", 8)));
        Assert.Equal((7m, 8m), (mine.Find("gpt-4o")!.Input, mine.Find("mine")!.Input));
        Assert.Equal(ModelPricing.WellKnown.Find("gpt-4o-mini"), mine.Find("gpt-4o-mini"));
    }

    /// <summary>What is shipped is what the source of each price says, no more and no less.</summary>
    [Fact]
    public void The_well_known_prices_are_those_of_the_table_that_they_name()
    {
        DirectoryInfo? directory = new(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Afterimage.slnx")))
            directory = directory.Parent;
        string file = $"shared/data/prices/litellm-{ModelPricing.WellKnownDate:yyyy-MM-dd}.json";
        string? path = ((string[])["..", "../.."])
            .Select(above => Path.Combine(directory?.FullName ?? "", above, file))
            .FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "The table of LiteLLM is not beside the repository.");

        ModelPricing source = ModelPricing.Load(path);

        Assert.All(ModelPricing.WellKnown.Prices, model =>
        {
            ModelPrice price = source.Prices[model.Value.Source!["litellm: ".Length..]];
            AssertSame(price, model.Value);
            Assert.Equal(price.ServiceTiers.Keys.Order(), model.Value.ServiceTiers.Keys.Order());
            Assert.All(price.ServiceTiers, tier => AssertSame(tier.Value, model.Value.ServiceTiers[tier.Key]));
        });
        Assert.NotEmpty(source.LeftOut);

        static void AssertSame(ModelPrice expected, ModelPrice actual)
        {
            Assert.Equal(Plain(expected), Plain(actual));
            Assert.Equal(expected.LongContext, actual.LongContext);
        }

        static ModelPrice Plain(ModelPrice price) =>
            price with { LongContext = [], ServiceTiers = new ModelPrice { Input = 0, Output = 0 }.ServiceTiers, Source = null };
    }

    [Fact]
    public void What_was_left_out_of_the_prices_is_logged()
    {
        var entries = new InMemoryRecords();
        using var run = new MonitorRun(options =>
        {
            options.Pricing = ModelPricing.Parse(LiteLlm);
            options.LogHandlers.Add(entries);
        });
        run.Monitor.Dispose();

        Assert.Contains(
            entries.Entries,
            entry => entry.Message.StartsWith(
                "2 of 8 models have no price and were left out (2: \"input_cost_per_token\" and",
                StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"2026-07-24\"", true)]
    [InlineData("\"yesterday\"", false)]
    public void The_date_of_a_file_is_read(string date, bool isOne)
    {
        string json = $$"""{"date": {{date}}, "models": [{"name": "m", "input": 1, "output": 1, "source": "contract 7"}]}""";
        if (!isOne)
        {
            Assert.StartsWith("date: ", Assert.Throws<FormatException>(() => ModelPricing.Parse(json)).Message, StringComparison.Ordinal);
            return;
        }

        ModelPricing pricing = ModelPricing.Parse(json);
        Assert.Equal(new DateOnly(2026, 7, 24), pricing.Date);
        Assert.Equal("contract 7", pricing.Prices["m"].Source);
        Assert.Null(pricing.With(ModelPricing.WellKnown).Date);
    }

    private static ModelPricing Pricing(params (string Name, decimal Input)[] models) =>
        new(models.Select(m => KeyValuePair.Create(m.Name, new ModelPrice { Input = m.Input, Output = 1 })));
}
