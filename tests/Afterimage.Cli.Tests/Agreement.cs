using System.Text.Json;

namespace Afterimage.Cli.Tests;

/// <summary>A run's own summary and that of its log directory: all figures equal, quantiles within 1 %.</summary>
internal static class Agreement
{
    public static void Assert(JsonElement run, JsonElement directory)
    {
        foreach (
            string name in (string[])
                ["generations", "evaluations", "by_model", "total_prompt_tokens", "total_completion_tokens", "total_tokens", "log_dir"])
            Xunit.Assert.Equal(run.GetProperty(name).GetRawText(), directory.GetProperty(name).GetRawText());

        Xunit.Assert.Equal(
            run.TryGetProperty("cost", out JsonElement cost),
            directory.TryGetProperty("cost", out JsonElement directoryCost));
        if (cost.ValueKind == JsonValueKind.Object)
            Costs(cost, directoryCost);

        JsonProperty[] metrics = [.. run.GetProperty("metrics").EnumerateObject()];
        Xunit.Assert.Equal(metrics.Select(m => m.Name), directory.GetProperty("metrics").EnumerateObject().Select(m => m.Name));
        foreach (JsonProperty metric in metrics)
        {
            JsonElement other = directory.GetProperty("metrics").GetProperty(metric.Name);
            foreach (string name in (string[])["count", "sum", "mean", "min", "max"])
                Xunit.Assert.True(
                    metric.Value.GetProperty(name).GetRawText() == other.GetProperty(name).GetRawText(),
                    $"{metric.Name}.{name}");
            foreach (string name in (string[])["p50", "p95", "p99"])
            {
                double exact = other.GetProperty(name).GetDouble();
                Xunit.Assert.InRange(metric.Value.GetProperty(name).GetDouble(), exact * 0.99, exact * 1.01);
            }
        }
    }

    private static void Costs(JsonElement run, JsonElement directory)
    {
        Xunit.Assert.Equal(run.EnumerateObject().Select(p => p.Name), directory.EnumerateObject().Select(p => p.Name));
        Xunit.Assert.Equal(Models(run), Models(directory));
        foreach (JsonProperty figure in run.EnumerateObject().Where(p => p.Value.ValueKind == JsonValueKind.Number))
            Xunit.Assert.Equal(figure.Value.GetDecimal(), directory.GetProperty(figure.Name).GetDecimal(), 9);

        static IEnumerable<(string? Name, decimal? Cost, long Unpriced)> Models(JsonElement cost) =>
            cost.GetProperty("by_model")
                .EnumerateArray()
                .Select(m =>
                    (
                        m.GetProperty("model_name").GetString(),
                        m.TryGetProperty("cost_usd", out JsonElement dollars) ? decimal.Round(dollars.GetDecimal(), 9) : (decimal?)null,
                        m.GetProperty("unpriced_tokens").GetInt64()));
    }
}
