using System.Globalization;
using Afterimage.Monitoring.Settings;

namespace Afterimage.Monitoring.Pricing;

/// <summary>Reads prices in the project's own format.</summary>
internal static class PriceSettings
{
    public static ModelPricing Read(SettingsNode settings)
    {
        var prices = new Dictionary<string, ModelPrice>(StringComparer.Ordinal);
        foreach (SettingsNode model in settings.List("models"))
        {
            string name = model.RequiredText("name");
            if (!prices.TryAdd(name, Price(model)))
                throw model.Wrong("name", $"'{name}' must not occur twice.");
        }

        // The key is accepted for notes to the readers of the file.
        _ = settings.Text("note");
        _ = settings.List("see");
        DateOnly? date = Date(settings);
        settings.RefuseOthers();
        return prices.Count > 0
            ? new ModelPricing(prices) { Date = date }
            : throw settings.Wrong("models", "at least one model must have a price.");
    }

    private static DateOnly? Date(SettingsNode settings)
    {
        if (settings.Text("date") is not { } text)
            return null;
        return DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly date)
            ? date
            : throw settings.Wrong("date", $"must be a date such as 2026-07-24, not '{text}'.");
    }

    private static ModelPrice Price(SettingsNode model)
    {
        ModelPrice price = WithTiers(model, Prices(model, null)) with { Source = model.Text("source") };
        var services = new Dictionary<string, ModelPrice>(StringComparer.Ordinal);
        foreach (SettingsNode tier in model.List("service_tiers"))
        {
            string name = tier.RequiredText("tier").ToLowerInvariant();
            if (!services.TryAdd(name, WithTiers(tier, Prices(tier, null))))
                throw tier.Wrong("tier", $"'{name}' must not occur twice.");
            tier.RefuseOthers();
        }

        model.RefuseOthers();
        return services.Count == 0 ? price : price with { ServiceTiers = services };
    }

    private static ModelPrice WithTiers(SettingsNode model, ModelPrice price)
    {
        List<LongContextPrice> tiers = [];
        foreach (SettingsNode tier in model.List("long_context"))
        {
            long above = tier.Whole("above") ?? throw tier.Wrong("above", "is required.");
            if (above < 0)
                throw tier.Wrong("above", "must not be negative.");
            tiers.Add(new LongContextPrice { AbovePromptTokenCount = above, Price = Prices(tier, price) });
            tier.RefuseOthers();
        }

        return price with { LongContext = tiers };
    }

    private static ModelPrice Prices(SettingsNode node, ModelPrice? otherwise) => new()
    {
        Input = Dollars(node, "input") ?? otherwise?.Input ?? throw node.Wrong("input", "is required."),
        Output = Dollars(node, "output") ?? otherwise?.Output ?? throw node.Wrong("output", "is required."),
        CachedInput = Dollars(node, "cached_input") ?? otherwise?.CachedInput,
        CacheWrite = Dollars(node, "cache_write") ?? otherwise?.CacheWrite,
        CacheWriteOneHour = Dollars(node, "cache_write_1h") ?? otherwise?.CacheWriteOneHour,
        Reasoning = Dollars(node, "reasoning") ?? otherwise?.Reasoning,
        AudioInput = Dollars(node, "audio_input") ?? otherwise?.AudioInput,
        CachedAudioInput = Dollars(node, "cached_audio_input") ?? otherwise?.CachedAudioInput,
        AudioOutput = Dollars(node, "audio_output") ?? otherwise?.AudioOutput,
        ImageOutput = Dollars(node, "image_output") ?? otherwise?.ImageOutput,
    };

    private static decimal? Dollars(SettingsNode node, string key) => node.Decimal(key) switch
    {
        < 0 or > ModelPrice.Highest => throw node.Wrong(key, $"must be from 0 to {ModelPrice.Highest:0} US dollars per million tokens."),
        var dollars => dollars,
    };
}
