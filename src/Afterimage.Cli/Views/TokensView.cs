using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Views;

/// <summary>Tokens by model, the largest first, and in total; with prices also what they cost.</summary>
internal static class TokensView
{
    /// <param name="tokens">The tokens.</param>
    /// <param name="calls">Generations by model.</param>
    /// <param name="maxRows">How many models to show.</param>
    /// <param name="cost">What they cost; <see langword="null"/> where nothing was priced.</param>
    public static Table Render(TokenUsageReport tokens, IReadOnlyDictionary<string, long> calls, int maxRows, CostReport? cost = null)
    {
        // With a column more the names of the others must be shorter, for a terminal of 80 columns.
        Table table = cost is null
            ? Tables.Create("model", "generations", "prompt tokens", "completion tokens", "total tokens")
            : Tables.Create("model", "generations", "prompt", "completion", "total tokens", "cost");
        foreach (ModelTokenUsage model in tokens.ByModel.OrderByDescending(model => model.TotalTokens).Take(maxRows))
        {
            List<Text> row =
            [
                Tables.Name(model.ModelName, cost is null ? 22 : 18),
                Tables.Number(calls.TryGetValue(model.ModelName, out long count) ? Format.Count(count) : ""),
                Tables.Number(Format.Count(model.PromptTokens)),
                Tables.Number(Format.Count(model.CompletionTokens)),
                Tables.Number(Format.Count(model.TotalTokens)),
            ];
            if (cost is not null)
                row.Add(Tables.Number(Cost(cost.ByModel.FirstOrDefault(m => m.ModelName == model.ModelName))));
            table.AddRow(row);
        }

        if (tokens.ByModel.Count > 1)
        {
            var bold = new Style(decoration: Decoration.Bold);
            List<Text> row =
            [
                new("all", bold),
                new(""),
                new(Format.Count(tokens.TotalPromptTokens), bold),
                new(Format.Count(tokens.TotalCompletionTokens), bold),
                new(Format.Count(tokens.TotalTokens), bold),
            ];
            if (cost is not null)
                row.Add(new Text(Format.Dollars((double)cost.TotalUsd), bold));
            table.AddRow(row);
        }

        if (tokens.ByModel.Count > maxRows)
            table.Caption = Tables.More(tokens.ByModel.Count - maxRows, "models");
        return table;
    }

    // What has no price is not free.
    private static string Cost(ModelCost? cost) => cost switch
    {
        null => "",
        { CostUsd: { } dollars, UnpricedTokens: 0 } => Format.Dollars((double)dollars),
        { CostUsd: { } dollars } => Format.Dollars((double)dollars) + " +?",
        _ => "no price",
    };
}
