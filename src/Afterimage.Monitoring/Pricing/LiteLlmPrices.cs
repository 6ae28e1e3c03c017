using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Pricing;

/// <summary>The prices of LiteLLM's <c>model_prices_and_context_window.json</c>, which are per token.</summary>
internal static class LiteLlmPrices
{
    private const string TierStart = "_above_";
    private const string TierEnd = "k_tokens";
    private const string InputKey = "input_cost_per_token";
    private const string OutputKey = "output_cost_per_token";

    /// <exception cref="FormatException">No model in it has a price for tokens.</exception>
    public static ModelPricing Read(JsonElement root)
    {
        var prices = new Dictionary<string, ModelPrice>(StringComparer.Ordinal);
        if (root.ValueKind == JsonValueKind.Object)
        {
            // The file describes itself by an entry whose prices are zero and mean nothing.
            foreach (
                JsonProperty model in root.EnumerateObject()
                    .Where(m => m.Name is not ("" or "sample_spec") && m.Value.ValueKind == JsonValueKind.Object))
            {
                if (Price(model.Value) is { } price && ModelPricing.Fault(price) is null)
                    prices[model.Name] = price;
            }
        }

        return prices.Count > 0
            ? new ModelPricing(prices)
            : throw new FormatException(
                $"models: no model has a price. Prices are a list \"models\", or LiteLLM's file, whose entries have \"{InputKey}\".");
    }

    private static ModelPrice? Price(JsonElement model)
    {
        List<LongContextPrice> tiers = [];
        ModelPrice? price = Prices(model, "", null);
        if (price is not null)
        {
            foreach (int thousands in Tiers(model))
                tiers.Add(new LongContextPrice(thousands * 1000L, Prices(model, $"{TierStart}{thousands}{TierEnd}", price)!));
        }
        else if (model.TryGetProperty("tiered_pricing", out JsonElement ranges) && ranges.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement range in ranges.EnumerateArray())
            {
                if (
                    range.ValueKind != JsonValueKind.Object
                    || !range.TryGetProperty("range", out JsonElement bounds)
                    || bounds.ValueKind != JsonValueKind.Array
                    || bounds.GetArrayLength() == 0
                    || !bounds[0].TryGetDouble(out double from)
                    || Prices(range, "", price) is not { } inRange)
                {
                    return null;
                }

                if (price is null)
                    price = inRange;
                else
                    tiers.Add(new LongContextPrice((long)from, inRange));
            }
        }

        return price is null ? null : price with { LongContext = tiers };
    }

    private static ModelPrice? Prices(JsonElement entry, string suffix, ModelPrice? otherwise)
    {
        decimal? input = PerMillion(entry, InputKey + suffix) ?? otherwise?.Input;
        decimal? output = PerMillion(entry, OutputKey + suffix) ?? otherwise?.Output ?? (IsWithoutOutput(entry) ? 0 : null);
        if (input is null || output is null)
            return null;

        return new ModelPrice
        {
            Input = input.Value,
            Output = output.Value,
            CachedInput = PerMillion(entry, "cache_read_input_token_cost" + suffix) ?? otherwise?.CachedInput,
            CacheWrite = PerMillion(entry, "cache_creation_input_token_cost" + suffix) ?? otherwise?.CacheWrite,
            Reasoning = PerMillion(entry, "output_cost_per_reasoning_token" + suffix) ?? otherwise?.Reasoning,
        };
    }

    private static IEnumerable<int> Tiers(JsonElement model)
    {
        foreach (JsonProperty property in model.EnumerateObject())
        {
            string name = property.Name;
            foreach (string key in (string[])[InputKey, OutputKey])
            {
                // One key a tier is enough: output counts where the tier has no input price.
                if (
                    name.StartsWith(key + TierStart, StringComparison.Ordinal)
                    && name.EndsWith(TierEnd, StringComparison.Ordinal)
                    && int.TryParse(
                        name.AsSpan()[(key.Length + TierStart.Length)..^TierEnd.Length],
                        NumberStyles.None,
                        CultureInfo.InvariantCulture,
                        out int thousands)
                    && (key == InputKey || !model.TryGetProperty($"{InputKey}{TierStart}{thousands}{TierEnd}", out _)))
                {
                    yield return thousands;
                }
            }
        }
    }

    // Embeddings and rankings have no completion: their entries may do without a price for it.
    private static bool IsWithoutOutput(JsonElement model) =>
        model.TryGetProperty("mode", out JsonElement mode)
        && mode.ValueKind == JsonValueKind.String
        && mode.GetString() is "embedding" or "rerank";

    private static decimal? PerMillion(JsonElement entry, string key) =>
        entry.TryGetProperty(key, out JsonElement price)
        && price.ValueKind == JsonValueKind.Number
        && price.TryGetDecimal(out decimal perToken)
        && perToken <= 1
            ? perToken * 1_000_000
            : null;
}
