using System.Text.Json;

namespace Afterimage.Monitoring.Reporting.Tests;

public sealed class RunSummaryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private GenerationMonitor NewMonitor(int cardinalityLimit = 1000)
    {
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path);
        options.CardinalityLimit = cardinalityLimit;
        options.Pricing = new ModelPricing(
            new Dictionary<string, ModelPrice>
            {
                ["model '1'"] = new() { Input = 2.5m, Output = 10 },
                ["model '2'"] = new() { Input = 0.07m, Output = 0.3m },
            });
        return new GenerationMonitor(options);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_log_directory_says_what_the_live_monitor_says(int seed)
    {
        var random = new Random(seed);
        GenerationMonitor monitor = NewMonitor();
        Parallel.For(0, 4, _ =>
        {
            for (int i = 0; i < 5_000; i++)
                Record(monitor, random);
        });

        RunSummary live = RunSummary.FromMonitor(monitor);
        monitor.Dispose();
        RunSummary disposed = RunSummary.FromMonitor(monitor);
        RunSummary read = LogDirectory.Open(_directory.Path).Summarize(TestContext.Current.CancellationToken);

        AssertAgree(live, read);
        AssertAgree(disposed, read);
        Assert.True(read.Metrics["cost_usd"].Sum > 0);
        Assert.Equal(
            live.Cost!.ByModel.Select(m => (m.ModelName, Rounded(m.CostUsd), m.UnpricedTokenCount)),
            read.Cost!.ByModel.Select(m => (m.ModelName, Rounded(m.CostUsd), m.UnpricedTokenCount)));
        Assert.Equal(live.Cost.TotalUsd, read.Cost.TotalUsd, 9);
        Assert.Equal((decimal)read.Metrics["cost_usd"].Sum, read.Cost.TotalUsd, 9);
        Assert.Equal(read.Metrics["unpriced_token_count"].Sum, read.Cost.UnpricedTokenCount);
        Assert.Equal(
            (live.Cost.SuccessfulGenerations, live.Cost.EvaluationPoints),
            (read.Cost.SuccessfulGenerations, read.Cost.EvaluationPoints));
        Assert.True(read.Cost.SuccessfulGenerations > 0 && read.Cost.EvaluationPoints > 0);

        static decimal? Rounded(decimal? cost) => cost is { } dollars ? decimal.Round(dollars, 9) : null;
        Assert.True(read.Metrics["unpriced_token_count"].Sum > 0);
        Assert.Equal(0, read.SkippedLines);
        Assert.Equal(live.NonFinitePoints, read.NonFinitePoints);
    }

    [Fact]
    public void A_cost_is_summed_by_model_and_what_has_none_is_not_free()
    {
        using (GenerationMonitor monitor = NewMonitor())
        {
            monitor.TrackGeneration(
                TimeSpan.Zero,
                true,
                new()
                {
                    ModelName = "model '1'",
                    PromptTokenCount = 1_000_000,
                    CompletionTokenCount = 100_000,
                });
            monitor.TrackGeneration(TimeSpan.Zero, true, new() { ModelName = "model '1'", TotalTokenCount = 7 });
            monitor.TrackGeneration(TimeSpan.Zero, false, new() { PromptTokenCount = 5 });
            monitor.TrackEvaluation(
                TimeSpan.Zero,
                true,
                "e",
                new Dictionary<string, double> { ["a"] = 1, ["b"] = 0 },
                new() { ModelName = "model '2'", PromptTokenCount = 1_000_000 });
            monitor.RecordMetric("cost_usd", 1.25, new Dictionary<string, object?> { ["model_name"] = "images" });
            monitor.RecordMetric("cost_usd", double.NaN, new Dictionary<string, object?> { ["model_name"] = "images" });
            monitor.RecordMetric("cost_usd", double.NaN, new Dictionary<string, object?> { ["model_name"] = "broken" });
        }

        CostReport cost = LogDirectory.Open(_directory.Path).Summarize(TestContext.Current.CancellationToken).Cost!;

        Assert.Equal(
            [
                new ModelCost { ModelName = "images", CostUsd = 1.25m, UnpricedTokenCount = 0 },
                new ModelCost { ModelName = "model '1'", CostUsd = 3.5m, UnpricedTokenCount = 7 },
                new ModelCost { ModelName = "model '2'", CostUsd = 0.07m, UnpricedTokenCount = 0 },
                new ModelCost { ModelName = "unknown", CostUsd = null, UnpricedTokenCount = 5 },
            ],
            cost.ByModel);
        Assert.Equal((4.82m, 12), (cost.TotalUsd, cost.UnpricedTokenCount));
        Assert.Equal((2.41m, 2.41m), (cost.CostPerSuccessfulGeneration, cost.CostPerEvaluationPoint));
    }

    [Fact]
    public void Without_records_it_is_empty()
    {
        using GenerationMonitor monitor = NewMonitor();

        RunSummary summary = RunSummary.FromMonitor(monitor);

        Assert.Equal((0, 0), (summary.Generations, summary.Evaluations));
        Assert.Empty(summary.Metrics);
        Assert.Null(summary.Cost);
        Assert.Equal(monitor.LogDirectory!, summary.LogDirectory);
        Assert.Null(summary.FirstTimestamp);
        Assert.Empty(summary.Files);
    }

    [Fact]
    public void A_metric_whose_points_are_all_not_finite_is_not_in_it()
    {
        using GenerationMonitor monitor = NewMonitor();
        monitor.RecordMetric("m", double.NaN);

        RunSummary summary = RunSummary.FromMonitor(monitor);

        Assert.Empty(summary.Metrics);
        Assert.Equal(1, summary.NonFinitePoints);
    }

    [Fact]
    public void Names_past_the_limit_of_the_monitor_are_told_apart_in_the_directory()
    {
        using (GenerationMonitor monitor = NewMonitor(cardinalityLimit: 10))
        {
            for (int i = 0; i < 1000; i++)
                monitor.TrackGeneration(
                    TimeSpan.FromSeconds(1),
                    true,
                    new GenerationDetails { ModelName = $"model-{i}", PromptTokenCount = 1 });
        }

        RunSummary read = LogDirectory.Open(_directory.Path).Summarize(TestContext.Current.CancellationToken);

        Assert.Equal(1000, read.Tokens.ByModel.Count);
        Assert.Equal(1000, read.Tokens.TotalPromptTokens);
    }

    [Fact]
    public void A_monitor_is_wanted() => Assert.Throws<ArgumentNullException>(() => RunSummary.FromMonitor(null!));

    [Fact]
    public void Json_has_every_figure()
    {
        var time = new DateTimeOffset(2026, 11, 23, 14, 25, 38, TimeSpan.Zero);
        var summary = new RunSummary
        {
            LogDirectory = "/log",
            Generations = 2,
            Evaluations = 1,
            Tokens = new TokenUsageReport
            {
                ByModel = [new ModelTokenUsage { ModelName = "m\"", PromptTokens = 1, CompletionTokens = 2, TotalTokens = 3 }],
                TotalPromptTokens = 1,
                TotalCompletionTokens = 2,
                TotalTokens = 3,
            },
            Metrics = new Dictionary<string, MetricSummary>
            {
                ["generation_time"] = new MetricSummary
                {
                    Count = 2,
                    Sum = double.PositiveInfinity,
                    Mean = 1.5,
                    Min = 1,
                    Max = 2,
                    P50 = 1,
                    P95 = 1.25,
                    P99 = 1e-9,
                }
            },
            FirstTimestamp = time,
            LastTimestamp = time.AddTicks(1),
            NonFinitePoints = 4,
            SkippedLines = 5,
            Files = ["/log/metrics.jsonl"],
            DroppedRecords = 6,
            FailedRecords = 7,
        };

        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            summary.WriteProperties(writer);
            writer.WriteEndObject();
        }

        Assert.Equal(
            """
            {"generations":2,"evaluations":1,"by_model":[{"model_name":"m\u0022","prompt_tokens":1,"completion_tokens":2,"total_tokens":3}],
            "total_prompt_tokens":1,"total_completion_tokens":2,"total_tokens":3,
            "metrics":{"generation_time":{"count":2,"sum":"Infinity","mean":1.5,"min":1,"max":2,"p50":1,"p95":1.25,"p99":1E-09}},
            "first_timestamp":"2026-11-23T14:25:38Z","last_timestamp":"2026-11-23T14:25:38.0000001Z","non_finite_points":4,
            "skipped_lines":5,"dropped_records":6,"failed_records":7,"log_dir":"/log"}
            """.ReplaceLineEndings(""),
            System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static void Record(GenerationMonitor monitor, Random random)
    {
        int kind, model;
        long tokens, ticks;
        double value;
        lock (random)
        {
            kind = random.Next(10);
            model = random.Next(4);
            tokens = random.NextInt64(1, 100_000);
            ticks = random.NextInt64(1, 600_000_000);
            value = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 9));
        }

        string? modelName = model == 0 ? null : $"model '{model}'";
        switch (kind)
        {
            case 0:
                monitor.TrackEvaluation(
                    new TimeSpan(ticks),
                    model != 0,
                    "judge",
                    new Dictionary<string, double> { ["a\"b"] = value, ["sometimes"] = model == 1 ? double.NaN : 1 / (value + 1e9) },
                    new EvaluationDetails { ModelName = modelName, PromptTokenCount = tokens, Error = model == 0 ? "E" : null });
                break;
            case 1:
                monitor.RecordMetric("own", value, new Dictionary<string, object?> { ["model_name"] = modelName });
                break;
            case 2:
                monitor.RecordMetric("completion_token_count", tokens, new Dictionary<string, object?> { ["model_name"] = modelName });
                break;
            default:
                monitor.TrackGeneration(new TimeSpan(ticks), kind != 3, new GenerationDetails
                {
                    ModelName = modelName,
                    PromptTokenCount = kind == 4 ? null : tokens,
                    CompletionTokenCount = kind == 5 ? null : tokens / 3,
                    TotalTokenCount = kind == 6 ? tokens * 2 : null,
                    TimeToFirstToken = kind == 7 ? null : new TimeSpan(ticks / 7),
                    ConversationLength = kind == 8 ? model : null,
                    FinishReason = kind == 3 ? null : "stop\n",
                    Error = kind == 3 ? "E" : null,
                });
                break;
        }
    }

    private static void AssertAgree(RunSummary live, RunSummary read)
    {
        Assert.Equal((live.Generations, live.Evaluations, live.LogDirectory), (read.Generations, read.Evaluations, read.LogDirectory));
        Assert.Equal(live.Tokens.ByModel, read.Tokens.ByModel);
        Assert.Equal(
            (live.Tokens.TotalPromptTokens, live.Tokens.TotalCompletionTokens, live.Tokens.TotalTokens),
            (read.Tokens.TotalPromptTokens, read.Tokens.TotalCompletionTokens, read.Tokens.TotalTokens));
        Assert.Equal(live.Metrics.Keys, read.Metrics.Keys);
        foreach ((string name, MetricSummary expected) in live.Metrics)
        {
            MetricSummary actual = read.Metrics[name];
            Assert.Equal(
                (name, expected.Count, expected.Sum, expected.Mean, expected.Min, expected.Max),
                (name, actual.Count, actual.Sum, actual.Mean, actual.Min, actual.Max));
            foreach (
                (double sketched, double exact) in ((double, double)[])
                    [(expected.P50, actual.P50), (expected.P95, actual.P95), (expected.P99, actual.P99)])
                Assert.Equal(exact, sketched, Math.Abs(exact) * 0.01);
        }
    }
}
