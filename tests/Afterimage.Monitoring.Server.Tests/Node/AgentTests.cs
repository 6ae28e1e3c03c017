using System.Text.Json;
using Afterimage.Monitoring.Server.Tests.Otlp;

namespace Afterimage.Monitoring.Server.Tests.Node;

/// <summary>What an agent gets that starts the command, as the protocol's own client for JavaScript understands it.</summary>
public sealed class AgentTests(NodeScripts scripts) : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_protocols_own_client_gets_an_answer_of_every_tool()
    {
        Record("monday", 10, TimeSpan.FromSeconds(1));
        Record("tuesday", 20, TimeSpan.FromSeconds(2));
        JsonElement told = await scripts.RunAsync(
            "agent.mjs",
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "afterimage.dll"), "mcp", _directory.Path]);

        Assert.Equal("afterimage", told.Text("server"));
        Assert.Contains("list_runs", told.Text("instructions"), StringComparison.Ordinal);
        Assert.Equal(
            ["alerts", "compare", "find_generations", "list_runs", "query", "summary"],
            told.GetProperty("tools").EnumerateArray().Select(tool => tool.Text("name")).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["monday ended", "tuesday ended"],
            told.GetProperty("runs").EnumerateArray()
                .Select(run => $"{run.Text("name")} {run.Text("state")}")
                .Order(StringComparer.Ordinal));
        Assert.Equal(30, Generations(told.GetProperty("whole")));
        Assert.Equal(10, Generations(told.GetProperty("monday")));
        Assert.Equal("[[20,190]]", told.GetProperty("query").GetProperty("rows").GetRawText());
        Assert.True(told.GetProperty("compare").GetProperty("metrics").TryGetProperty("generation_time", out _));
        JsonElement alert = Assert.Single(told.GetProperty("alerts").GetProperty("alerts").EnumerateArray());
        Assert.Equal("always", alert.Text("name"));
        Assert.Single(told.GetProperty("failed").GetProperty("rows").EnumerateArray());
        Assert.True(told.GetProperty("failed").Is("has_more_rows"));
        Assert.Equal(1, told.GetProperty("afterwards").Count("total"));

        JsonElement refused = told.GetProperty("refused");
        Assert.All(refused.EnumerateObject(), refusal => Assert.True(refusal.Value.Is("is_error"), $"{refusal}"));
        Assert.All(refused.EnumerateObject(), refusal => Assert.NotEmpty(refusal.Value.Text("text")!));
        Assert.Contains("list_runs", refused.GetProperty("id").Text("text"), StringComparison.Ordinal);
        Assert.DoesNotContain(_directory.Path, refused.GetRawText(), StringComparison.Ordinal);
    }

    private static long Generations(JsonElement summary) => summary.GetProperty("metrics").GetProperty("generation_time").Count("count");

    private void Record(string name, int calls, TimeSpan duration)
    {
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.File(name));
        options.AlertRules.Add(new AlertRule { Name = "always", Metric = "generation_time", Threshold = 0 });
        using var monitor = new GenerationMonitor(options);
        for (int i = 0; i < calls; i++)
        {
            monitor.TrackGeneration(
                duration,
                success: i % 10 != 0,
                new GenerationDetails { ModelName = "gpt-4o", PromptTokenCount = i, Error = i % 10 == 0 ? "rate limit" : null });
        }

        monitor.CheckAlerts();
    }
}
