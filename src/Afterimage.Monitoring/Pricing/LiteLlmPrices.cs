using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring.Pricing;

/// <summary>Reads the prices of LiteLLM's <c>model_prices_and_context_window.json</c>, which are per token.</summary>
internal static class LiteLlmPrices
{
    private const string InputKey = "input_cost_per_token";
    private const string OutputKey = "output_cost_per_token";
    private const string TierStart = "_above_";
    private const string TierEnd = "_tokens";
    private static readonly (string Name, string Suffix)[] ServiceSuffixes =
        [("batch", "_batches"), ("flex", "_flex"), ("priority", "_priority")];

    private static readonly string[] CachedInputKeys = ["cache_read_input_token_cost", "input_cost_per_token_cache_hit"];

    /// <exception cref="FormatException">No model in it has a price for tokens.</exception>
    public static ModelPricing Read(JsonElement root)
    {
        var prices = new Dictionary<string, ModelPrice>(StringComparer.Ordinal);
        var leftOut = new Dictionary<string, string>(StringComparer.Ordinal);
        if (root.ValueKind == JsonValueKind.Object)
        {
            // The file describes itself in an entry whose prices are zero and meaningless.
            foreach (
                JsonProperty model in root.EnumerateObject()
                    .Where(m => m.Name is not ("" or "sample_spec") && m.Value.ValueKind == JsonValueKind.Object))
            {
                try
                {
                    ModelPrice price = Price(model.Value);
                    if (ModelPricing.Fault(price) is { } fault)
                        throw new FormatException(fault);
                    prices[model.Name] = price;
                }
                catch (FormatException e)
                {
                    leftOut[model.Name] = e.Message;
                }
            }
        }

        return prices.Count > 0
            ? new ModelPricing(prices) { LeftOut = leftOut.ToFrozenDictionary(StringComparer.Ordinal) }
            : throw new FormatException(
                "models: at least one model must have a price. "
                    + $"The file must contain a list \"models\", or be LiteLLM's, whose entries have \"{InputKey}\".");
    }

    private static ModelPrice Price(JsonElement model)
    {
        List<LongContextPrice> tiers = [];
        ModelPrice? price = Prices(model, "", null);
        if (price is not null)
        {
            if (PriceBesideZero(model, price) is { } other)
                throw new FormatException($"the price per token must not be zero, because {other} is not.");
            tiers.AddRange(LongContext(model, "", price));
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
                    || bounds[0].ValueKind != JsonValueKind.Number
                    || !bounds[0].TryGetDouble(out double from)
                    || Prices(range, "", price) is not { } inRange)
                {
                    throw new FormatException("a range of tiered_pricing must have bounds and a price.");
                }

                if (price is null)
                    price = inRange;
                else
                    tiers.Add(new LongContextPrice { AbovePromptTokenCount = (long)from, Price = inRange });
            }
        }

        return price is null
            ? throw new FormatException($"\"{InputKey}\" and \"{OutputKey}\" are required.")
            : price with { LongContext = tiers, ServiceTiers = ServiceTiers(model), Source = Source(model) };
    }

    private static IReadOnlyDictionary<string, ModelPrice> ServiceTiers(JsonElement model)
    {
        var tiers = new Dictionary<string, ModelPrice>(StringComparer.Ordinal);
        foreach ((string name, string suffix) in ServiceSuffixes)
        {
            if (Prices(model, suffix, null) is { } price)
                tiers.Add(name, price with { LongContext = [.. LongContext(model, suffix, price)] });
        }

        return tiers.Count == 0 ? FrozenDictionary<string, ModelPrice>.Empty : tiers;
    }

    private static IEnumerable<LongContextPrice> LongContext(JsonElement model, string service, ModelPrice price) =>
        Tiers(model, service).Select(tier => new LongContextPrice
        {
            AbovePromptTokenCount = tier.Above,
            Price = Prices(model, tier.Suffix, price)!,
        });

    private static string? Source(JsonElement model) =>
        model.TryGetProperty("source", out JsonElement source) && source.ValueKind == JsonValueKind.String ? source.GetString() : null;

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
            CachedInput = PerMillion(entry, CachedInputKeys[0] + suffix)
                ?? PerMillion(entry, CachedInputKeys[1] + suffix)
                ?? otherwise?.CachedInput,
            CacheWrite = PerMillion(entry, "cache_creation_input_token_cost" + suffix) ?? otherwise?.CacheWrite,
            CacheWriteOneHour = PerMillion(entry, "cache_creation_input_token_cost_above_1hr" + suffix) ?? otherwise?.CacheWriteOneHour,
            Reasoning = PerMillion(entry, "output_cost_per_reasoning_token" + suffix) ?? otherwise?.Reasoning,
            AudioInput = PerMillion(entry, "input_cost_per_audio_token" + suffix) ?? otherwise?.AudioInput,
            CachedAudioInput = PerMillion(entry, "cache_read_input_audio_token_cost" + suffix) ?? otherwise?.CachedAudioInput,
            AudioOutput = PerMillion(entry, "output_cost_per_audio_token" + suffix) ?? otherwise?.AudioOutput,
            ImageOutput = PerMillion(entry, "output_cost_per_image_token" + suffix) ?? otherwise?.ImageOutput,
        };
    }

    /// <summary>Returns the tiers by prompt length, each once: the number of tokens above which a tier begins, and the suffix of its
    /// keys.</summary>
    private static IEnumerable<(long Above, string Suffix)> Tiers(JsonElement model, string service)
    {
        var suffixes = new HashSet<string>(StringComparer.Ordinal);
        string end = TierEnd + service;
        foreach (string name in model.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null).Select(p => p.Name))
        {
            int start = name.LastIndexOf(TierStart, StringComparison.Ordinal);
            if (
                start < 0
                || !name.AsSpan(0, start).Contains("_cost", StringComparison.Ordinal)
                || !name.EndsWith(end, StringComparison.Ordinal)
                || name.Length - end.Length - 1 <= start + TierStart.Length)
                continue;

            ReadOnlySpan<char> size = name.AsSpan()[(start + TierStart.Length)..^end.Length];
            long unit = size[^1] switch { 'k' => 1_000, 'm' => 1_000_000, _ => 0 };
            if (
                unit > 0
                && int.TryParse(size[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int units)
                && suffixes.Add(name[start..]))
                yield return (units * unit, name[start..]);
        }
    }

    /// <summary>Finds another price, in any unit, that makes a zero price per token meaningless; null: there is none.</summary>
    private static string? PriceBesideZero(JsonElement model, ModelPrice price)
    {
        if (price.Input > 0 && (price.Output > 0 || IsWithoutOutput(model)))
            return null;

        foreach (JsonProperty property in model.EnumerateObject())
        {
            string name = property.Name;
            bool isPrice = name.Contains("cost", StringComparison.Ordinal) || name.Contains("pric", StringComparison.Ordinal);
            if (isPrice && name is not (InputKey or OutputKey) && HasAmount(property.Value))
                return name;
        }

        return null;
    }

    private static bool HasAmount(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble() > 0,
        JsonValueKind.String => double.TryParse(value.GetString(), CultureInfo.InvariantCulture, out double number) && number > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(member => HasAmount(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasAmount),
        _ => false,
    };

    // Embeddings and rankings have no completion, so that their entries need no price for it.
    private static bool IsWithoutOutput(JsonElement model) =>
        model.TryGetProperty("mode", out JsonElement mode)
        && mode.ValueKind == JsonValueKind.String
        && mode.GetString() is "embedding" or "rerank";

    /// <returns>US dollars per million tokens; null if the entry has no such key.</returns>
    /// <exception cref="FormatException">The value is not a price.</exception>
    private static decimal? PerMillion(JsonElement entry, string key)
    {
        if (!entry.TryGetProperty(key, out JsonElement price) || price.ValueKind == JsonValueKind.Null)
            return null;

        decimal perToken = -1;
        bool isNumber = price.ValueKind switch
        {
            JsonValueKind.Number => price.TryGetDecimal(out perToken),
            JsonValueKind.String => decimal.TryParse(price.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out perToken),
            _ => false,
        };
        return isNumber && perToken is >= 0 and <= 1
            ? perToken * 1_000_000
            : throw new FormatException($"{key} must be a price from 0 to 1 US dollar per token, not '{price}'.");
    }
}
