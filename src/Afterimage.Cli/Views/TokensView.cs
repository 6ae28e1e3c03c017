using Afterimage.Monitoring;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Afterimage.Cli.Views;

/// <summary>Shows generations and tokens by model, in descending order of tokens, and in total; if there are prices, also their
/// cost.</summary>
internal static class TokensView
{
    /// <param name="tokens">The tokens.</param>
    /// <param name="calls">The number of generations by model.</param>
    /// <param name="maxRows">The maximum number of models to show.</param>
    /// <param name="cost">The cost of the tokens; <see langword="null"/> if nothing was priced.</param>
    /// <param name="generations">The number of all generations, including those without a model; <see langword="null"/> if only those by
    /// model are known.</param>
    public static IRenderable Render(
        TokenUsageReport tokens,
        IReadOnlyDictionary<string, long> calls,
        int maxRows,
        CostReport? cost = null,
        long? generations = null)
    {
        List<(string Title, int Keep)> columns = cost is null
            ? [("model", 0), ("generations", 3), ("prompt tokens", 1), ("completion tokens", 2), ("total tokens", 0)]
            : [("model", 0), ("generations", 3), ("prompt", 1), ("completion", 2), ("total tokens", 4), ("cost", 0)];
        var table = new FittedTable(columns);
        Dictionary<string, ModelTokenUsage> usage = tokens.ByModel.ToDictionary(model => model.ModelName, StringComparer.Ordinal);

        // A model was used even if its calls have no tokens, or if nobody counted them.
        string[] models =
        [
            .. usage.Keys.Union(calls.Keys, StringComparer.Ordinal)
                .Union(cost?.ByModel.Select(model => model.ModelName) ?? [], StringComparer.Ordinal)
                .OrderByDescending(model => usage.GetValueOrDefault(model)?.TotalTokens ?? 0)
                .ThenByDescending(model => calls.GetValueOrDefault(model))
                .ThenBy(model => model, StringComparer.Ordinal),
        ];
        foreach (string model in models.Take(maxRows))
        {
            ModelTokenUsage? used = usage.GetValueOrDefault(model);

            // With another column, the names of the others must be shorter to fit into a terminal of 80 columns.
            List<string> row =
            [
                Format.Name(model, cost is null ? 22 : 18),
                calls.TryGetValue(model, out long count) ? Format.Count(count) : "",
                used is null ? "" : Format.Count(used.PromptTokens),
                used is null ? "" : Format.Count(used.CompletionTokens),
                used is null ? "" : Format.Count(used.TotalTokens),
            ];
            if (cost is not null)
            {
                ModelCost? of = cost.ByModel.FirstOrDefault(one => one.ModelName == model);
                row.Add(KeySummaryView.Cost(of?.CostUsd, of?.UnpricedTokenCount ?? 0));
            }

            table.AddRow(row);
        }

        if (models.Length > 1)
        {
            List<string> row =
            [
                "all",
                Format.Count(generations ?? calls.Values.Sum()),
                Format.Count(tokens.TotalPromptTokens),
                Format.Count(tokens.TotalCompletionTokens),
                Format.Count(tokens.TotalTokens),
            ];
            if (cost is not null)
                row.Add(KeySummaryView.Cost(RunCost.Dollars(cost), cost.UnpricedTokenCount, cost.UsageMissingCount));
            table.AddRow(row, new Style(decoration: Decoration.Bold));
        }

        if (models.Length > maxRows)
            table.Caption = $"and {Format.Count(models.Length - maxRows)} more models: --json has all";
        return table;
    }
}
