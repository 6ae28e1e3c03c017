using System.Text.Json;

namespace Afterimage.Cli.Tests;

/// <summary>A run's own summary and that of its log directory: all figures equal, quantiles within 1 %.</summary>
internal static class Agreement
{
    public static void Assert(JsonElement run, JsonElement directory)
    {
        foreach (string name in (string[])["generations", "evaluations", "by_model", "total_prompt_tokens", "total_completion_tokens", "total_tokens", "log_dir"])
            Xunit.Assert.Equal(run.GetProperty(name).GetRawText(), directory.GetProperty(name).GetRawText());

        JsonProperty[] metrics = [.. run.GetProperty("metrics").EnumerateObject()];
        Xunit.Assert.Equal(metrics.Select(m => m.Name), directory.GetProperty("metrics").EnumerateObject().Select(m => m.Name));
        foreach (JsonProperty metric in metrics)
        {
            JsonElement other = directory.GetProperty("metrics").GetProperty(metric.Name);
            foreach (string name in (string[])["count", "sum", "mean", "min", "max"])
                Xunit.Assert.True(metric.Value.GetProperty(name).GetRawText() == other.GetProperty(name).GetRawText(), $"{metric.Name}.{name}");
            foreach (string name in (string[])["p50", "p95", "p99"])
            {
                double exact = other.GetProperty(name).GetDouble();
                Xunit.Assert.InRange(metric.Value.GetProperty(name).GetDouble(), exact * 0.99, exact * 1.01);
            }
        }
    }
}
