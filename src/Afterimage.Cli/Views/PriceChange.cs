using Afterimage.Monitoring;

namespace Afterimage.Cli.Views;

/// <summary>A difference between two price tables in one price of one model.</summary>
/// <param name="ModelName">The model.</param>
/// <param name="Price">The name of the price, as in docs/cost.md.</param>
/// <param name="Old">US dollars per million tokens; null: there was no price.</param>
/// <param name="New">US dollars per million tokens; null: there is no price any more.</param>
internal sealed record PriceChange(string ModelName, string Price, decimal? Old, decimal? New)
{
    public static IReadOnlyList<PriceChange> Between(ModelPricing older, ModelPricing newer) =>
    [
        .. older.Prices.Keys.Union(newer.Prices.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal).SelectMany(model =>
        {
            IReadOnlyList<(string Name, decimal Dollars)> before = Of(older, model);
            IReadOnlyList<(string Name, decimal Dollars)> after = Of(newer, model);
            return before.Select(price => price.Name)
                .Union(after.Select(price => price.Name), StringComparer.Ordinal)
                .Select(price => new PriceChange(model, price, Find(before, price), Find(after, price)))
                .Where(change => change.Old != change.New);
        }),
    ];

    /// <summary>Returns all prices of a model, by the keys of docs/cost.md.</summary>
    public static IReadOnlyList<(string Name, decimal Dollars)> All(ModelPrice price) => [.. Named(price, "").OfType<(string, decimal)>()];

    private static IReadOnlyList<(string Name, decimal Dollars)> Of(ModelPricing pricing, string model) =>
        pricing.Prices.TryGetValue(model, out ModelPrice? price) ? All(price) : [];

    private static decimal? Find(IReadOnlyList<(string Name, decimal Dollars)> prices, string name)
    {
        foreach ((string other, decimal dollars) in prices)
        {
            if (other == name)
                return dollars;
        }

        return null;
    }

    private static IEnumerable<(string Name, decimal Dollars)?> Named(ModelPrice price, string prefix)
    {
        yield return One("input", price.Input);
        yield return One("cached_input", price.CachedInput);
        yield return One("cache_write", price.CacheWrite);
        yield return One("cache_write_1h", price.CacheWriteOneHour);
        yield return One("output", price.Output);
        yield return One("reasoning", price.Reasoning);
        yield return One("audio_input", price.AudioInput);
        yield return One("cached_audio_input", price.CachedAudioInput);
        yield return One("audio_output", price.AudioOutput);
        yield return One("image_output", price.ImageOutput);
        foreach (LongContextPrice tier in price.LongContext.OrderBy(tier => tier.AbovePromptTokenCount))
        {
            string above = FormattableString.Invariant($"{prefix}above {tier.AbovePromptTokenCount} ");
            foreach ((string Name, decimal Dollars)? named in Named(tier.Price, above))
                yield return named;
        }

        foreach ((string tier, ModelPrice of) in price.ServiceTiers.OrderBy(tier => tier.Key, StringComparer.Ordinal))
        {
            foreach ((string Name, decimal Dollars)? named in Named(of, $"{prefix}{tier} "))
                yield return named;
        }

        (string, decimal)? One(string name, decimal? dollars) => dollars is { } known ? (prefix + name, known) : null;
    }
}
