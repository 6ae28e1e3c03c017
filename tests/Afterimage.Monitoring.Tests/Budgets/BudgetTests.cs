using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Budgets;

public sealed class BudgetTests
{
    private static readonly ModelPricing Prices = new(
        new Dictionary<string, ModelPrice>
        {
            ["m"] = new() { Input = 1, Output = 10 },
        });

    private readonly ConcurrentQueue<Alert> _heard = new();

    [Fact]
    public void It_warns_at_its_shares_an_alert_each_and_cancels_when_it_is_spent()
    {
        using MonitorRun run = Run(Tokens(1000));
        CancellationToken token = run.Monitor.BudgetToken;
        Use(run, 499);
        Assert.Empty(Heard(run));
        Use(run, 1);
        Assert.Equal(["Warning Budget b has reached 50 %: 500 of 1,000 tokens"], Heard(run));
        Use(run, 460);
        Assert.Equal(
            ["Warning Budget b has reached 80 %: 960 of 1,000 tokens", "Warning Budget b has reached 95 %: 960 of 1,000 tokens"],
            Heard(run));
        Use(run, 39);
        Assert.Empty(Heard(run));
        Assert.False(token.IsCancellationRequested);
        Assert.Equal((999m, 0m, 1m, false), Figures(run));

        Use(run, 5);
        Assert.Equal(["Error Budget b is spent: 1,004 of 1,000 tokens"], Heard(run));
        Assert.True(token.IsCancellationRequested);
        Assert.True(run.Monitor.BudgetToken.IsCancellationRequested);
        Assert.Equal((1004m, 0m, 0m, true), Figures(run));
        Assert.False(run.Monitor.TryReserve(default, out BudgetReservation? reservation));
        Assert.Null(reservation);
        Use(run, 1000);
        Assert.Empty(Heard(run));
    }

    [Fact]
    public void Alerts_of_budgets_are_alerts_like_any_others()
    {
        using var run = new MonitorRun(o =>
        {
            o.Budgets.Add(Tokens(10) with { WarnAt = [] });
            o.AlertHandlers.Add(_heard.Enqueue);
        });
        Use(run, 10);
        run.Monitor.Dispose();
        Alert alert = Assert.Single(_heard);
        Assert.Equal(("budget:b", AlertLevel.Error, MonitorRun.Start), (alert.Name, alert.Level, alert.Timestamp));
        Assert.Equal(("b", "tokens", 10m, 10m), (alert.Data["budget"], alert.Data["unit"], alert.Data["limit"], alert.Data["spent"]));
        Assert.Equal("budget:b", Assert.Single(run.AlertLines()).Text("name"));
    }

    [Fact]
    public async Task Who_waits_for_the_token_is_woken_though_nobody_asks()
    {
        using MonitorRun run = Run(Tokens(10));
        var cancelled = new TaskCompletionSource();
        await using CancellationTokenRegistration registration = run.Monitor.BudgetToken.Register(cancelled.SetResult);
        Use(run, 10);
        await Limits.WaitFor(cancelled.Task);
    }

    [Fact]
    public void A_reservation_holds_its_estimate_until_the_call_is_recorded_and_the_rest_returns()
    {
        using MonitorRun run = Run(Tokens(1000));
        var estimate = new BudgetEstimate { PromptTokenCount = 100, CompletionTokenCount = 500 };
        Assert.True(run.Monitor.TryReserve(estimate, out BudgetReservation? first));
        Assert.Equal((0m, 600m, 400m, false), Figures(run));
        Assert.False(run.Monitor.TryReserve(estimate, out _));
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { CompletionTokenCount = 400 }, out BudgetReservation? second));
        Assert.False(run.Monitor.TryReserve(default, out _));

        Use(run, 250);
        first.Dispose();
        Assert.Equal((250m, 400m, 350m, false), Figures(run));
        first.Dispose();
        Assert.Equal((250m, 400m, 350m, false), Figures(run));
        second.Dispose();
        Assert.Equal((250m, 0m, 750m, false), Figures(run));
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { CompletionTokenCount = 750 }, out _));
    }

    [Fact]
    public void A_record_takes_the_place_of_its_reservation_in_one_step()
    {
        using MonitorRun run = Run(Tokens(1000));
        using MonitorRun other = Run(Tokens(1000));
        var estimate = new BudgetEstimate { CompletionTokenCount = 500 };
        Assert.True(run.Monitor.TryReserve(estimate, out BudgetReservation? generation));
        Assert.True(run.Monitor.TryReserve(estimate, out BudgetReservation? evaluation));

        other.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { TotalTokenCount = 1, Reservation = generation });
        Assert.Equal((1m, 0m, 999m, false), Figures(other));
        Assert.Equal((0m, 1000m, 0m, false), Figures(run));

        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { TotalTokenCount = 250, Reservation = generation });
        Assert.Equal((250m, 500m, 250m, false), Figures(run));
        run.Monitor.TrackEvaluation(
            TimeSpan.Zero,
            true,
            "e",
            new Dictionary<string, double>(),
            new EvaluationDetails { TotalTokenCount = 50, Reservation = evaluation });
        Assert.Equal((300m, 0m, 700m, false), Figures(run));

        generation.Dispose();
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { TotalTokenCount = 1, Reservation = evaluation });
        Assert.Equal((301m, 0m, 699m, false), Figures(run));
    }

    [Fact]
    public void What_was_reserved_is_not_counted_beside_what_was_used()
    {
        using MonitorRun run = Run(
            new Budget
            {
                Name = "b",
                Unit = BudgetUnit.Generations,
                Limit = 2,
                WarnAt = [0.5],
            });
        Assert.True(run.Monitor.TryReserve(default, out BudgetReservation? reservation));
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { Reservation = reservation });
        Assert.True(run.Monitor.TryReserve(default, out _));
        Assert.False(run.Monitor.TryReserve(default, out _));
    }

    [Fact]
    public void A_reservation_that_is_never_settled_is_given_up()
    {
        using MonitorRun run = Run(o =>
        {
            o.ReservationTimeout = TimeSpan.FromMinutes(10);
            o.Budgets.Add(Tokens(100));
        });
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 60 }, out BudgetReservation? lost));
        run.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 40 }, out _));
        run.Clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 60 }, out _));
        run.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(40m, run.Monitor.GetBudgets()[0].Reserved);
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 60 }, out _));
        lost.Dispose();
        Assert.Equal(100m, run.Monitor.GetBudgets()[0].Reserved);
    }

    /// <summary>64 workers race for a budget; each call uses up to half more than its estimate.</summary>
    [Theory]
    [InlineData(100, 0)]
    [InlineData(100, 50)]
    [InlineData(0, 150)]
    public async Task Workers_overshoot_by_no_more_than_calls_in_flight_use_beyond_their_estimates(int estimate, int beyond)
    {
        const int Workers = 64;
        const int Limit = 100_000;
        using MonitorRun run = Run(Tokens(Limit), Tokens(Limit / 50) with { Name = "calls", Unit = BudgetUnit.Generations });
        long calls = 0;
        using var start = new ManualResetEventSlim();
        Task[] workers =
        [
            .. Enumerable
                .Range(0, Workers)
                .Select(worker =>
                    Limits.OnThread(() =>
                    {
                        var random = new Random(worker);
                        start.Wait(Limits.Generous);
                        while (
                            run.Monitor.TryReserve(
                                new BudgetEstimate { CompletionTokenCount = estimate },
                                out BudgetReservation? reservation))
                        {
                            using (reservation)
                            {
                                run.Monitor.TrackGeneration(
                                    TimeSpan.Zero,
                                    true,
                                    new GenerationDetails { CompletionTokenCount = random.Next(estimate / 2, estimate + beyond + 1) });
                                Interlocked.Increment(ref calls);
                            }
                        }
                    })),
        ];
        start.Set();
        await Limits.WaitFor(Task.WhenAll(workers));

        BudgetStatus tokens = run.Monitor.GetBudgets()[0];
        Assert.InRange(tokens.Spent, Limit / 2, Limit + (Workers * beyond));
        Assert.Equal(0, tokens.Reserved);
        Assert.Equal((decimal)run.Monitor.GetTotalTokenUsage().TotalTokens, tokens.Spent);
        Assert.Equal(calls, run.Monitor.GetBudgets()[1].Spent);
        Assert.InRange(calls, 1, Limit / 50);
    }

    [Fact]
    public async Task Workers_use_a_budget_to_its_last_call()
    {
        const int Limit = 20_000;
        using MonitorRun run = Run(
            new Budget
            {
                Name = "b",
                Unit = BudgetUnit.Generations,
                Limit = Limit,
                WarnAt = [],
            });
        long calls = 0;
        using var start = new ManualResetEventSlim();
        Task[] workers =
        [
            .. Enumerable
                .Range(0, 64)
                .Select(_ =>
                    Limits.OnThread(() =>
                    {
                        start.Wait(Limits.Generous);
                        while (run.Monitor.TryReserve(default, out BudgetReservation? reservation))
                        {
                            run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { Reservation = reservation });
                            Interlocked.Increment(ref calls);
                        }
                    })),
        ];
        start.Set();
        await Limits.WaitFor(Task.WhenAll(workers));

        Assert.Equal(Limit, calls);
        Assert.Equal((Limit, 0m, 0m, true), Figures(run));
    }

    [Fact]
    public void A_budget_of_less_than_a_cent_does_not_read_as_none()
    {
        using MonitorRun run = Run(o =>
        {
            o.Pricing = Prices;
            o.Budgets.Add(Tokens(0.000002m) with { Unit = BudgetUnit.Dollars, WarnAt = [] });
        });
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = "m", PromptTokenCount = 200 });

        Assert.Equal(["Error Budget b is spent: 0.0002 of 0.000002 USD"], Heard(run));
    }

    [Fact]
    public void Dollars_are_those_of_the_prices()
    {
        using MonitorRun run = Run(o =>
        {
            o.Pricing = Prices;
            o.Budgets.Add(
                new Budget
                {
                    Name = "b",
                    Unit = BudgetUnit.Dollars,
                    Limit = 1.5m,
                    WarnAt = [],
                });
        });
        run.Monitor.TrackGeneration(
            TimeSpan.Zero,
            true,
            new GenerationDetails
            {
                ModelName = "m",
                PromptTokenCount = 500_000,
                CompletionTokenCount = 10_000,
            });
        Assert.Equal((0.6m, 0m, 0.9m, false), Figures(run));
        var estimate = new BudgetEstimate { ModelName = "vendor/m", CompletionTokenCount = 90_000 };
        Assert.True(run.Monitor.TryReserve(estimate, out BudgetReservation? reservation));
        Assert.False(run.Monitor.TryReserve(new BudgetEstimate { CostUsd = 0.01m }, out _));
        reservation.Dispose();
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { CostUsd = 0.9m }, out reservation));
        reservation.Dispose();
        var unheard = new BudgetEstimate { ModelName = "unheard", PromptTokenCount = 1 };
        Assert.StartsWith(
            "There is no price for the model 'unheard'. Estimate its cost",
            Assert.Throws<ArgumentException>(() => run.Monitor.TryReserve(unheard, out _)).Message,
            StringComparison.Ordinal);
        unheard = unheard with { Tags = [new("service_tier", "flex")] };
        Assert.StartsWith(
            "There is no price for the model 'unheard' of the service tier 'flex'. Estimate its cost",
            Assert.Throws<ArgumentException>(() => run.Monitor.TryReserve(unheard, out _)).Message,
            StringComparison.Ordinal);

        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = "unheard" });
        Assert.Empty(Heard(run));
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = "unheard", PromptTokenCount = 7 });
        Assert.Equal(["Warning Budget b does not include every call: the price of some calls is unknown"], Heard(run));
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = "unheard", PromptTokenCount = 8 });
        Assert.Empty(Heard(run));
        Assert.Equal(15, run.Monitor.GetBudgets()[0].UnpricedTokenCount);
        run.Monitor.TrackEvaluation(
            TimeSpan.Zero,
            true,
            "e",
            new Dictionary<string, double>(),
            new EvaluationDetails { ModelName = "m", PromptTokenCount = 900_000 });
        Assert.Equal(["Error Budget b is spent: 1.50 of 1.50 USD"], Heard(run));
    }

    [Fact]
    public void Failures_in_a_row_begin_anew_with_a_success()
    {
        using MonitorRun run = Run(
            new Budget
            {
                Name = "b",
                Unit = BudgetUnit.ConsecutiveFailures,
                Limit = 3,
                WarnAt = [],
            });
        Call(run, false, false, true, false, false);
        Assert.Equal((2m, 0m, 1m, false), Figures(run));
        Assert.True(run.Monitor.TryReserve(default, out _));
        Call(run, false);
        Assert.True(run.Monitor.BudgetToken.IsCancellationRequested);

        // What was in flight may still succeed; the budget stays spent.
        Call(run, true);
        Assert.Equal((0m, 0m, 0m, true), Figures(run));
        Assert.False(run.Monitor.TryReserve(default, out _));
    }

    [Fact]
    public void What_the_callers_side_ended_is_no_failure_and_no_success()
    {
        using MonitorRun run = Run(
            new Budget
            {
                Name = "b",
                Unit = BudgetUnit.ConsecutiveFailures,
                Limit = 3,
                WarnAt = [],
            });
        Call(run, false, false);
        run.Monitor.TrackGeneration(TimeSpan.Zero, false, new GenerationDetails { FinishReason = FinishReasons.Cancelled });
        run.Monitor.TrackGeneration(TimeSpan.Zero, false, new GenerationDetails { FinishReason = FinishReasons.Abandoned });
        Assert.Equal((2m, 0m, 1m, false), Figures(run));

        // A provider may call an error so.
        run.Monitor.TrackGeneration(TimeSpan.Zero, false, new GenerationDetails { FinishReason = FinishReasons.Cancelled, Error = "500" });
        Assert.Equal((3m, 0m, 0m, true), Figures(run));
    }

    [Fact]
    public void Wall_time_is_spent_though_nobody_records()
    {
        using MonitorRun run = Run(
            new Budget
            {
                Name = "b",
                Unit = BudgetUnit.WallTime,
                Limit = 3600,
                WarnAt = [0.5],
            });
        CancellationToken token = run.Monitor.BudgetToken;
        run.Clock.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromTicks(1));
        Assert.Empty(Heard(run));
        run.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(["Warning Budget b has reached 50 %: 1,800 of 3,600 seconds"], Heard(run));
        run.Clock.Offset = TimeSpan.FromDays(3);
        run.Clock.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromTicks(1));
        Assert.False(token.IsCancellationRequested);
        run.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(token.IsCancellationRequested);
        Assert.Equal(["Error Budget b is spent: 3,600 of 3,600 seconds"], Heard(run));
    }

    [Theory]
    [InlineData(BudgetPeriod.Hour, "2026-11-23T15:00:00Z")]
    [InlineData(BudgetPeriod.Day, "2026-11-24T00:00:00Z")]
    [InlineData(BudgetPeriod.Week, "2026-11-30T00:00:00Z")]
    [InlineData(BudgetPeriod.Month, "2026-12-01T00:00:00Z")]
    public void A_calendar_window_begins_anew_to_the_tick(BudgetPeriod period, string next)
    {
        using MonitorRun run = Run(Tokens(100) with { Period = period, WarnAt = [] });
        DateTimeOffset nextStart = DateTimeOffset.Parse(next, System.Globalization.CultureInfo.InvariantCulture);
        Use(run, 100);
        CancellationToken token = run.Monitor.BudgetToken;
        Assert.True(token.IsCancellationRequested);
        run.Clock.Advance(nextStart - MonitorRun.Start - TimeSpan.FromTicks(1));
        Assert.False(run.Monitor.TryReserve(default, out _));
        Use(run, 1);
        Heard(run);

        run.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.False(run.Monitor.BudgetToken.IsCancellationRequested);
        Assert.True(token.IsCancellationRequested);
        Assert.Equal(["Info Budget b was renewed: 100 tokens"], Heard(run));
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 100 }, out BudgetReservation? reservation));
        reservation.Dispose();
        Assert.Equal(nextStart, run.Monitor.GetBudgets()[0].PeriodStart);

        // What comes late belongs to the window that is over; and the wall clock may be set back.
        run.Monitor.TrackGeneration(
            TimeSpan.Zero,
            true,
            new GenerationDetails { PromptTokenCount = 100, Timestamp = nextStart - TimeSpan.FromTicks(1) });
        Assert.Equal((0m, 0m, 100m, false), Figures(run));
        Use(run, 30);
        run.Clock.Offset = -TimeSpan.FromDays(3);
        Assert.Equal(30m, run.Monitor.GetBudgets()[0].Spent);
        Assert.Equal(nextStart, run.Monitor.GetBudgets()[0].PeriodStart);
    }

    [Fact]
    public void A_refusal_says_which_budget_has_no_room_and_why()
    {
        using MonitorRun run = Run(
            Tokens(1000),
            new Budget
            {
                Name = "c",
                Unit = BudgetUnit.Generations,
                Limit = 2,
                WarnAt = [],
            });
        using BudgetReservation reservation = run.Monitor.Reserve(new BudgetEstimate { CompletionTokenCount = 600 });
        Use(run, 250);
        BudgetExceededException tooLarge = Assert.Throws<BudgetExceededException>(() =>
            run.Monitor.Reserve(new BudgetEstimate { PromptTokenCount = 151 }));
        Assert.Equal("Budget b has no room for the call: 250 spent and 600 reserved of 1,000 tokens.", tooLarge.Message);
        Assert.Equal(
            ("b", 250m, 600m, false),
            (tooLarge.Status.Budget.Name, tooLarge.Status.Spent, tooLarge.Status.Reserved, tooLarge.Status.IsSpent));
        Use(run, 1);
        BudgetExceededException spent = Assert.Throws<BudgetExceededException>(() => run.Monitor.Reserve(default));
        Assert.Equal("Budget c is spent: 2 of 2 generations.", spent.Message);
        Assert.True(spent.Status.IsSpent);
        Assert.Throws<ArgumentNullException>(() => new BudgetExceededException(null!));
    }

    [Fact]
    public void A_budget_may_be_one_models()
    {
        using MonitorRun run = Run(
            Tokens(100) with
            {
                Name = "a",
                ModelName = "m",
            },
            Tokens(100) with
            {
                Name = "none",
                ModelName = "unknown",
            },
            Tokens(1000) with
            {
                Name = "all",
            });
        Use(run, 60, "m");
        Use(run, 60, "n");
        Use(run, 60);
        Assert.Equal([60m, 60m, 180m], run.Monitor.GetBudgets().Select(b => b.Spent));
        Assert.False(run.Monitor.TryReserve(new BudgetEstimate { ModelName = "m", PromptTokenCount = 50 }, out _));
        Assert.False(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 50 }, out _));
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { ModelName = "n", PromptTokenCount = 50 }, out _));
        Assert.Equal([0m, 0m, 50m], run.Monitor.GetBudgets().Select(b => b.Reserved));
    }

    [Fact]
    public void An_estimate_that_no_call_needs_is_refused_and_says_which_number()
    {
        using MonitorRun run = Run(options =>
        {
            options.Pricing = ModelPricing.WellKnown;
            options.Budgets.Add(Tokens(long.MaxValue));
            options.Budgets.Add(new Budget { Name = "usd", Unit = BudgetUnit.Dollars, Limit = decimal.MaxValue });
        });
        foreach ((BudgetEstimate estimate, string name) in (ReadOnlySpan<(BudgetEstimate, string)>)
            [
                (new() { PromptTokenCount = GenerationDetails.MaxTokenCount + 1 }, "estimate.PromptTokenCount"),
                (new() { CompletionTokenCount = long.MaxValue }, "estimate.CompletionTokenCount"),
                (new() { ModelName = "m", CostUsd = decimal.MaxValue }, "estimate.CostUsd"),
            ])
        {
            BudgetEstimate absurd = estimate;
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => run.Monitor.TryReserve(absurd, out _));
            Assert.Equal("estimate", error.ParamName);
            Assert.Contains(name, error.Message, StringComparison.Ordinal);
            Assert.Throws<ArgumentOutOfRangeException>(() => run.Monitor.Reserve(absurd));
        }

        for (int i = 0; i < 100; i++)
            Assert.True(run.Monitor.TryReserve(new() { ModelName = "m", CostUsd = 1e14m, PromptTokenCount = 1 }, out _));
        Assert.Equal(1e16m, run.Monitor.GetBudgets()[1].Reserved);
    }

    [Fact]
    public void Without_budgets_everything_is_allowed()
    {
        using MonitorRun run = Run();
        Assert.True(
            run.Monitor.TryReserve(
                new BudgetEstimate
                {
                    PromptTokenCount = GenerationDetails.MaxTokenCount,
                    CompletionTokenCount = GenerationDetails.MaxTokenCount,
                },
                out BudgetReservation? reservation));
        reservation.Dispose();
        Assert.False(run.Monitor.BudgetToken.CanBeCanceled);
        Assert.Empty(run.Monitor.GetBudgets());
    }

    [Fact]
    public void After_disposal_nothing_is_given_out_and_what_is_open_can_be_returned()
    {
        using MonitorRun run = Run(Tokens(100));
        Assert.True(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 50 }, out BudgetReservation? open));
        Use(run, 30);
        run.Monitor.Dispose();
        open.Dispose();
        Assert.Equal((30m, 0m, 70m, false), Figures(run));
        Assert.Throws<ObjectDisposedException>(() => run.Monitor.TryReserve(default, out _));
    }

    [Fact]
    public void An_estimate_is_not_negative()
    {
        using MonitorRun run = Run(Tokens(100));
        foreach (
            BudgetEstimate estimate in new BudgetEstimate[]
            {
                new() { PromptTokenCount = -1 },
                new() { CompletionTokenCount = -1 },
                new() { CostUsd = -0.01m },
            })
            Assert.Throws<ArgumentOutOfRangeException>(() => run.Monitor.TryReserve(estimate, out _));
        Assert.Equal((0m, 0m, 100m, false), Figures(run));
    }

    public static TheoryData<Budget, string, string> BadBudgets =>
        new()
        {
            { Tokens(1) with { Name = "" }, "Budgets[0].Name", "is required" },
            { Tokens(1) with { Unit = (BudgetUnit)9 }, "Budgets[0].Unit", "must be a defined BudgetUnit" },
            { Tokens(0), "Budgets[0].Limit", "must be greater than zero" },
            { Tokens(316_224_001) with { Unit = BudgetUnit.WallTime }, "Budgets[0].Limit", "must be at most ten years" },
            { Tokens(1) with { Period = (BudgetPeriod)9 }, "Budgets[0].Period", "must be a defined BudgetPeriod" },
            { Tokens(1) with { Unit = BudgetUnit.WallTime, Period = BudgetPeriod.Day }, "Budgets[0].Period", "must be Run for" },
            { Tokens(1) with { Unit = BudgetUnit.WallTime, ModelName = "m" }, "Budgets[0].ModelName", "must not be set for" },
            { Tokens(1) with { ModelName = "" }, "Budgets[0].ModelName", "must not be empty" },
            { Tokens(1) with { Unit = BudgetUnit.WallTime, Tag = new("t", "v") }, "Budgets[0].Tag", "must not be set for" },
            { Tokens(1) with { Tag = new("", "v") }, "Budgets[0].Tag", "must have a key and a value" },
            { Tokens(1) with { WarnAt = [1] }, "Budgets[0].WarnAt", "greater than 0 and less than 1" },
            { Tokens(1) with { WarnAt = [0] }, "Budgets[0].WarnAt", "greater than 0 and less than 1" },
            { Tokens(1) with { ResumeFrom = "" }, "Budgets[0].ResumeFrom", "must be null or the path of a directory" },
            { Tokens(1) with { Unit = BudgetUnit.Dollars }, "Pricing", "" },
        };

    [Theory]
    [MemberData(nameof(BadBudgets), DisableDiscoveryEnumeration = true)]
    public void A_wrong_budget_is_refused_by_its_place_its_field_and_the_rule(Budget budget, string parameter, string rule)
    {
        ArgumentException refused = Assert.ThrowsAny<ArgumentException>(
            () => new GenerationMonitor(new GenerationMonitorOptions { Budgets = { budget } }));
        Assert.Equal(parameter, refused.ParamName);
        Assert.Contains(rule, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_budget_of_ten_years_is_one()
    {
        using MonitorRun run = Run(Tokens(316_224_000) with { Unit = BudgetUnit.WallTime });
        Assert.False(run.Monitor.GetBudgets()[0].IsSpent);
    }

    [Fact]
    public void An_alert_says_whose_budget_it_is_and_since_when_it_counts()
    {
        using MonitorRun run = Run(
            Tokens(10) with
            {
                ModelName = "m",
                Tag = new("tenant", "a"),
                Period = BudgetPeriod.Hour,
                WarnAt = [0.5],
            });
        Track(5);
        Track(5);
        run.Monitor.GetBudgets();
        run.Clock.Advance(TimeSpan.FromHours(1));
        run.Monitor.GetBudgets();
        run.Monitor.CheckAlerts();

        Assert.Equal(
            ["2026-11-23T14:00:00.0000000+00:00", "2026-11-23T14:00:00.0000000+00:00", "2026-11-23T15:00:00.0000000+00:00"],
            _heard.Select(a => a.Data["period_start"]));
        Assert.All(_heard, a => Assert.Equal(("m", "a"), (a.Data["model_name"], a.Data["tag.tenant"])));
        Assert.Equal([0.5, null, null], _heard.Select(a => a.Data.GetValueOrDefault("share")));
        Assert.Equal([null, null, true], _heard.Select(a => a.Data.GetValueOrDefault("resolved")));

        void Track(int tokens) => run.Monitor.TrackGeneration(
            TimeSpan.Zero,
            true,
            new GenerationDetails { ModelName = "m", TotalTokenCount = tokens, Tags = [new("tenant", "a")] });
    }

    [Fact]
    public void Calls_without_usage_are_counted_and_said_once()
    {
        using MonitorRun run = Run(
            Tokens(1000),
            Tokens(1000) with { Name = "calls", Unit = BudgetUnit.Generations, WarnAt = [] });
        for (int i = 0; i < 2; i++)
        {
            Assert.True(run.Monitor.TryReserve(new BudgetEstimate { PromptTokenCount = 20 }, out BudgetReservation? reservation));
            run.Monitor.TrackGeneration(
                TimeSpan.Zero,
                true,
                new GenerationDetails { UsageMissing = true, Reservation = reservation });
        }

        // The estimate is what is known of such a call.
        Assert.Equal((40m, 0m, 960m, false), Figures(run));
        Assert.Equal([2L, 0L], run.Monitor.GetBudgets().Select(b => b.UsageMissingCount));
        Assert.Equal(["Warning Budget b includes estimates: the provider reported no usage for some calls"], Heard(run));
    }

    [Fact]
    public void A_name_stands_for_a_dated_one_until_a_call_was_answered_by_another()
    {
        using MonitorRun run = Run(Tokens(100) with { ModelName = "m-2026-01-01" });
        var estimate = new BudgetEstimate { ModelName = "m", PromptTokenCount = 60 };
        Assert.True(run.Monitor.TryReserve(estimate, out BudgetReservation? reservation));
        Assert.Equal(60m, run.Monitor.GetBudgets()[0].Reserved);
        reservation.Dispose();

        Answer("m-2026-06-01");
        Assert.True(run.Monitor.TryReserve(estimate, out reservation));
        Assert.Equal(0m, run.Monitor.GetBudgets()[0].Reserved);
        reservation.Dispose();

        Answer("m-2026-01-01");
        Assert.True(run.Monitor.TryReserve(estimate, out _));
        Assert.Equal(60m, run.Monitor.GetBudgets()[0].Reserved);

        void Answer(string model) => run.Monitor.TrackGeneration(
            TimeSpan.Zero,
            true,
            new GenerationDetails { ModelName = model, RequestModel = "m" });
    }

    [Fact]
    public void One_spent_budget_of_several_cancels_and_its_new_window_ends_that()
    {
        using MonitorRun run = Run(Tokens(1000), Tokens(10) with { Name = "hourly", Period = BudgetPeriod.Hour, WarnAt = [] });
        Use(run, 10);
        Assert.True(run.Monitor.BudgetToken.IsCancellationRequested);
        run.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(run.Monitor.BudgetToken.IsCancellationRequested);
        Use(run, 9);
        Assert.False(run.Monitor.BudgetToken.IsCancellationRequested);
    }

    private static Budget Tokens(decimal limit) =>
        new()
        {
            Name = "b",
            Unit = BudgetUnit.Tokens,
            Limit = limit,
        };

    private static void Use(MonitorRun run, long tokens, string? model = null) =>
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = model, TotalTokenCount = tokens });

    private static void Call(MonitorRun run, params ReadOnlySpan<bool> successes)
    {
        foreach (bool success in successes)
            run.Monitor.TrackGeneration(TimeSpan.Zero, success);
    }

    private static (decimal Spent, decimal Reserved, decimal Remaining, bool IsSpent) Figures(MonitorRun run)
    {
        BudgetStatus status = run.Monitor.GetBudgets()[0];
        return (status.Spent, status.Reserved, status.Remaining, status.IsSpent);
    }

    private MonitorRun Run(params Budget[] budgets) =>
        Run(o =>
        {
            foreach (Budget budget in budgets)
                o.Budgets.Add(budget);
        });

    private MonitorRun Run(Action<GenerationMonitorOptions> configure) =>
        MonitorRun.InMemory(o =>
        {
            o.MetricsInterval = TimeSpan.Zero;
            o.AlertMinSuccessRate = 0;
            o.AlertMaxPromptTokenMean = o.AlertMaxCompletionTokenMean = o.AlertMaxTotalTokenMean = double.PositiveInfinity;
            o.AlertHandlers.Add(_heard.Enqueue);
            configure(o);
        });

    /// <summary>What the handler has heard since the last call; CheckAlerts waits for it.</summary>
    private List<string> Heard(MonitorRun run)
    {
        run.Monitor.GetBudgets();
        run.Monitor.CheckAlerts();
        List<string> heard = [];
        while (_heard.TryDequeue(out Alert? alert))
            heard.Add($"{alert.Level} {alert.Message}");
        return heard;
    }
}
