using System.Collections.Frozen;
using System.Text.Json;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Settings;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring;

/// <summary>The prices of models by name. Immutable.</summary>
/// <remarks>Prices change and differ by contract: those of <see cref="WellKnown"/> are a start, to be overridden with
/// <see cref="With"/>.</remarks>
public sealed class ModelPricing
{
    private static readonly Lazy<ModelPricing> LazyWellKnown = new(WellKnownPrices);

    private readonly FrozenDictionary<string, ModelPrice> _prices;

    /// <summary>Makes a table.</summary>
    /// <param name="prices">The prices by model name. Names are compared by their characters.</param>
    /// <exception cref="ArgumentException">A name is empty, or a price is out of its range; the exception says which.</exception>
    public ModelPricing(IEnumerable<KeyValuePair<string, ModelPrice>> prices)
    {
        ArgumentNullException.ThrowIfNull(prices);
        var copy = new Dictionary<string, ModelPrice>(StringComparer.Ordinal);
        foreach ((string name, ModelPrice price) in prices)
        {
            if (string.IsNullOrEmpty(name) || price is null)
                throw new ArgumentException("A model has a name and a price.", nameof(prices));
            if (Fault(price) is { } fault)
                throw new ArgumentException($"{name}: {fault}", nameof(prices));
            copy[name] = price;
        }

        _prices = copy.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>List prices of well-known models, standard tier, as LiteLLM's table had them on <see cref="WellKnownDate"/>. Check them
    /// before you rely on them.</summary>
    /// <remarks>
    /// The <see cref="ModelPrice.Source"/> of each says which entry of that table it is from. <c>Pricing/well-known-prices.json</c> also
    /// says where the vendors publish theirs. The table is not updated by itself.
    /// </remarks>
    public static ModelPricing WellKnown => LazyWellKnown.Value;

    /// <summary>The day of the table that the prices of <see cref="WellKnown"/> are from.</summary>
    public static DateOnly WellKnownDate => WellKnown.Date!.Value;

    /// <summary>The day from which the prices are, as their file says; <see langword="null"/> where it does not, or where the table was put
    /// together from several.</summary>
    public DateOnly? Date { get; internal init; }

    /// <summary>The prices by model name.</summary>
    public IReadOnlyDictionary<string, ModelPrice> Prices => _prices;

    /// <summary>The models of a file that were left out when it was read, each with the reason. Their calls are unpriced. Default:
    /// none.</summary>
    public IReadOnlyDictionary<string, string> LeftOut { get; internal init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Reads a file of prices; see <see cref="Parse"/>.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The prices.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">Its content is wrong; the exception says where.</exception>
    public static ModelPricing Load(string path) => Parse(SettingsText.ReadFile(path));

    /// <summary>Reads prices from JSON, in either of two shapes.</summary>
    /// <remarks>
    /// <para>The project's own, US dollars per million tokens; what a long-context tier does not say is as in its model:
    /// <c>{"models": [{"name": "m", "input": 2.5, "cached_input": 1.25, "cache_write": 3, "cache_write_1h": 5, "output": 10,
    /// "reasoning": 12, "audio_input": 40, "cached_audio_input": 4, "audio_output": 80, "image_output": 30,
    /// "long_context": [{"above": 200000, "input": 5, "output": 15}],
    /// "service_tiers": [{"tier": "batch", "input": 1.25, "output": 5}]}]}</c>. A service tier has prices of its own only.</para>
    /// <para>LiteLLM's <c>model_prices_and_context_window.json</c> as it is
    /// (<see href="https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"/>): prices per token, with
    /// <c>cache_read_input_token_cost</c>, <c>cache_creation_input_token_cost</c> and its <c>_above_1hr</c>,
    /// <c>output_cost_per_reasoning_token</c>, the tier suffix
    /// <c>_above_200k_tokens</c>, <c>tiered_pricing</c>, and the prices of audio and image tokens. Entries without a price for tokens, or
    /// with a zero beside a price of another unit (query, image, request, second), are left out and named in <see cref="LeftOut"/>. The
    /// suffixes <c>_batches</c>, <c>_flex</c> and <c>_priority</c> are the service tiers batch, flex and priority.</para>
    /// </remarks>
    /// <param name="json">The JSON text.</param>
    /// <returns>The prices.</returns>
    /// <exception cref="FormatException">It is no JSON, a field is wrong (the exception names it), or no model in it has a
    /// price.</exception>
    public static ModelPricing Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        using JsonDocument document = SettingsText.Parse(json);
        return
            document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("models", out JsonElement models)
            && models.ValueKind == JsonValueKind.Array
            ? PriceSettings.Read(SettingsNode.Of(document.RootElement))
            : LiteLlmPrices.Read(document.RootElement);
    }

    /// <summary>Reads prices from configuration, in the project's own shape; see <see cref="Parse"/>.</summary>
    /// <param name="configuration">The section that has <c>Models</c>.</param>
    /// <returns>The prices.</returns>
    /// <exception cref="FormatException">A field is wrong; the exception names it.</exception>
    public static ModelPricing FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return PriceSettings.Read(SettingsNode.Of(configuration));
    }

    /// <summary>These prices, overridden and extended by others.</summary>
    /// <param name="overrides">The prices that count where both have one.</param>
    /// <returns>The table of both.</returns>
    public ModelPricing With(ModelPricing overrides)
    {
        ArgumentNullException.ThrowIfNull(overrides);
        return new ModelPricing(_prices.Concat(overrides._prices))
        {
            LeftOut = LeftOut.Concat(overrides.LeftOut)
                .Where(model => !_prices.ContainsKey(model.Key) && !overrides._prices.ContainsKey(model.Key))
                .DistinctBy(model => model.Key)
                .ToFrozenDictionary(),
        };
    }

    /// <summary>Finds a model's price.</summary>
    /// <remarks>
    /// The first that the table has of: the name as it is; the name without its provider, <c>openai/gpt-4o-2024-08-06</c> as
    /// <c>gpt-4o-2024-08-06</c> (of several prefixes first one, then more); each of these without a date at its end, <c>gpt-4o</c>
    /// (<c>-yyyy-MM-dd</c>, <c>-yyyyMMdd</c> or the same after <c>@</c>). Nothing is guessed beyond that.
    /// </remarks>
    /// <param name="modelName">The name, as recorded.</param>
    /// <returns>The price; <see langword="null"/> where it is not known.</returns>
    public ModelPrice? Find(string modelName)
    {
        ArgumentNullException.ThrowIfNull(modelName);
        for (string? name = modelName; name is not null; name = ModelNames.WithoutProvider(name))
        {
            if (_prices.TryGetValue(name, out ModelPrice? price))
                return price;
        }

        int dateLength = ModelNames.DateLength(modelName);
        return dateLength == 0 ? null : Find(modelName[..^dateLength]);
    }

    /// <summary>A call's price: that of the model that answered, or else of the one that was asked for.</summary>
    internal ModelPrice? Find(string? answered, string? asked) =>
        (answered is null ? null : Find(answered)) ?? (asked is null ? null : Find(asked));

    internal static string? Fault(ModelPrice price) =>
        FaultOfOne(price) ?? price.ServiceTiers.Values.Select(FaultOfOne).FirstOrDefault(fault => fault is not null);

    private static string? FaultOfOne(ModelPrice price)
    {
        foreach (
            decimal? dollars in (ReadOnlySpan<decimal?>)
            [
                price.Input, price.Output, price.CachedInput, price.CacheWrite, price.CacheWriteOneHour, price.Reasoning, price.AudioInput,
                price.CachedAudioInput, price.AudioOutput, price.ImageOutput,
            ])
        {
            if (dollars is < 0 or > ModelPrice.Highest)
                return $"{dollars} is no price: it is from 0 to {ModelPrice.Highest:0} US dollars per million tokens.";
        }

        foreach (LongContextPrice tier in price.LongContext)
        {
            if (tier.AbovePromptTokenCount < 0)
                return "a long-context tier begins at zero tokens or above.";
            if (FaultOfOne(tier.Price) is { } fault)
                return fault;
        }

        return null;
    }

    private static ModelPricing WellKnownPrices()
    {
        using Stream stream = typeof(ModelPricing).Assembly.GetManifestResourceStream("well-known-prices.json")!;
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd());
    }
}
