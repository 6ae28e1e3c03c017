using System.Globalization;

namespace Afterimage.Monitoring.Pricing;

/// <summary>Describes which models of a price file were left out, and why.</summary>
internal static class LeftOutPrices
{
    private const int MaxReasons = 3;

    /// <returns>A sentence; null if nothing was left out.</returns>
    public static string? Text(ModelPricing? pricing)
    {
        if (pricing is null || pricing.LeftOut.Count == 0)
            return null;

        (string Reason, int Count)[] reasons =
        [
            .. pricing.LeftOut.Values.GroupBy(reason => reason.TrimEnd('.'), StringComparer.Ordinal)
                .Select(group => (group.Key, group.Count()))
                .OrderByDescending(reason => reason.Item2)
                .ThenBy(reason => reason.Key, StringComparer.Ordinal),
        ];
        IEnumerable<string> said = reasons.Take(MaxReasons)
            .Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Count}: {r.Reason}"));
        int others = reasons.Skip(MaxReasons).Sum(reason => reason.Count);
        int all = pricing.LeftOut.Count + pricing.Prices.Count;
        string why = string.Join(
            "; ",
            others > 0 ? said.Append(string.Create(CultureInfo.InvariantCulture, $"{others}: other reasons")) : said);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{pricing.LeftOut.Count} of {all} models have no price and were left out ({why})");
    }
}
