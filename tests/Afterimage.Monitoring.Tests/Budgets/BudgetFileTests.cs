using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Budgets;

/// <summary>budgets.json, which tells readers of the log directory what is left of each budget.</summary>
public sealed class BudgetFileTests
{
    private static readonly Budget Run = new() { Name = "run", Unit = BudgetUnit.Tokens, Limit = 1000 };

    [Fact]
    public void It_tells_of_each_budget_at_the_start_a_second_later_and_at_the_end()
    {
        using var run = new MonitorRun(options =>
        {
            options.Budgets.Add(Run);
            options.Budgets.Add(new Budget
            {
                Name = "calls of acme",
                Unit = BudgetUnit.Generations,
                Limit = 2,
                Period = BudgetPeriod.Day,
                ModelName = "m",
                Tag = new("tenant", "acme"),
            });
        });
        string path = Path.Combine(run.Monitor.LogDirectory!, "budgets.json");
        JsonElement start = JsonFile.Object(path);
        Assert.Equal("2026-11-23T14:00:00Z", start.Text("timestamp"));
        JsonElement whole = start.GetProperty("budgets")[0];
        Assert.Equal(
            [
                "name", "unit", "period", "period_start", "limit", "spent", "reserved", "remaining", "is_spent", "unpriced_token_count",
                "usage_missing_count",
            ],
            whole.Keys());
        Assert.Equal(("run", "tokens", "run"), (whole.Text("name"), whole.Text("unit"), whole.Text("period")));
        Assert.Equal((1000m, 0m, 0m, 1000m), Amounts(whole));
        JsonElement part = start.GetProperty("budgets")[1];
        Assert.Equal(("generations", "day", "m"), (part.Text("unit"), part.Text("period"), part.Text("model_name")));
        Assert.Equal("2026-11-23T00:00:00Z", part.Text("period_start"));
        Assert.Equal("""{"key":"tenant","value":"acme"}""", Compact(part.GetProperty("tag")));

        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 300 }, out BudgetReservation? reservation));
        run.Monitor.TrackGeneration(
            TimeSpan.Zero,
            true,
            new GenerationDetails { ModelName = "m", PromptTokenCount = 100, Tags = [new("tenant", "acme")] });
        run.Clock.Advance(TimeSpan.FromSeconds(1));
        JsonElement later = JsonFile.Object(path);
        Assert.Equal("2026-11-23T14:00:01Z", later.Text("timestamp"));
        Assert.Equal((1000m, 100m, 300m, 600m), Amounts(later.GetProperty("budgets")[0]));
        Assert.Equal((2m, 1m, 0m, 1m), Amounts(later.GetProperty("budgets")[1]));

        reservation.Dispose();
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { PromptTokenCount = 950 });
        run.Monitor.Dispose();
        JsonElement end = JsonFile.Object(path).GetProperty("budgets")[0];
        Assert.Equal((1000m, 1050m, 0m, 0m), Amounts(end));
        Assert.True(end.GetProperty("is_spent").GetBoolean());
    }

    [Fact]
    public void It_is_not_written_again_while_nothing_changes()
    {
        using var run = new MonitorRun(options => options.Budgets.Add(Run));
        string path = Path.Combine(run.Monitor.LogDirectory!, "budgets.json");
        run.Clock.Advance(TimeSpan.FromHours(1));
        run.Monitor.Dispose();

        Assert.Equal("2026-11-23T14:00:00Z", JsonFile.Object(path).Text("timestamp"));
    }

    [Fact]
    public void A_run_without_budgets_leaves_none_of_the_run_before()
    {
        using var directory = new TemporaryDirectory();
        new GenerationMonitor(Options(directory.Path, Run)).Dispose();
        Assert.True(File.Exists(directory.File("budgets.json")));

        new GenerationMonitor(Options(directory.Path)).Dispose();
        Assert.False(File.Exists(directory.File("budgets.json")));
    }

    [Fact]
    public void A_second_monitor_in_the_directory_has_a_file_of_its_own()
    {
        using var directory = new TemporaryDirectory();
        using var first = new GenerationMonitor(Options(directory.Path, Run));
        using var second = new GenerationMonitor(Options(directory.Path, Run with { Name = "other" }));

        Assert.Equal("run", JsonFile.Object(directory.File("budgets.json")).GetProperty("budgets")[0].Text("name"));
        Assert.Equal("other", JsonFile.Object(directory.File("budgets-000001.json")).GetProperty("budgets")[0].Text("name"));
    }

    [Fact]
    public void Where_it_cannot_be_written_records_are_and_the_log_says_so_once()
    {
        using var run = new MonitorRun(options => options.Budgets.Add(Run));
        string path = Path.Combine(run.Monitor.LogDirectory!, "budgets.json");
        Directory.CreateDirectory(path + ".tmp");
        for (int i = 0; i < 3; i++)
        {
            run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { PromptTokenCount = 1 });
            run.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(3, run.Records().Count);
        Assert.Single(run.LogEntries(), entry => entry.Text("message").Contains("budgets.json", StringComparison.Ordinal));
        Assert.Equal("2026-11-23T14:00:00Z", JsonFile.Object(path).Text("timestamp"));
    }

    private static GenerationMonitorOptions Options(string directory, params Budget[] budgets)
    {
        var options = new GenerationMonitorOptions { LogDirectory = directory, ShutdownTimeout = Limits.Generous };
        foreach (Budget budget in budgets)
            options.Budgets.Add(budget);
        return options;
    }

    private static (decimal Limit, decimal Spent, decimal Reserved, decimal Remaining) Amounts(JsonElement budget) => (
        budget.GetProperty("limit").GetDecimal(),
        budget.GetProperty("spent").GetDecimal(),
        budget.GetProperty("reserved").GetDecimal(),
        budget.GetProperty("remaining").GetDecimal());

    private static string Compact(JsonElement json) => JsonSerializer.Serialize(json);
}
