using System.Globalization;
using Afterimage.Monitoring;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows prices, what they lack and how they differ, as tables.</summary>
internal static class PricesView
{
    private const int MaxName = 60;
    private const int MaxSource = 80;

    public static IRenderable Table(ModelPricing prices, string? file)
    {
        var table = new FittedTable(
            ("model", 0),
            ("input", 0),
            ("cached", 5),
            ("cache write", 4),
            ("output", 0),
            ("others", 2),
            ("from", 1))
        { TextColumns = [5, 6], Caption = Caption(prices, file) };
        foreach ((string model, ModelPrice price) in prices.Prices.OrderBy(model => model.Key, StringComparer.Ordinal))
        {
            string[] shown = ["input", "cached_input", "cache_write", "output"];
            IEnumerable<string> others = PriceChange.All(price)
                .Where(named => !shown.Contains(named.Name))
                .Select(named => $"{named.Name} {Price(named.Dollars)}");
            table.AddRow(
            [
                Format.Name(model, MaxName),
                Price(price.Input),
                Price(price.CachedInput),
                Price(price.CacheWrite),
                Price(price.Output),
                string.Join(", ", others),
                price.Source is null ? "" : Format.Name(price.Source, MaxSource),
            ]);
        }

        return table;
    }

    public static IRenderable Missing(IReadOnlyList<UnpricedModel> missing, int models)
    {
        var table = new FittedTable(("without a price", 0), ("asked for as", 1), ("calls", 0), ("tokens", 0))
        {
            TextColumns = [1],
            Caption = $"{Format.Count(missing.Count)} of {Format.Count(models)} models have no price here",
        };
        foreach (UnpricedModel model in missing)
        {
            table.AddRow(
            [
                model.ModelName is null ? "(no model)" : Format.Name(model.ModelName, MaxName),
                model.RequestModel is null ? "" : Format.Name(model.RequestModel, MaxName),
                Format.Count(model.Calls),
                Format.Count(model.TotalTokenCount),
            ]);
        }

        return table;
    }

    public static IRenderable Changes(IReadOnlyList<PriceChange> changes)
    {
        var table = new FittedTable(("model", 0), ("price", 0), ("old", 0), ("new", 0), ("change", 1))
        {
            TextColumns = [1],
            Caption = "US dollars per million tokens",
        };
        foreach (PriceChange change in changes)
        {
            table.AddRow(
            [
                Format.Name(change.ModelName, MaxName),
                change.Price,
                Price(change.Old),
                Price(change.New),
                change is { Old: > 0 and var old, New: { } now }
                    ? ((now - old) / old).ToString("+0.0 %;-0.0 %", CultureInfo.InvariantCulture)
                    : "",
            ]);
        }

        return table;
    }

    private static string Caption(ModelPricing prices, string? file)
    {
        string from = file is null ? "the built-in table" : Format.Name(file, MaxName);
        string date = prices.Date is { } day ? day.ToString("' of 'yyyy-MM-dd", CultureInfo.InvariantCulture) : "";
        string leftOut = prices.LeftOut.Count > 0 ? $"; {Format.Count(prices.LeftOut.Count)} models without a price were left out" : "";
        return $"US dollars per million tokens, {from}{date}{leftOut}";
    }

    private static string Price(decimal? dollars) => dollars?.ToString("0.##########", CultureInfo.InvariantCulture) ?? "";
}
