using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Tests.Budgets;

/// <summary>Budgets of monitors that come one after the other on one directory.</summary>
public sealed class BudgetResumeTests : IDisposable
{
    private static readonly ModelPricing Prices = new(new Dictionary<string, ModelPrice> { ["m"] = new() { Input = 1, Output = 10 } });

    private readonly TemporaryDirectory _directory = new();
    private readonly WallClock _clock = new(MonitorRun.Start);
    private readonly ConcurrentQueue<Alert> _heard = new();

    private string Log => _directory.File("log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Each_unit_goes_on_where_the_records_left_it()
    {
        Budget[] budgets =
        [
            Resumed("tokens", BudgetUnit.Tokens, 1000),
            Resumed("dollars", BudgetUnit.Dollars, 100),
            Resumed("generations", BudgetUnit.Generations, 100),
            Resumed("failures", BudgetUnit.ConsecutiveFailures, 100),
            Resumed("time", BudgetUnit.WallTime, 10_000),
            Resumed("m", BudgetUnit.Tokens, 1000) with { ModelName = "m" },
            Resumed("none", BudgetUnit.Tokens, 1000) with { ModelName = "unknown" },
            new Budget { Name = "fresh", Unit = BudgetUnit.Tokens, Limit = 1000 },
        ];
        using (GenerationMonitor first = Monitor(budgets))
        {
            _clock.Advance(TimeSpan.FromSeconds(100));
            first.TrackGeneration(
                TimeSpan.FromSeconds(10),
                true,
                new()
                {
                    ModelName = "m",
                    PromptTokenCount = 100,
                    CompletionTokenCount = 20,
                    CachedPromptTokenCount = 5,
                });
            first.TrackGeneration(TimeSpan.Zero, false, new() { ModelName = "n", TotalTokenCount = 30 });
            first.TrackGeneration(TimeSpan.Zero, false, new() { FinishReason = FinishReasons.Cancelled, ModelName = "n" });
            first.TrackGeneration(TimeSpan.Zero, false);
            first.TrackEvaluation(TimeSpan.Zero, true, "judge", new Dictionary<string, double>(), new() { PromptTokenCount = 7 });
            first.RecordMetric("total_token_count", 1e6);
            first.LogInfo("no call");
        }

        _clock.Advance(TimeSpan.FromSeconds(1000));
        using GenerationMonitor second = Monitor(budgets);
        second.TrackGeneration(TimeSpan.Zero, false, new() { ModelName = "m", PromptTokenCount = 3 });
        Assert.Equal([160m, 0.000303m, 5m, 3m, 1010m, 123m, 7m, 3m], second.GetBudgets().Select(b => b.Spent));
        Assert.Equal(37, second.GetBudgets()[1].UnpricedTokenCount);
        Assert.Equal(MonitorRun.Start + TimeSpan.FromSeconds(90), second.GetBudgets()[0].PeriodStart);
        Assert.Equal(1, second.GetMetrics("generation_time", TimeSpan.MaxValue).Count);
        second.Dispose();

        // What the second has recorded counts in the third, once.
        using GenerationMonitor third = Monitor(budgets);
        Assert.Equal([160m, 0.000303m, 5m, 3m, 1010m, 123m, 7m, 0m], third.GetBudgets().Select(b => b.Spent));
    }

    [Fact]
    public void Warnings_are_not_said_again_and_a_spent_budget_is()
    {
        Budget budget = Resumed("b", BudgetUnit.Tokens, 100) with { WarnAt = [0.5, 0.9] };
        Use(budget, 60);
        Assert.Equal(["Warning Budget b has reached 50 %: 60 of 100 tokens"], Heard());
        using (GenerationMonitor next = Monitor(budget))
        {
            Assert.Empty(Heard(next));
            Assert.False(next.BudgetToken.IsCancellationRequested);
            Assert.False(next.TryReserve(new() { PromptTokenCount = 41 }, out _));
            Use(next, 31);
            Assert.Equal(["Warning Budget b has reached 90 %: 91 of 100 tokens"], Heard(next));
            Use(next, 9);
            Heard(next);
        }

        using GenerationMonitor last = Monitor(budget);
        Assert.True(last.BudgetToken.IsCancellationRequested);
        BudgetExceededException refusal = Assert.Throws<BudgetExceededException>(() => last.Reserve(default));
        Assert.Equal("Budget b is spent: 100 of 100 tokens.", refusal.Message);
        Assert.Equal(["Error Budget b is spent: 100 of 100 tokens"], Heard(last));
        last.Dispose();

        // Raised, it has room again.
        using GenerationMonitor raised = Monitor(budget with { Limit = 150 });
        Assert.False(raised.BudgetToken.IsCancellationRequested);
        Assert.Equal(50, raised.GetBudgets()[0].Remaining);
    }

    [Fact]
    public void Time_that_is_over_when_the_monitor_is_made_is_said_once()
    {
        Budget budget = Resumed("b", BudgetUnit.WallTime, 60);
        Use(budget, 1);
        _clock.Advance(TimeSpan.FromMinutes(1));
        using GenerationMonitor monitor = Monitor(budget);
        Assert.True(monitor.BudgetToken.IsCancellationRequested);
        Assert.Equal(["Error Budget b is spent: 60 of 60 seconds"], Heard(monitor));
    }

    [Theory]
    [InlineData(BudgetPeriod.Hour, "2026-11-23T14:00:00Z")]
    [InlineData(BudgetPeriod.Day, "2026-11-23T00:00:00Z")]
    [InlineData(BudgetPeriod.Week, "2026-11-23T00:00:00Z")]
    [InlineData(BudgetPeriod.Month, "2026-11-01T00:00:00Z")]
    public void A_calendar_window_takes_what_falls_into_it_to_the_tick(BudgetPeriod period, string start)
    {
        DateTimeOffset windowStart = DateTimeOffset.Parse(start, System.Globalization.CultureInfo.InvariantCulture);
        Budget budget = Resumed("b", BudgetUnit.Tokens, 1000) with { Period = period };
        using (GenerationMonitor first = Monitor(budget, budget with { Name = "run", Period = BudgetPeriod.Run }))
        {
            first.TrackGeneration(TimeSpan.Zero, true, new() { TotalTokenCount = 100, Timestamp = windowStart - TimeSpan.FromTicks(1) });
            first.TrackGeneration(TimeSpan.Zero, true, new() { TotalTokenCount = 10, Timestamp = windowStart });
            first.TrackGeneration(TimeSpan.FromHours(5), true, new() { TotalTokenCount = 1 });
        }

        using GenerationMonitor second = Monitor(budget, budget with { Name = "run", Period = BudgetPeriod.Run });
        Assert.Equal([11m, 111m], second.GetBudgets().Select(b => b.Spent));
        Assert.Equal(windowStart, second.GetBudgets()[0].PeriodStart);
        second.Dispose();

        // A window later there is nothing.
        _clock.Advance(TimeSpan.FromDays(32));
        using GenerationMonitor later = Monitor(budget);
        Assert.Equal(0, later.GetBudgets()[0].Spent);
    }

    [Fact]
    public async Task All_runs_below_a_directory_count_rotated_files_too_each_once()
    {
        for (int run = 0; run < 3; run++)
        {
            var options = new GenerationMonitorOptions
            {
                LogDirectory = Path.Combine(Log, $"run-{run}"),
                MetricsInterval = TimeSpan.Zero,
                HandlerTimeLimit = Limits.Generous,
                ShutdownTimeout = Limits.Generous,
            };
            options.LogFiles.MaxFileSize = 4096;
            await using var monitor = new GenerationMonitor(options, _clock);
            for (int i = 0; i < 200; i++)
            {
                monitor.TrackGeneration(TimeSpan.Zero, i % 50 != 0, new() { ModelName = $"model-{i}", TotalTokenCount = 1 });
                if (i % 20 == 0)
                    await monitor.FlushAsync(Limits.Token);
            }
        }

        Assert.True(Directory.GetFiles(Path.Combine(Log, "run-1"), "metrics*.jsonl").Length > 3);
        using GenerationMonitor next = Monitor(
            Resumed("b", BudgetUnit.Tokens, 1_000_000),
            Resumed("failures", BudgetUnit.ConsecutiveFailures, 100));
        Assert.Equal([600m, 0m], next.GetBudgets().Select(b => b.Spent));

        // Their names take no place in the tables of the new run.
        Assert.Empty(next.GetTotalTokenUsage().ByModel);
        Assert.Equal("Budgets resume from '" + Log + "': 600 calls counted", LogMessages(next)[0]);
    }

    [Fact]
    public void Lines_that_are_no_records_are_skipped_and_one_that_lacks_only_its_end_counts()
    {
        const string Whole =
            """{"timestamp":"2026-11-23T13:00:00Z","event":"generation","duration":1,"success":true,"total_token_count":5}""";
        Directory.CreateDirectory(Log);
        File.WriteAllLines(
            Path.Combine(Log, "metrics.jsonl"),
            [
                Whole,
                Whole
                    .Replace("13:00", "12:00", StringComparison.Ordinal)
                    .Replace("}", ",\"tags\":{\"a\":[1,{\"total_token_count\":9}]},\"future_key\":null}", StringComparison.Ordinal),
                Whole
                    .Replace("generation", "metric", StringComparison.Ordinal)
                    .Replace("}", ",\"metric_name\":\"m\",\"value\":1}", StringComparison.Ordinal),
                "",
                // No records:
                Whole[..^1],
                Whole[..40] + "!",
                Whole + "}",
                "[]",
                "\0\0\0",
                Whole.Replace("true", "1", StringComparison.Ordinal),
                Whole.Replace(":5", ":\"5\"", StringComparison.Ordinal),
                Whole.Replace(":5", ":5.5", StringComparison.Ordinal),
                Whole.Replace(":5", ":-5", StringComparison.Ordinal),
                Whole.Replace("\"duration\":1,", "", StringComparison.Ordinal),
                Whole.Replace("}", ",\"cost_usd\":1e300}", StringComparison.Ordinal),
                Whole.Replace("2026-11-23T13:00:00Z", "yesterday", StringComparison.Ordinal),
            ]);
        File.AppendAllText(Path.Combine(Log, "metrics.jsonl"), Whole);

        using GenerationMonitor monitor = Monitor(Resumed("b", BudgetUnit.Tokens, 1000), Resumed("calls", BudgetUnit.Generations, 1000));
        Assert.Equal([15m, 3m], monitor.GetBudgets().Select(b => b.Spent));
        Assert.Equal("Budgets resume from '" + Log + "': 3 calls counted, 12 invalid lines skipped", LogMessages(monitor)[0]);
    }

    [Fact]
    public void A_line_longer_than_any_buffer_counts()
    {
        using (GenerationMonitor first = Monitor(Resumed("b", BudgetUnit.Tokens, 1000)))
        {
            Use(first, 1);
            first.TrackGeneration(TimeSpan.Zero, true, new() { TotalTokenCount = 20, Tags = [new("text", new string('x', 500_000))] });
            Use(first, 300);
        }

        using GenerationMonitor second = Monitor(Resumed("b", BudgetUnit.Tokens, 1000));
        Assert.Equal(321, second.GetBudgets()[0].Spent);
    }

    [Fact]
    public void Calls_of_a_run_without_prices_are_priced_and_what_was_priced_keeps_its_cost()
    {
        Budget budget = Resumed("b", BudgetUnit.Dollars, 100);
        using (var unpriced = new GenerationMonitor(new() { LogDirectory = Log, ShutdownTimeout = Limits.Generous }, _clock))
            unpriced.TrackGeneration(
                TimeSpan.Zero,
                true,
                new()
                {
                    ModelName = "vendor/m",
                    PromptTokenCount = 1_000_000,
                    CompletionTokenCount = 100_000,
                });
        using (GenerationMonitor priced = Monitor(budget))
        {
            Assert.Equal(2m, priced.GetBudgets()[0].Spent);
            priced.TrackGeneration(TimeSpan.Zero, true, new() { ModelName = "m", PromptTokenCount = 1_000_000 });
        }

        var dearer = new ModelPricing(new Dictionary<string, ModelPrice> { ["m"] = new() { Input = 2, Output = 20 } });
        using var last = new GenerationMonitor(new() { LogDirectory = Log, Pricing = dearer, Budgets = { budget } }, _clock);
        Assert.Equal(4m + 1m, last.GetBudgets()[0].Spent);
    }

    [Fact]
    public void What_cannot_be_read_is_no_empty_past()
    {
        string file = _directory.File("file");
        File.WriteAllText(file, "");
        var options = new GenerationMonitorOptions
        {
            LogDirectory = Log,
            Budgets = { Resumed("b", BudgetUnit.Tokens, 1) with { ResumeFrom = file } },
        };
        Assert.Contains(file, Assert.Throws<IOException>(() => new GenerationMonitor(options)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Log));
    }

    [Fact]
    public void A_time_that_runs_out_while_another_budget_resumes_is_announced()
    {
        Use(Resumed("tokens", BudgetUnit.Tokens, 1000), 10);
        var passing = new FakeTimeProvider(MonitorRun.Start) { AutoAdvanceAmount = TimeSpan.FromSeconds(1) };
        GenerationMonitorOptions options = Options(
            Resumed("tokens", BudgetUnit.Tokens, 1000),
            new Budget { Name = "time", Unit = BudgetUnit.WallTime, Limit = 0.001m });

        using var monitor = new GenerationMonitor(options, passing);

        Assert.True(monitor.GetBudgets().Single(status => status.Budget.Name == "time").IsSpent);
        monitor.Dispose();
        Assert.Contains(_heard, alert => alert.Message.Contains("time", StringComparison.Ordinal));
    }

    private static void Use(GenerationMonitor monitor, long tokens) =>
        monitor.TrackGeneration(TimeSpan.Zero, true, new() { TotalTokenCount = tokens });

    private Budget Resumed(string name, BudgetUnit unit, decimal limit) =>
        new()
        {
            Name = name,
            Unit = unit,
            Limit = limit,
            ResumeFrom = Log,
        };

    private GenerationMonitor Monitor(params Budget[] budgets) => new(Options(budgets), _clock);

    private GenerationMonitorOptions Options(params Budget[] budgets)
    {
        var options = new GenerationMonitorOptions
        {
            LogDirectory = Log,
            HandlerTimeLimit = Limits.Generous,
            ShutdownTimeout = Limits.Generous,
            MetricsInterval = TimeSpan.Zero,
            AlertMinSuccessRate = 0,
            AlertMaxPromptTokenMean = double.PositiveInfinity,
            AlertMaxTotalTokenMean = double.PositiveInfinity,
            Pricing = Prices,
        };
        options.AlertHandlers.Add(_heard.Enqueue);
        foreach (Budget budget in budgets)
            options.Budgets.Add(budget);
        return options;
    }

    private void Use(Budget budget, long tokens)
    {
        using GenerationMonitor monitor = Monitor(budget);
        Use(monitor, tokens);
    }

    private List<string> Heard(GenerationMonitor? monitor = null)
    {
        monitor?.GetBudgets();
        monitor?.CheckAlerts();
        List<string> heard = [];
        while (_heard.TryDequeue(out Alert? alert))
            heard.Add($"{alert.Level} {alert.Message}");
        return heard;
    }

    private static string[] LogMessages(GenerationMonitor monitor)
    {
        monitor.Dispose();
        return [.. JsonFile.Lines(Path.Combine(monitor.LogDirectory!, "afterimage.log")).Select(line => line.Text("message"))];
    }
}
