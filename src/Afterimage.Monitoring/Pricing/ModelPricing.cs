using System.Collections.Frozen;
using System.Text.Json;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Settings;
using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring;

/// <summary>A table of prices by model name. Immutable.</summary>
/// <remarks>Prices change and differ by contract. Those of <see cref="WellKnown"/> are a start, to be overridden by
/// <see cref="With"/>.</remarks>
public sealed class ModelPricing
{
    private static readonly Lazy<ModelPricing> LazyWellKnown = new(WellKnownPrices);

    private readonly FrozenDictionary<string, ModelPrice> _prices;

    /// <summary>Creates a table.</summary>
    /// <param name="prices">The prices by model name. The comparison of names is ordinal.</param>
    /// <exception cref="ArgumentException">A name is empty, or a price is out of its range; the exception names it.</exception>
    public ModelPricing(IEnumerable<KeyValuePair<string, ModelPrice>> prices)
    {
        ArgumentNullException.ThrowIfNull(prices);
        var copy = new Dictionary<string, ModelPrice>(StringComparer.Ordinal);
        foreach ((string name, ModelPrice price) in prices)
        {
            if (string.IsNullOrEmpty(name) || price is null)
                throw new ArgumentException("A model must have a name and a price.", nameof(prices));
            if (Fault(price) is { } fault)
                throw new ArgumentException($"{name}: {fault}", nameof(prices));
            copy[name] = price;
        }

        _prices = copy.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>List prices of well-known models, standard tier, as in LiteLLM's table on <see cref="WellKnownDate"/>. Check them before
    /// you rely on them.</summary>
    /// <remarks>
    /// The <see cref="ModelPrice.Source"/> of each price names the entry of that table that it comes from.
    /// <c>Pricing/well-known-prices.json</c> also names the pages where the vendors publish theirs. The table does not update itself.
    /// </remarks>
    public static ModelPricing WellKnown => LazyWellKnown.Value;

    /// <summary>The date of the LiteLLM table from which the prices of <see cref="WellKnown"/> are taken.</summary>
    public static DateOnly WellKnownDate => WellKnown.Date!.Value;

    /// <summary>The date of the prices, as given by their file; <see langword="null"/> if the file gives none, or if the table was combined
    /// from several.</summary>
    public DateOnly? Date { get; internal init; }

    /// <summary>The prices by model name.</summary>
    public IReadOnlyDictionary<string, ModelPrice> Prices => _prices;

    /// <summary>The models of a file that were left out when it was read, each with the reason. Calls to them are unpriced. Default:
    /// none.</summary>
    public IReadOnlyDictionary<string, string> LeftOut { get; internal init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Reads a file of prices; see <see cref="Parse"/>.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The prices.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="FormatException">The content of the file is wrong; the exception says where.</exception>
    public static ModelPricing Load(string path) => Parse(SettingsText.ReadFile(path));

    /// <summary>Reads prices from JSON in one of two formats.</summary>
    /// <remarks>
    /// <para>The project's own format, in US dollars per million tokens. Prices that a long-context tier lacks are taken from its model; a
    /// service tier has only prices of its own: <c>{"models": [{"name": "m", "input": 2.5, "cached_input": 1.25, "cache_write": 3,
    /// "cache_write_1h": 5, "output": 10, "reasoning": 12, "audio_input": 40, "cached_audio_input": 4, "audio_output": 80, "image_output":
    /// 30, "long_context": [{"above": 200000, "input": 5, "output": 15}], "service_tiers": [{"tier": "batch", "input": 1.25, "output":
    /// 5}]}]}</c>.</para>
    /// <para>LiteLLM's <c>model_prices_and_context_window.json</c>, unchanged
    /// (<see href="https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json"/>): prices per token, with
    /// <c>cache_read_input_token_cost</c>, <c>cache_creation_input_token_cost</c> and its <c>_above_1hr</c>,
    /// <c>output_cost_per_reasoning_token</c>, the tier suffix <c>_above_200k_tokens</c>, <c>tiered_pricing</c>, and the prices of audio
    /// and image tokens. Entries without a price for tokens, or with a zero and a price in another unit (query, image, request, second),
    /// are left out and named in <see cref="LeftOut"/>. The suffixes <c>_batches</c>, <c>_flex</c> and <c>_priority</c> are the service
    /// tiers batch, flex and priority.</para>
    /// </remarks>
    /// <param name="json">The JSON text.</param>
    /// <returns>The prices.</returns>
    /// <exception cref="FormatException">The text is not valid JSON, a field is wrong (the exception names it), or no model in it has a
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

    /// <summary>Reads prices from configuration, in the project's own format; see <see cref="Parse"/>.</summary>
    /// <param name="configuration">The section that contains <c>Models</c>.</param>
    /// <returns>The prices.</returns>
    /// <exception cref="FormatException">A field is wrong; the exception names it.</exception>
    public static ModelPricing FromConfiguration(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return PriceSettings.Read(SettingsNode.Of(configuration));
    }

    /// <summary>Combines this table with another, whose prices take precedence.</summary>
    /// <param name="overrides">The prices that take precedence where both tables have one.</param>
    /// <returns>The combined table.</returns>
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

    /// <summary>Finds the price of a model.</summary>
    /// <remarks>
    /// Tries these names in order: the name as it is; the name without its provider (<c>openai/gpt-4o-2024-08-06</c> as
    /// <c>gpt-4o-2024-08-06</c>; of several prefixes, one is removed first, then more); each of these without a date at its end
    /// (<c>gpt-4o</c>; the date is <c>-yyyy-MM-dd</c>, <c>-yyyyMMdd</c> or the same after <c>@</c>). No other names are tried.
    /// </remarks>
    /// <param name="modelName">The name, as recorded.</param>
    /// <returns>The price; <see langword="null"/> if it is unknown.</returns>
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

    /// <summary>Finds the price of a call: that of the model that answered or, failing that, of the model that was requested.</summary>
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
                return $"the price {dollars} must be from 0 to {ModelPrice.Highest:0} US dollars per million tokens.";
        }

        foreach (LongContextPrice tier in price.LongContext)
        {
            if (tier.AbovePromptTokenCount < 0)
                return "the start of a long-context tier must not be negative.";
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
