using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Pricing;

public sealed class TokenUsageTests
{
    [Fact]
    public void Usage_is_summed_by_model_and_ordered_by_name()
    {
        using var run = MonitorRun.InMemory();
        Track(run, "b", prompt: 1, completion: 2);
        Track(run, "a", prompt: 10, completion: 20, total: 100);
        Track(run, "B", total: 7);
        Track(run, "b", prompt: 3);
        Track(run, null, completion: 4);
        Track(run, "no tokens");
        run.Monitor.TrackEvaluation(
            TimeSpan.Zero,
            true,
            "e",
            new Dictionary<string, double>(),
            new EvaluationDetails
            {
                ModelName = "judge",
                PromptTokenCount = 5,
                CompletionTokenCount = 6,
            });
        run.Monitor.TrackEvaluation(
            TimeSpan.Zero,
            true,
            "e",
            new Dictionary<string, double>(),
            new EvaluationDetails { TotalTokenCount = 1000 });

        TokenUsageReport report = run.Monitor.GetTotalTokenUsage();

        Assert.Equal(
            [
                new ModelTokenUsage { ModelName = "B", PromptTokens = 0, CompletionTokens = 0, TotalTokens = 7 },
                new ModelTokenUsage { ModelName = "a", PromptTokens = 10, CompletionTokens = 20, TotalTokens = 100 },
                new ModelTokenUsage { ModelName = "b", PromptTokens = 4, CompletionTokens = 2, TotalTokens = 6 },
                new ModelTokenUsage { ModelName = "judge", PromptTokens = 5, CompletionTokens = 6, TotalTokens = 11 },
                new ModelTokenUsage { ModelName = "unknown", PromptTokens = 0, CompletionTokens = 4, TotalTokens = 1004 },
            ],
            report.ByModel);
        Assert.Equal((19, 32, 1128), (report.TotalPromptTokens, report.TotalCompletionTokens, report.TotalTokens));
    }

    [Fact]
    public void Without_tokens_the_report_is_empty()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails { ModelName = "m" });

        TokenUsageReport report = run.Monitor.GetTotalTokenUsage();
        Assert.Empty(report.ByModel);
        Assert.Equal((0, 0, 0), (report.TotalPromptTokens, report.TotalCompletionTokens, report.TotalTokens));
    }

    [Fact]
    public void A_token_metric_that_is_recorded_by_name_counts()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("prompt_token_count", 11, new Dictionary<string, object?> { ["model_name"] = "m" });
        run.Monitor.RecordMetric("completion_token_count", 5, new Dictionary<string, object?> { ["model_name"] = "m" });
        run.Monitor.RecordMetric("total_token_count", 16, new Dictionary<string, object?> { ["model_name"] = 42 });
        run.Monitor.RecordMetric("prompt_token_count", 2);
        run.Monitor.RecordMetric("prompt_token_count", double.NaN);

        Assert.Equal(
            [
                new ModelTokenUsage { ModelName = "m", PromptTokens = 11, CompletionTokens = 5, TotalTokens = 0 },
                new ModelTokenUsage { ModelName = "unknown", PromptTokens = 2, CompletionTokens = 0, TotalTokens = 16 },
            ],
            run.Monitor.GetTotalTokenUsage().ByModel);
    }

    [Fact]
    public void A_model_called_unknown_and_no_model_are_one()
    {
        using var run = MonitorRun.InMemory();
        Track(run, "unknown", prompt: 1);
        Track(run, null, prompt: 2);

        Assert.Equal(
            [
                new ModelTokenUsage { ModelName = "unknown", PromptTokens = 3, CompletionTokens = 0, TotalTokens = 3 },
            ],
            run.Monitor.GetTotalTokenUsage().ByModel);
        Assert.Equal(1, run.Monitor.GetMetrics("model_usage:unknown").Count);
    }

    [Fact]
    public void Usage_over_everything_does_not_forget()
    {
        using var run = MonitorRun.InMemory();
        Track(run, "m", prompt: 1);
        run.Clock.Advance(TimeSpan.FromDays(400));
        Track(run, "m", prompt: 2);

        Assert.Equal(3, run.Monitor.GetTotalTokenUsage().TotalTokens);
        Assert.Equal(3, run.Monitor.GetTotalTokenUsage(TimeSpan.MaxValue).TotalTokens);
        Assert.Equal(2, run.Monitor.GetTotalTokenUsage(TimeSpan.FromDays(1)).TotalTokens);
    }

    private static void Track(MonitorRun run, string? model, long? prompt = null, long? completion = null, long? total = null) =>
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails
        {
            ModelName = model,
            PromptTokenCount = prompt,
            CompletionTokenCount = completion,
            TotalTokenCount = total,
        });
}
