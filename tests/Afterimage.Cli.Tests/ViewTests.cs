using Afterimage.Cli.Views;
using Spectre.Console.Rendering;
using Spectre.Console.Testing;

namespace Afterimage.Cli.Tests;

public sealed class ViewTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 14, 25, 38, TimeSpan.Zero);

    private static readonly Alert Firing = new Alert
    {
        Name = "high_error_rate",
        Message = "Error rate 27.11 % is above 20 %",
        Level = AlertLevel.Error,
        Timestamp = Now,
        Data = new Dictionary<string, object?>(),
    };

    private static readonly TokenUsageReport Tokens = new()
    {
        ByModel =
        [
            new() { ModelName = "a", PromptTokens = 1, CompletionTokens = 2, TotalTokens = 3 },
            new() { ModelName = "b[red]\n\u202e", PromptTokens = 22_361_870, CompletionTokens = 4_088_665, TotalTokens = 26_450_535 },
        ],
        TotalPromptTokens = 22_361_871,
        TotalCompletionTokens = 4_088_667,
        TotalTokens = 26_450_538,
    };

    private static string Render(IRenderable view, int width = 80)
    {
        using var console = new TestConsole().Width(width);
        console.Write(view);
        string[] lines = [.. console.Output.Split('\n').Select(line => line.TrimEnd())];
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        return string.Join('\n', lines).Trim('\n');
    }

    private static LiveSnapshot Snapshot(Quantiles? latency, params Alert[] alerts) =>
        new(
            "afterimage replay trace.csv",
            "modelled durations",
            0.5,
            Now,
            19_366,
            5.53,
            0.79,
            0.21,
            latency,
            latency,
            Tokens,
            new Dictionary<string, long> { ["a"] = 7 },
            alerts);

    private static LiveSnapshot Priced(decimal spent, bool isSpent)
    {
        var budget = new Budget { Name = "run", Unit = BudgetUnit.Dollars, Limit = 5 };
        return Snapshot(latency: null) with
        {
            Cost = new CostReport
            {
                ByModel =
                [
                    new() { ModelName = "a", CostUsd = null, UnpricedTokenCount = 3 },
                    new() { ModelName = "b[red]\n\u202e", CostUsd = spent, UnpricedTokenCount = 0 },
                ],
                TotalUsd = spent,
                UnpricedTokenCount = 3,
            },
            Budget = new BudgetStatus
            {
                Budget = budget,
                Spent = spent,
                Reserved = 0,
                IsSpent = isSpent,
                PeriodStart = Now,
                UnpricedTokenCount = 3,
            },
            Rules =
            [
                Rule("low_success_rate", AlertState.Inactive),
                Rule("high_error_rate", AlertState.Firing),
                Rule("slow\n", AlertState.Pending),
                Rule("x", AlertState.Inactive),
            ],
        };

        static AlertStatus Rule(string name, AlertState state) =>
            new AlertStatus
            {
                Rule = new AlertRule
                {
                    Name = name,
                    Metric = "m",
                    Threshold = 1,
                },
                State = state,
            };
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(44, "44")]
    [InlineData(4.53799, "4.538")]
    [InlineData(20.3115, "20.31")]
    [InlineData(211.12, "211.1")]
    [InlineData(1154.7, "1,155")]
    [InlineData(22361870, "22,361,870")]
    [InlineData(1e12, "1e+12")]
    [InlineData(0.00012345, "1.23e-4")]
    [InlineData(-2.5, "-2.500")]
    public void Values_have_four_digits(double value, string expected) => Assert.Equal(expected, Format.Value(value));

    [Theory]
    [InlineData("gpt-4o", "gpt-4o")]
    [InlineData("a\u001b[31m\r\nb\u202e", "a\ufffd[31m\ufffd\ufffdb\ufffd")]
    [InlineData("123456789012345", "12345678901…")]
    [InlineData("\ud83d\ude42\ud83d\ude42", "\ud83d\ude42\ud83d\ude42")]
    public void Names_cannot_steer_the_terminal(string name, string expected) => Assert.Equal(expected, Format.Name(name, 12));

    [Fact]
    public void The_live_view_shows_rate_success_latency_tokens_and_alerts()
    {
        Assert.Equal(
            """
            afterimage replay trace.csv  modelled durations
            2026-11-23 14:25:38Z  ━━━━━━━━━━━━━━━━━━━━━━━━ 50 %

            generations 19,366   rate 5.5/s   success 79.0 %   errors 21.0 %

             last five minutes        p50      p95      p99
            ────────────────────────────────────────────────
             generation time      2.881 s  9.332 s  12.32 s
             time to first token  2.881 s  9.332 s  12.32 s


             model     generations  prompt tokens  completion tokens  total tokens
            ───────────────────────────────────────────────────────────────────────
             b[red]��                  22,361,870          4,088,665    26,450,535
             a                   7              1                  2             3
             all                 7     22,361,871          4,088,667    26,450,538

            14:25:38  error  Error rate 27.11 % is above 20 %
            """,
            Render(LiveView.Render(Snapshot(new Quantiles(2.8808, 9.3315, 12.3174), Firing))));
    }

    [Fact]
    public void The_live_view_shows_cost_what_is_left_of_the_budget_and_where_alert_rules_stand()
    {
        string text = Render(LiveView.Render(Priced(spent: 3.25m, isSpent: false)));

        Assert.Contains("cost $3.25   budget $1.75 of $5.00 left   without a price 3 tokens\n", text, StringComparison.Ordinal);
        Assert.Contains("alert rules 1 firing (high_error_rate); 1 pending (slow�); 2 inactive\n", text, StringComparison.Ordinal);
        Assert.Contains(
            """
             model     generations      prompt  completion  total tokens      cost
            ───────────────────────────────────────────────────────────────────────
             b[red]��               22,361,870   4,088,665    26,450,535     $3.25
             a                   7           1           2             3  no price
             all                 7  22,361,871   4,088,667    26,450,538  $3.25 +?
            """,
            text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_spent_budget_is_said_to_be() => Assert.EndsWith(
        ", $5.01, budget spent: $5.01 of $5.00, 1 firing (high_error_rate); 1 pending (slow�); 2 inactive",
        LiveView.Line(Priced(spent: 5.01m, isSpent: true)),
        StringComparison.Ordinal);

    [Fact]
    public void The_live_view_of_nothing_has_no_figures() =>
        Assert.Contains("generation time        -    -    -", Render(LiveView.Render(Snapshot(latency: null))), StringComparison.Ordinal);

    [Fact]
    public void Off_a_terminal_it_is_a_line() => Assert.Equal(
        "2026-11-23 14:25:38Z 50 %, 19,366 generations, 5.5/s, success 79.0 %, p50 2.881 s, p95 9.332 s, p99 12.32 s, 26,450,538 tokens",
        LiveView.Line(Snapshot(new Quantiles(2.8808, 9.3315, 12.3174))));

    [Fact]
    public void The_summary_shows_facts_metrics_and_tokens()
    {
        var one = new MetricSummary
        {
            Count = 2,
            Sum = 2,
            Mean = 1,
            Min = 1,
            Max = 1,
            P50 = 1,
            P95 = 1,
            P99 = 1,
        };
        var metrics = new Dictionary<string, MetricSummary>
        {
            ["error_rate"] = one with { Mean = 0.25 },
            ["finish_reason:stop"] = one,
            ["generation_time"] = new MetricSummary
            {
                Count = 2,
                Sum = 3.25,
                Mean = 1.625,
                Min = 1.25,
                Max = 2,
                P50 = 1.25,
                P95 = 1.25,
                P99 = 1.25,
            },
            ["model_usage:a"] = one,
            ["success_rate"] = one with { Mean = 0.75 },
        };
        var summary = new RunSummary
        {
            LogDirectory = "/nowhere/log",
            Generations = 2,
            Evaluations = 0,
            Tokens = Tokens,
            Metrics = metrics,
            FirstTimestamp = Now,
            LastTimestamp = Now.AddMinutes(1),
            NonFinitePoints = 1,
            SkippedLines = 2,
            Files = [],
            DroppedRecords = 3_000,
            FailedRecords = 4,
        };

        Assert.Equal(
            """
            generations     2, success 75.0 %, errors 25.0 %
            finish reasons  stop 2
            time            2026-11-23 14:25:38Z to 2026-11-23 14:26:38Z
            not finite      1 points, in no figure
            skipped lines   2, not valid records
            dropped         3,000 records, because buffers were full
            failed          4 records did not reach a handler
            durations       modelled
            log directory   /nowhere/log

             metric           count   mean    min  max    p50    p95    p99
            ────────────────────────────────────────────────────────────────
             generation_time      2  1.625  1.250    2  1.250  1.250  1.250


             model     generations  prompt tokens  completion tokens  total tokens
            ───────────────────────────────────────────────────────────────────────
             b[red]��                  22,361,870          4,088,665    26,450,535
             a                   2              1                  2             3
             all                 2     22,361,871          4,088,667    26,450,538
            """,
            Render(SummaryView.Render(summary, [("durations", "modelled")])));
    }

    [Fact]
    public void Long_lists_and_names_stay_within_the_terminal()
    {
        var models = Enumerable
            .Range(0, 10_000)
            .Select(i => new ModelTokenUsage
            {
                ModelName = $"{i}-{new string('m', 100)}",
                PromptTokens = 1_000_000_000,
                CompletionTokens = 1_000_000_000,
                TotalTokens = 2_000_000_000,
            })
            .ToArray();
        var summary = new RunSummary
        {
            LogDirectory = "/nowhere/log",
            Generations = 1,
            Evaluations = 0,
            Tokens = new TokenUsageReport
            {
                ByModel = models,
                TotalPromptTokens = 10_000_000_000_000,
                TotalCompletionTokens = 10_000_000_000_000,
                TotalTokens = 20_000_000_000_000,
            },
            Metrics = models.ToDictionary(
                m => m.ModelName,
                _ => new MetricSummary
                {
                    Count = 10_000_000,
                    Sum = -12_345.678,
                    Mean = -12_345.678,
                    Min = -12_345.678,
                    Max = -12_345.678,
                    P50 = -12_345.678,
                    P95 = -12_345.678,
                    P99 = -12_345.678,
                }),
            NonFinitePoints = 0,
            SkippedLines = 0,
            Files = [],
        };

        string text = Render(SummaryView.Render(summary, []));

        Assert.Contains("and 9,970 more models", text, StringComparison.Ordinal);
        Assert.Contains("and 9,970 more metrics", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Alerts_say_when_they_are_over()
    {
        Alert over = Firing with
        {
            Level = AlertLevel.Info,
            Message = "Error rate 11.9 % is within 20 % again",
            Data = new Dictionary<string, object?> { ["resolved"] = true },
        };

        Assert.Equal(
            """
            14:25:38  error  Error rate 27.11 % is above 20 %
            14:25:38  over   Error rate 11.9 % is within 20 % again
            """,
            Render(AlertsView.Render([Firing, over], 20)));
    }

    [Fact]
    public void Episodes_say_when_they_began_and_ended()
    {
        AlertEpisode[] episodes =
        [
            new AlertEpisode
            {
                Name = "high_token_usage:completion",
                Level = AlertLevel.Warning,
                Message = "m",
                Start = Now,
                End = Now.AddDays(2.5),
                State = AlertEpisodeState.Resolved,
                Announcements = 1,
                Data = new Dictionary<string, object?>(),
                LogDirectory = "/log",
            },
            new AlertEpisode
            {
                Name = "high_error_rate",
                Level = AlertLevel.Error,
                Message = "Error rate 27.11 % is above 20 %",
                Start = Now,
                End = Now.AddSeconds(42),
                State = AlertEpisodeState.Resolved,
                Announcements = 1,
                Data = new Dictionary<string, object?>(),
                LogDirectory = "/log",
            },
            new AlertEpisode
            {
                Name = "b[red]\n\u202e",
                Level = AlertLevel.Info,
                Message = new string('x', 300),
                Start = Now,
                End = Now.AddHours(1.5),
                State = AlertEpisodeState.RunEnded,
                Announcements = 1,
                Data = new Dictionary<string, object?>(),
                LogDirectory = "/log",
            },
            new AlertEpisode
            {
                Name = "slow",
                Level = AlertLevel.Warning,
                Message = "p95",
                Start = Now,
                State = AlertEpisodeState.Firing,
                Announcements = 1,
                Data = new Dictionary<string, object?>(),
                LogDirectory = "/log",
            },
        ];

        Assert.Equal(
            $"""
            1 earlier alerts: --json has all
            start                 end          duration  level    alert
            2026-11-23 14:25:38Z  14:26:20Z        42 s  error    high_error_rate
                Error rate 27.11 % is above 20 %
            2026-11-23 14:25:38Z  run ended  1 h 30 min  info     b[red]��
                {new string('x', 76)}
                {new string('x', 76)}
                {new string('x', 47)}…
            2026-11-23 14:25:38Z  firing                 warning  slow
                p95
            """,
            Render(EpisodesView.Render(episodes, 3)));
        string ofRuns = Render(
            EpisodesView.Render([episodes[^1] with { LogDirectory = "/log/ab/x" }, episodes[^1] with { LogDirectory = "/log/ac" }], 3),
            100);
        Assert.Contains("    ab/x: p95", ofRuns, StringComparison.Ordinal);
        Assert.Contains("    ac: p95", ofRuns, StringComparison.Ordinal);
        Assert.Contains(
            "2026-11-23 14:25:38Z  2026-11-26 02:25:38Z    2 d 12 h  warning  high_token_usage:completion",
            Render(EpisodesView.Render(episodes, 4), 100),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(100)]
    public void No_number_is_broken_in_two_on_a_narrow_terminal(int width)
    {
        var one = new MetricSummary
        {
            Count = 22_361_870,
            Sum = 1e9,
            Mean = 1155.5,
            Min = 1000,
            Max = 14_050,
            P50 = 1020,
            P95 = 4083,
            P99 = 4142,
        };
        Dictionary<string, MetricSummary> metrics = Enumerable.Range(0, 3)
            .Select(i => $"evaluation_score_of_a_long_name_{i}")
            .Append("model_usage:a")
            .Append("model_usage:without-tokens")
            .ToDictionary(name => name, _ => one);
        var summary = new RunSummary
        {
            LogDirectory = "/nowhere/log",
            Generations = 44_723_740,
            Evaluations = 0,
            Tokens = Tokens,
            Metrics = metrics,
            FirstTimestamp = Now,
            LastTimestamp = Now,
            NonFinitePoints = 0,
            SkippedLines = 0,
            Files = [],
            Cost = new CostReport
            {
                ByModel = [new() { ModelName = "a", CostUsd = 123_456.78m, UnpricedTokenCount = 0 }],
                TotalUsd = 123_456.78m,
                UnpricedTokenCount = 0,
            },
        };

        string[] lines = Render(SummaryView.Render(summary, []), width).Split('\n');

        // A row that was broken would go on in a line without its name.
        string[] rows = [.. lines.SkipWhile(line => !line.StartsWith('─')).Where(line => line.Length > 0 && line[0] != '─')];
        Assert.All(
            rows.Where(row => !row.Contains("narrow", StringComparison.Ordinal)),
            row => Assert.Matches("^ (evaluation|model|b.red|a |all|without)", row));
        Assert.Contains(rows, row => row.StartsWith(" without-tokens", StringComparison.Ordinal));
        Assert.Matches(@" all .*\$123,456\.78", string.Join('\n', rows));
        Assert.Matches(@" evaluation_sc.* 4,083", string.Join('\n', rows));
        Assert.Equal(width < 100, rows.Any(row => row.Contains("too narrow for: ", StringComparison.Ordinal)));
    }
}
