using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Budgets;

/// <summary>Budgets of the calls with one tag: one a tenant.</summary>
public sealed class TagBudgetTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_budget_of_a_tag_counts_and_holds_its_calls_alone()
    {
        using MonitorRun run = Run();
        Track(run, "a", 40);
        Track(run, "b", 70);
        Track(run, null, 1000);

        Assert.Equal([40m, 70m], run.Monitor.GetBudgets().Select(b => b.Spent));
        Assert.False(run.Monitor.TryReserve(Estimate("b", 40), out _));
        Assert.True(run.Monitor.TryReserve(Estimate("a", 40), out BudgetReservation? ofA));
        Assert.True(run.Monitor.TryReserve(Estimate(null, 1000), out BudgetReservation? ofNobody));
        Assert.Equal([40m, 0m], run.Monitor.GetBudgets().Select(b => b.Reserved));
        ofNobody.Dispose();

        Track(run, "a", 50, ofA);
        Assert.Equal([(90m, 0m), (70m, 0m)], run.Monitor.GetBudgets().Select(b => (b.Spent, b.Reserved)));
    }

    [Fact]
    public void A_spent_budget_of_a_tag_leaves_the_others_alone()
    {
        using MonitorRun run = Run();
        CancellationToken token = run.Monitor.BudgetToken;
        Track(run, "a", 100);

        Assert.True(run.Monitor.GetBudgets()[0].IsSpent);
        Assert.False(run.Monitor.TryReserve(Estimate("a", 0), out _));
        Assert.True(run.Monitor.TryReserve(Estimate("b", 100), out _));
        Assert.False(token.IsCancellationRequested);
    }

    [Fact]
    public void A_budget_of_a_tag_goes_on_after_a_restart()
    {
        using (MonitorRun run = Run())
        {
            Track(run, "a", 40);
            Track(run, "b", 70);
            run.Monitor.TrackGeneration(TimeSpan.Zero, true, new()
            {
                PromptTokenCount = 3,
                Tags = [new("parts", (int[])[1, 2]), new("n", null), new("tenant", "a")],
            });
        }

        using MonitorRun next = Run();

        Assert.Equal([43m, 70m], next.Monitor.GetBudgets().Select(b => b.Spent));
    }

    [Fact]
    public void A_value_that_is_no_text_is_compared_as_text()
    {
        Budget[] budgets = [Budget("7"), Budget("true")];
        using (MonitorRun run = Run(budgets))
        {
            Track(run, 7, 1);
            Track(run, true, 2);
            Assert.Equal([1m, 2m], run.Monitor.GetBudgets().Select(b => b.Spent));
        }

        using MonitorRun next = Run(budgets);
        Assert.Equal([1m, 2m], next.Monitor.GetBudgets().Select(b => b.Spent));
    }

    /// <summary>A run without prices that says its service tier is priced by it when a budget goes on.</summary>
    [Fact]
    public void Calls_without_a_cost_are_resumed_at_the_prices_of_their_service_tier()
    {
        using (MonitorRun run = Run([]))
        {
            run.Monitor.TrackGeneration(TimeSpan.Zero, true, new()
            {
                ModelName = "m",
                PromptTokenCount = 1_000_000,
                Tags = [new("service_tier", "batch")],
            });
        }

        using var next = new MonitorRun(options =>
        {
            options.Pricing = ModelPricing.Parse(
                """{"models": [{"name": "m", "input": 2, "output": 2, "service_tiers": [{"tier": "batch", "input": 1, "output": 1}]}]}""");
            options.Budgets.Add(new Budget
            {
                Name = "usd",
                Unit = BudgetUnit.Dollars,
                Limit = 10,
                ResumeFrom = _directory.File("log"),
            });
        });

        Assert.Equal(1, next.Monitor.GetBudgets()[0].Spent);
    }

    [Theory]
    [InlineData("", "a", BudgetUnit.Tokens)]
    [InlineData("tenant", null, BudgetUnit.Tokens)]
    [InlineData("tenant", "a", BudgetUnit.WallTime)]
    public void A_tag_that_is_none_is_refused(string key, string? value, BudgetUnit unit)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => Run([Budget("a") with { Tag = new(key, value!), Unit = unit }]));

        Assert.Contains("Tag", refusal.Message, StringComparison.Ordinal);
    }

    private Budget Budget(string tenant) => new()
    {
        Name = tenant,
        Unit = BudgetUnit.Tokens,
        Limit = 100,
        Tag = new("tenant", tenant),
        ResumeFrom = _directory.File("log"),
    };

    private static BudgetEstimate Estimate(string? tenant, long tokens) => new()
    {
        PromptTokenCount = tokens,
        Tags = tenant is null ? null : [new("tenant", tenant)],
    };

    private static void Track(MonitorRun run, object? tenant, long tokens, BudgetReservation? reservation = null) =>
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new()
        {
            PromptTokenCount = tokens,
            Tags = tenant is null ? null : [new("tenant", tenant)],
            Reservation = reservation,
        });

    private MonitorRun Run() => Run([Budget("a"), Budget("b")]);

    private MonitorRun Run(Budget[] budgets) => new(options =>
    {
        options.LogDirectory = _directory.File("log");
        foreach (Budget budget in budgets)
            options.Budgets.Add(budget);
    });
}
