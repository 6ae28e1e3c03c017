using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Metrics;

public sealed class CardinalityTests
{
    [Fact]
    public void Ten_thousand_models_past_the_limit_share_a_series_and_the_log_knows_them_all()
    {
        const int Models = 10_000;
        using var run = new MonitorRun();
        for (int i = 0; i < Models; i++)
            run.Monitor.TrackGeneration(
                TimeSpan.Zero,
                true,
                new GenerationDetails
                {
                    ModelName = $"model-{i}",
                    PromptTokenCount = i,
                    CompletionTokenCount = 1,
                });

        TokenUsageReport tokens = run.Monitor.GetTotalTokenUsage();
        Assert.Equal(1001, tokens.ByModel.Count);
        Assert.Equal(Models * (Models - 1L) / 2, tokens.TotalPromptTokens);
        Assert.Equal(Models, tokens.TotalCompletionTokens);
        ModelTokenUsage other = Assert.Single(tokens.ByModel, m => m.ModelName == GenerationMonitorOptions.OverflowName);
        Assert.Equal(9000, other.CompletionTokens);
        Assert.Equal(Enumerable.Range(1000, 9000).Sum(i => (long)i), other.PromptTokens);
        Assert.Equal(new ModelTokenUsage
        {
            ModelName = "model-999",
            PromptTokens = 999,
            CompletionTokens = 1,
            TotalTokens = 1000,
        }, Assert.Single(tokens.ByModel, m => m.ModelName == "model-999"));

        Assert.Equal(1001, run.Monitor.MetricNames.Count(n => n.StartsWith("model_usage:", StringComparison.Ordinal)));
        Assert.Equal(9000, run.Monitor.GetMetrics("model_usage:(other)").Sum);
        Assert.Equal(1, run.Monitor.GetMetrics("model_usage:model-0").Sum);
        Assert.Equal(0, run.Monitor.GetMetrics("model_usage:model-1000").Count);
        Assert.Equal(Enumerable.Range(0, Models).Select(i => $"model-{i}"), run.Records().Select(r => r.Text("model_name")));
    }

    [Fact]
    public void The_limit_holds_for_every_kind_of_name_and_the_log_keeps_the_true_ones()
    {
        using var run = new MonitorRun(o => o.CardinalityLimit = 3);
        for (int i = 0; i < 10; i++)
        {
            run.Monitor.TrackGeneration(
                TimeSpan.Zero,
                true,
                new GenerationDetails
                {
                    ModelName = $"m{i}",
                    FinishReason = $"f{i}",
                    Provider = $"p{i}",
                    Operation = $"o{i}",
                });
            run.Monitor.TrackEvaluation(
                TimeSpan.Zero,
                true,
                $"e{i}",
                new Dictionary<string, double> { [$"s{i}"] = i },
                new EvaluationDetails { ModelName = $"m{i}", PromptTokenCount = 1 });
            run.Monitor.RecordMetric($"x{i}", i, new Dictionary<string, object?> { ["model_name"] = $"m{i}" });
            run.Monitor.RecordMetric($"x{i}", i);
        }

        string[] names =
        [
            .. run
                .Monitor.MetricNames.Where(n =>
                    n.Contains(':', StringComparison.Ordinal)
                    || n.StartsWith('x')
                    || n[0] == '('
                    || n.StartsWith("evaluation_score_", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(
            [
                "(other)",
                "evaluation_score_(other)",
                "evaluation_score_s0",
                "evaluation_score_s1",
                "evaluation_score_s2",
                "finish_reason:(other)",
                "finish_reason:f0",
                "finish_reason:f1",
                "finish_reason:f2",
                "model_usage:(other)",
                "model_usage:m0",
                "model_usage:m1",
                "model_usage:m2",
                "x0",
                "x1",
                "x2",
            ],
            names);
        Assert.Equal((14, 84.0), (run.Monitor.GetMetrics("(other)").Count, run.Monitor.GetMetrics("(other)").Sum));
        Assert.Equal(
            (7, 42.0),
            (run.Monitor.GetMetrics("evaluation_score_(other)").Count, run.Monitor.GetMetrics("evaluation_score_(other)").Sum));
        Assert.Equal(7, run.Monitor.GetMetrics("finish_reason:(other)").Count);

        var records = run.Records();
        for (int i = 0; i < 10; i++)
        {
            var generation = records[4 * i];
            Assert.Equal(
                (string[])[$"m{i}", $"f{i}", $"p{i}", $"o{i}"],
                Texts(generation, "model_name", "finish_reason", "provider", "operation"));
            var evaluation = records[(4 * i) + 1];
            Assert.Equal((string[])[$"m{i}", $"e{i}"], Texts(evaluation, "model_name", "evaluator_type"));
            Assert.Equal([$"s{i}"], evaluation.GetProperty("scores").Keys());
            Assert.Equal($"x{i}", records[(4 * i) + 2].Text("metric_name"));
            Assert.Equal($"m{i}", records[(4 * i) + 2].GetProperty("metadata").Text("model_name"));
            Assert.Equal($"x{i}", records[(4 * i) + 3].Text("metric_name"));
        }
    }

    [Fact]
    public void Handlers_see_the_true_names_of_records_past_the_limit()
    {
        var seen = new List<string>();
        using var run = new MonitorRun(o =>
        {
            o.CardinalityLimit = 1;
            o.MetricHandlers.Add(new BatchHandler(batch =>
                {
                    foreach (MetricRecord record in batch)
                        seen.Add(
                            (
                                $"{record.ModelName} {record.FinishReason} {record.Provider} "
                                + $"{record.Operation} {record.EvaluatorType} {record.MetricName}"
                            ).Trim()
                        );
                }));
        });
        run.Monitor.TrackGeneration(
            TimeSpan.Zero,
            true,
            new GenerationDetails
            {
                ModelName = "m0",
                FinishReason = "f0",
                Provider = "p0",
                Operation = "o0",
            });
        run.Monitor.TrackGeneration(
            TimeSpan.Zero,
            true,
            new GenerationDetails
            {
                ModelName = "m1",
                FinishReason = "f1",
                Provider = "p1",
                Operation = "o1",
            });
        run.Monitor.TrackEvaluation(TimeSpan.Zero, true, "e", new Dictionary<string, double>());
        run.Monitor.RecordMetric("x0", 1);
        run.Monitor.RecordMetric("x1", 1);
        run.Monitor.Dispose();

        Assert.Equal(["m0 f0 p0 o0", "m1 f1 p1 o1", "e", "x0", "x1"], seen);
    }

    [Fact]
    public void A_name_that_is_the_overflow_name_counts_there()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = "(other)", PromptTokenCount = 3 });
        run.Monitor.RecordMetric("(other)", 2);

        Assert.Equal(
            [
                new ModelTokenUsage { ModelName = "(other)", PromptTokens = 3, CompletionTokens = 0, TotalTokens = 3 },
            ],
            run.Monitor.GetTotalTokenUsage().ByModel);
        Assert.Equal(2, run.Monitor.GetMetrics("(other)").Sum);
        Assert.Equal("(other)", run.Records()[0].Text("model_name"));
    }

    private static IEnumerable<string> Texts(JsonElement record, params string[] keys) => keys.Select(k => record.Text(k));
}
