using Afterimage.Monitoring;
using Spectre.Console;

namespace Afterimage.Cli.Views;

/// <summary>Tokens by model, the largest first, and in total.</summary>
internal static class TokensView
{
    /// <param name="tokens">The tokens.</param>
    /// <param name="calls">Generations by model.</param>
    /// <param name="maxRows">How many models to show.</param>
    public static Table Render(TokenUsageReport tokens, IReadOnlyDictionary<string, long> calls, int maxRows)
    {
        Table table = Tables.Create("model", "generations", "prompt tokens", "completion tokens", "total tokens");
        foreach (ModelTokenUsage model in tokens.ByModel.OrderByDescending(model => model.TotalTokens).Take(maxRows))
        {
            table.AddRow(
                Tables.Name(model.ModelName, 22),
                Tables.Number(calls.TryGetValue(model.ModelName, out long count) ? Format.Count(count) : ""),
                Tables.Number(Format.Count(model.PromptTokens)),
                Tables.Number(Format.Count(model.CompletionTokens)),
                Tables.Number(Format.Count(model.TotalTokens)));
        }

        if (tokens.ByModel.Count > 1)
        {
            var bold = new Style(decoration: Decoration.Bold);
            table.AddRow(
                new Text("all", bold),
                new Text(""),
                new Text(Format.Count(tokens.TotalPromptTokens), bold),
                new Text(Format.Count(tokens.TotalCompletionTokens), bold),
                new Text(Format.Count(tokens.TotalTokens), bold));
        }

        if (tokens.ByModel.Count > maxRows)
            table.Caption = Tables.More(tokens.ByModel.Count - maxRows, "models");
        return table;
    }
}
