using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Metrics;

/// <summary>The table "From records to points" of docs/log-format.md: what is in memory, and what a handler is told, is this and nothing
/// else.</summary>
public sealed class DerivedPointsTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(1.25);

    public static TheoryData<string, string> Records =>
        new()
        {
            { "successful generation", "generation_time=1.25 success_rate=1 error_rate=0" },
            { "failed generation", "generation_time=1.25 success_rate=0 error_rate=0" },
            { "failed generation with error", "generation_time=1.25 success_rate=0 error_rate=1" },
            { "successful generation with error", "generation_time=1.25 success_rate=1 error_rate=1" },
            { "time to first token", "generation_time=1.25 success_rate=1 error_rate=0 time_to_first_token=0.5" },
            { "conversation length", "generation_time=1.25 success_rate=1 error_rate=0 conversation_length=3" },
            { "model", "generation_time=1.25 success_rate=1 error_rate=0 model_usage:gpt-4o=1" },
            { "finish reason", "generation_time=1.25 success_rate=1 error_rate=0 finish_reason:stop=1" },
            { "provider, operation and tags", "generation_time=1.25 success_rate=1 error_rate=0" },
            { "cached and reasoning tokens", "generation_time=1.25 success_rate=1 error_rate=0" },
            { "prompt tokens", "generation_time=1.25 success_rate=1 error_rate=0 prompt_token_count=7 total_token_count=7" },
            { "completion tokens", "generation_time=1.25 success_rate=1 error_rate=0 completion_token_count=5 total_token_count=5" },
            {
                "both tokens",
                "generation_time=1.25 success_rate=1 error_rate=0 prompt_token_count=7 completion_token_count=5 total_token_count=12"
            },
            { "total tokens", "generation_time=1.25 success_rate=1 error_rate=0 total_token_count=100" },
            {
                "all tokens",
                "generation_time=1.25 success_rate=1 error_rate=0 prompt_token_count=7 completion_token_count=5 total_token_count=100"
            },
            {
                "no tokens",
                "generation_time=1.25 success_rate=1 error_rate=0 prompt_token_count=0 completion_token_count=0 total_token_count=0"
            },
            { "evaluation", "evaluation_time=1.25 evaluation_error_rate=0" },
            { "failed evaluation", "evaluation_time=1.25 evaluation_error_rate=0" },
            { "evaluation with error", "evaluation_time=1.25 evaluation_error_rate=1" },
            { "scores", "evaluation_time=1.25 evaluation_error_rate=0 evaluation_score_coherence=0.75 evaluation_score_tone=-2" },
            {
                "scores with feedback",
                "evaluation_time=1.25 evaluation_error_rate=0 evaluation_score_coherence=0.75 evaluation_score_tone=-2"
            },
            {
                "evaluation tokens",
                "evaluation_time=1.25 evaluation_error_rate=0 prompt_token_count=7 completion_token_count=5 total_token_count=12"
            },
            { "evaluation total", "evaluation_time=1.25 evaluation_error_rate=0 total_token_count=100" },
            { "evaluation model", "evaluation_time=1.25 evaluation_error_rate=0" },
            { "metric", "gpu_temperature=71.5" },
            { "known metric", "prompt_token_count=9" },
            { "log entry", "" },
        };

    [Theory]
    [MemberData(nameof(Records))]
    public void A_record_stands_for_these_points(string record, string points)
    {
        var handler = new PointHandler();
        using var run = new MonitorRun(o => o.MetricHandlers.Add(handler));
        Make(record, run.Monitor);

        string[] expected = points.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal).ToArray();
        Assert.Equal(expected, run.Monitor.MetricNames.Select(Shown).Order(StringComparer.Ordinal));
        run.Monitor.Dispose();
        Assert.Equal(
            expected,
            handler.Points.Select(p => FormattableString.Invariant($"{p.MetricName}={p.Value}")).Order(StringComparer.Ordinal));

        string Shown(string name)
        {
            MetricAggregate aggregate = run.Monitor.GetMetrics(name);
            Assert.Equal(1, aggregate.Count);
            return FormattableString.Invariant($"{name}={aggregate.Sum}");
        }
    }

    [Fact]
    public void A_total_of_tokens_is_the_sum_of_the_highest_sides()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.TrackGeneration(
            Duration,
            true,
            new GenerationDetails
            {
                PromptTokenCount = GenerationDetails.MaxTokenCount,
                CompletionTokenCount = GenerationDetails.MaxTokenCount,
            });

        Assert.Equal(2e15, run.Monitor.GetMetrics("total_token_count").Sum);
    }

    [Fact]
    public void Points_carry_their_records_timestamp()
    {
        using var run = MonitorRun.InMemory();
        DateTimeOffset sixMinutesAgo = (MonitorRun.Start - TimeSpan.FromMinutes(6)).ToOffset(TimeSpan.FromHours(-7));
        run.Monitor.TrackGeneration(
            Duration,
            true,
            new GenerationDetails
            {
                ModelName = "m",
                PromptTokenCount = 1,
                Timestamp = sixMinutesAgo,
            });
        run.Monitor.TrackEvaluation(
            Duration,
            true,
            "e",
            new Dictionary<string, double> { ["s"] = 1 },
            new EvaluationDetails { Timestamp = sixMinutesAgo });
        run.Monitor.RecordMetric("x", 1, null, sixMinutesAgo);

        string[] names = [.. run.Monitor.MetricNames];
        Assert.Equal(10, names.Length);
        Assert.All(names, n => Assert.Equal(0, run.Monitor.GetMetrics(n).Count));
        Assert.All(names, n => Assert.Equal(0, run.Monitor.GetMetrics(n, TimeSpan.FromMinutes(6) - TimeSpan.FromTicks(1)).Count));
        Assert.All(names, n => Assert.Equal(1, run.Monitor.GetMetrics(n, TimeSpan.FromMinutes(6)).Count));
    }

    [Fact]
    public void The_default_window_is_five_minutes()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("m", 1);
        run.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, run.Monitor.GetMetrics("m").Count);
        run.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(0, run.Monitor.GetMetrics("m").Count);
        Assert.Equal(1, run.Monitor.GetMetrics("m", TimeSpan.MaxValue).Count);
    }

    [Fact]
    public void A_window_of_zero_has_what_is_stamped_now_and_ahead_of_the_clock()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("m", 1, null, MonitorRun.Start - TimeSpan.FromTicks(1));
        run.Monitor.RecordMetric("m", 2);
        run.Monitor.RecordMetric("m", 4, null, MonitorRun.Start + TimeSpan.FromDays(1));

        Assert.Equal(6, run.Monitor.GetMetrics("m", TimeSpan.Zero).Sum);
    }

    [Fact]
    public void Timestamps_at_the_ends_of_time_are_points_like_others()
    {
        using var run = new MonitorRun();
        run.Monitor.RecordMetric("m", 1, null, DateTimeOffset.MinValue);
        run.Monitor.RecordMetric("m", 2, null, DateTimeOffset.MaxValue);

        Assert.Equal(3, run.Monitor.GetMetrics("m", TimeSpan.MaxValue).Sum);
        Assert.Equal(2, run.Monitor.GetMetrics("m").Sum);
        Assert.Equal(
            ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"],
            run.Records().Select(r => r.Text("timestamp")));
    }

    [Fact]
    public void Without_data_everything_is_zero_and_quantiles_are_not_a_number()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("old", 5);
        run.Monitor.RecordMetric("never finite", double.NaN);
        run.Clock.Advance(TimeSpan.FromHours(1));

        foreach (
            MetricAggregate aggregate in new[]
            {
                run.Monitor.GetMetrics("old"),
                run.Monitor.GetMetrics("unknown"),
                run.Monitor.GetMetrics("never finite"),
                default,
            })
        {
            Assert.Equal(
                (0, 0.0, 0.0, 0.0, 0.0, 0.0),
                (aggregate.Count, aggregate.Sum, aggregate.Mean, aggregate.Min, aggregate.Max, aggregate.StandardDeviation));
            Assert.Equal(double.NaN, aggregate.Quantile(0.5));
        }
    }

    [Fact]
    public void Values_that_are_not_finite_are_counted_and_kept_out_of_aggregates()
    {
        using var run = new MonitorRun();
        foreach (double value in new[] { double.NaN, 1, double.PositiveInfinity, 3, double.NegativeInfinity })
            run.Monitor.RecordMetric("m", value);
        run.Monitor.TrackEvaluation(Duration, true, "e", new Dictionary<string, double> { ["s"] = double.NaN, ["t"] = 1 });

        MetricAggregate aggregate = run.Monitor.GetMetrics("m");
        Assert.Equal(
            (2, 4.0, 2.0, 1.0, 3.0, 1.0),
            (aggregate.Count, aggregate.Sum, aggregate.Mean, aggregate.Min, aggregate.Max, aggregate.StandardDeviation));
        Assert.Equal(4, run.Monitor.GetStatistics().NonFinite);
        Assert.DoesNotContain("evaluation_score_s", run.Monitor.MetricNames);
        Assert.Equal(6, run.Monitor.GetStatistics().Recorded);
        var records = run.Records();
        Assert.Equal(
            ["\"NaN\"", "1", "\"Infinity\"", "3", "\"-Infinity\""],
            records.Take(5).Select(r => r.GetProperty("value").GetRawText()));
        Assert.Equal("NaN", records[5].GetProperty("scores").Text("s"));
    }

    private static void Make(string record, GenerationMonitor monitor)
    {
        KeyValuePair<string, object?>[] tags = [new("model_name", "tag"), new("prompt_token_count", 99)];
        Dictionary<string, double> noScores = [];
        switch (record)
        {
            case "successful generation":
                monitor.TrackGeneration(Duration, true);
                break;
            case "failed generation":
                monitor.TrackGeneration(Duration, false);
                break;
            case "failed generation with error":
                monitor.TrackGeneration(Duration, false, new() { Error = "timeout" });
                break;
            case "successful generation with error":
                Generation(new() { Error = "late" });
                break;
            case "time to first token":
                Generation(new() { TimeToFirstToken = TimeSpan.FromSeconds(0.5) });
                break;
            case "conversation length":
                Generation(new() { ConversationLength = 3 });
                break;
            case "model":
                Generation(new() { ModelName = "gpt-4o" });
                break;
            case "finish reason":
                Generation(new() { FinishReason = "stop" });
                break;
            case "provider, operation and tags":
                Generation(
                    new()
                    {
                        Provider = "p",
                        Operation = "o",
                        Tags = tags,
                    });
                break;
            case "cached and reasoning tokens":
                Generation(new() { CachedPromptTokenCount = 4, ReasoningTokenCount = 4 });
                break;
            case "prompt tokens":
                Generation(new() { PromptTokenCount = 7 });
                break;
            case "completion tokens":
                Generation(new() { CompletionTokenCount = 5 });
                break;
            case "both tokens":
                Generation(new() { PromptTokenCount = 7, CompletionTokenCount = 5 });
                break;
            case "total tokens":
                Generation(new() { TotalTokenCount = 100 });
                break;
            case "all tokens":
                Generation(
                    new()
                    {
                        PromptTokenCount = 7,
                        CompletionTokenCount = 5,
                        TotalTokenCount = 100,
                    });
                break;
            case "no tokens":
                Generation(new() { PromptTokenCount = 0, CompletionTokenCount = 0 });
                break;
            case "evaluation":
                monitor.TrackEvaluation(Duration, true, "e", noScores);
                break;
            case "failed evaluation":
                monitor.TrackEvaluation(Duration, false, "e", noScores);
                break;
            case "evaluation with error":
                monitor.TrackEvaluation(Duration, false, "e", noScores, new() { Error = "timeout" });
                break;
            case "scores":
                monitor.TrackEvaluation(Duration, true, "e", new Dictionary<string, double> { ["coherence"] = 0.75, ["tone"] = -2 });
                break;
            case "scores with feedback":
                monitor.TrackEvaluation(
                    Duration,
                    true,
                    "e",
                    new Dictionary<string, EvaluationScore> { ["coherence"] = new(0.75, "clear"), ["tone"] = new(-2) });
                break;
            case "evaluation tokens":
                monitor.TrackEvaluation(Duration, true, "e", noScores, new() { PromptTokenCount = 7, CompletionTokenCount = 5 });
                break;
            case "evaluation total":
                monitor.TrackEvaluation(Duration, true, "e", noScores, new() { TotalTokenCount = 100 });
                break;
            case "evaluation model":
                monitor.TrackEvaluation(Duration, true, "e", noScores, new() { ModelName = "judge" });
                break;
            case "metric":
                monitor.RecordMetric("gpu_temperature", 71.5);
                break;
            case "known metric":
                monitor.RecordMetric("prompt_token_count", 9, new Dictionary<string, object?> { ["model_name"] = "m" });
                break;
            case "log entry":
                monitor.LogInfo("nothing to measure");
                break;
            default:
                Assert.Fail($"No such record: {record}");
                break;
        }

        void Generation(GenerationDetails details) => monitor.TrackGeneration(Duration, true, details);
    }
}
