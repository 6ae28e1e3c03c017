namespace Afterimage.Monitoring.Server.Tests;

/// <summary>Runs for the server to find.</summary>
internal static class Log
{
    /// <summary>A line of a generation.</summary>
    public static string Line(int second, double duration = 1, bool success = true, string model = "gpt-4o") =>
        $$"""{"timestamp":"2026-11-23T14:00:{{second:00}}.0000000Z","event":"generation","duration":{{duration}}"""
        + $$""","success":{{(success ? "true" : "false")}},"model_name":"{{model}}","prompt_token_count":10"""
        + ""","completion_token_count":5}""";

    /// <summary>Writes a run of some generations that is over.</summary>
    public static void Write(string directory, int generations, Func<int, GenerationDetails>? details = null)
    {
        using var monitor = new GenerationMonitor(PatientMonitor.Options(directory));
        for (int i = 0; i < generations; i++)
        {
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(1 + (i % 10)),
                i % 4 != 0,
                details?.Invoke(i) ?? new GenerationDetails { ModelName = "gpt-4o", PromptTokenCount = 100, CompletionTokenCount = 10 });
        }
    }

    public static long Generations(System.Text.Json.JsonElement run) => run.GetProperty("generations").GetInt64();
}
