using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

/// <summary>Bad input is refused at the call, naming the parameter, and nothing of it is recorded.</summary>
public sealed class ValidationTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly Dictionary<string, double> Scores = new() { ["s"] = 1 };

    public static TheoryData<string, string> BadCalls => new()
    {
        { "generation: negative duration", "duration" },
        { "generation: a duration over a year", "duration" },
        { "generation: negative prompt tokens", "details" },
        { "generation: negative completion tokens", "details" },
        { "generation: negative total tokens", "details" },
        { "generation: negative cached tokens", "details" },
        { "generation: negative reasoning tokens", "details" },
        { "generation: negative conversation length", "details" },
        { "generation: negative time to first token", "details" },
        { "generation: absurd time to first token", "details" },
        { "generation: empty tag key", "details" },
        { "generation: null tag key", "details" },
        { "evaluation: negative duration", "duration" },
        { "evaluation: absurd duration", "duration" },
        { "evaluation: null evaluator", "evaluatorType" },
        { "evaluation: empty evaluator", "evaluatorType" },
        { "evaluation: null scores", "scores" },
        { "evaluation: null scores with feedback", "scores" },
        { "evaluation: empty score name", "scores" },
        { "evaluation: empty score name with feedback", "scores" },
        { "evaluation: negative prompt tokens", "details" },
        { "evaluation: negative completion tokens", "details" },
        { "evaluation: negative total tokens", "details" },
        { "evaluation: empty tag key", "details" },
        { "metric: null name", "metricName" },
        { "metric: empty name", "metricName" },
        { "metric: empty metadata key", "metadata" },
        { "info: null message", "message" },
        { "info: empty message", "message" },
        { "warning: empty message", "message" },
        { "error: empty message", "message" },
        { "error: empty data key", "data" },
    };

    [Theory]
    [MemberData(nameof(BadCalls))]
    public void Bad_input_is_refused_by_name_and_leaves_no_trace(string call, string parameter)
    {
        using var run = new MonitorRun();

        var error = Assert.ThrowsAny<ArgumentException>(() => Make(call, run.Monitor));

        Assert.Equal(parameter, error.ParamName);
        Assert.Empty(run.Monitor.MetricNames);
        Assert.Equal(0, run.Monitor.GetStatistics().Recorded);
        Assert.Empty(run.Records());
        Assert.Empty(run.LogEntries());
    }

    [Fact]
    public void The_ends_of_every_range_are_accepted()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new GenerationDetails
        {
            PromptTokenCount = 0,
            CompletionTokenCount = GenerationDetails.MaxTokenCount,
            CacheWriteTokenCount = GenerationDetails.MaxTokenCount,
            TotalTokenCount = 0,
            CachedPromptTokenCount = 0,
            ReasoningTokenCount = 0,
            ConversationLength = 0,
            TimeToFirstToken = TimeSpan.Zero,
            Tags = [],
        });
        run.Monitor.TrackGeneration(TimeSpan.FromDays(366), true, new GenerationDetails { TimeToFirstToken = TimeSpan.FromDays(366) });
        run.Monitor.TrackEvaluation(TimeSpan.Zero, true, "e", new Dictionary<string, double>());

        Assert.Equal(3, run.Records().Count);
    }

    [Theory]
    [InlineData(GenerationDetails.MaxTokenCount + 1)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    public void A_count_that_no_call_has_is_refused_with_its_field_value_and_limit(long count)
    {
        using var run = new MonitorRun();
        (string Field, GenerationDetails Details)[] generations =
        [
            ("PromptTokenCount", new() { PromptTokenCount = count }),
            ("CompletionTokenCount", new() { CompletionTokenCount = count }),
            ("TotalTokenCount", new() { TotalTokenCount = count }),
            ("CachedPromptTokenCount", new() { CachedPromptTokenCount = count }),
            ("ReasoningTokenCount", new() { ReasoningTokenCount = count, ConversationLength = 1 }),
            ("cache_write_token_count", new() { CacheWriteTokenCount = count }),
            ("cache_write_1h_token_count", new() { CacheWriteOneHourTokenCount = count }),
            ("audio_prompt_token_count", new() { AudioPromptTokenCount = count }),
            ("audio_completion_token_count", new() { AudioCompletionTokenCount = count }),
            ("image_completion_token_count", new() { ImageCompletionTokenCount = count }),
        ];
        foreach ((string field, GenerationDetails details) in generations)
            Refused(field, () => run.Monitor.TrackGeneration(Second, true, details));

        (string Field, EvaluationDetails Details)[] evaluations =
        [
            ("PromptTokenCount", new() { PromptTokenCount = count }),
            ("CompletionTokenCount", new() { CompletionTokenCount = count }),
            ("TotalTokenCount", new() { TotalTokenCount = count }),
            ("cache_write_token_count", new() { CacheWriteTokenCount = count }),
        ];
        foreach ((string field, EvaluationDetails details) in evaluations)
            Refused(field, () => run.Monitor.TrackEvaluation(Second, true, "e", Scores, details));

        Assert.Empty(run.Records());

        void Refused(string field, Action call)
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(call);
            Assert.Equal("details", error.ParamName);
            Assert.Equal(count, error.ActualValue);
            Assert.Contains(field, error.Message, StringComparison.Ordinal);
            Assert.Contains("1000000000000000", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Counts_whose_bits_together_are_beyond_the_limit_are_taken()
    {
        // 10^15 is no power of two: a check of all counts at once sees more than each of them.
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(
            Second,
            true,
            new() { PromptTokenCount = GenerationDetails.MaxTokenCount, CompletionTokenCount = (1L << 49) - 1 });
        run.Monitor.TrackGeneration(
            Second,
            true,
            new() { PromptTokenCount = GenerationDetails.MaxTokenCount, ReasoningTokenCount = (1L << 49) - 1 });

        Assert.Equal(2, run.Records().Count);
    }

    [Fact]
    public void Empty_names_in_details_count_as_not_given()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(
            Second,
            true,
            new GenerationDetails
            {
                ModelName = "",
                FinishReason = "",
                Error = "",
                Provider = "",
                Operation = "",
            });
        run.Monitor.TrackEvaluation(Second, true, "e", Scores, new EvaluationDetails { ModelName = "", Error = "" });

        Assert.Equal(0, run.Monitor.GetMetrics("error_rate").Sum);
        Assert.Equal(0, run.Monitor.GetMetrics("evaluation_error_rate").Sum);
        Assert.DoesNotContain(run.Monitor.MetricNames, n => n.Contains(':', StringComparison.Ordinal));
        var records = run.Records();
        Assert.Equal(["timestamp", "event", "duration", "success"], records[0].Keys());
        Assert.Equal(["timestamp", "event", "duration", "success", "evaluator_type", "scores"], records[1].Keys());
    }

    [Fact]
    public void Questions_are_validated_too()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("m", 1);

        Assert.Equal("metricName", Assert.ThrowsAny<ArgumentException>(() => run.Monitor.GetMetrics(null!)).ParamName);
        Assert.Equal("metricName", Assert.ThrowsAny<ArgumentException>(() => run.Monitor.GetMetrics("")).ParamName);
        Assert.Equal("window", Assert.ThrowsAny<ArgumentException>(() => run.Monitor.GetMetrics("m", TimeSpan.FromTicks(-1))).ParamName);
        Assert.Equal("window", Assert.ThrowsAny<ArgumentException>(() => run.Monitor.GetTotalTokenUsage(TimeSpan.FromTicks(-1))).ParamName);
        MetricAggregate aggregate = run.Monitor.GetMetrics("m");
        foreach (double q in new[] { -0.001, 1.001, double.NaN, double.PositiveInfinity })
            Assert.Equal("q", Assert.Throws<ArgumentOutOfRangeException>(() => aggregate.Quantile(q)).ParamName);
    }

    private static void Make(string call, GenerationMonitor monitor)
    {
        KeyValuePair<string, object?>[] emptyKey = [new("", 1)];
        KeyValuePair<string, object?>[] nullKey = [new("a", 1), new(null!, 1)];
        switch (call)
        {
            case "generation: negative duration":
                monitor.TrackGeneration(TimeSpan.FromTicks(-1), true);
                break;
            case "generation: a duration over a year":
                monitor.TrackGeneration(TimeSpan.FromDays(366) + TimeSpan.FromTicks(1), true);
                break;
            case "generation: negative prompt tokens":
                Generation(new() { PromptTokenCount = -1 });
                break;
            case "generation: negative completion tokens":
                Generation(new() { CompletionTokenCount = -1 });
                break;
            case "generation: negative total tokens":
                Generation(new() { TotalTokenCount = long.MinValue });
                break;
            case "generation: negative cached tokens":
                Generation(new() { CachedPromptTokenCount = -1 });
                break;
            case "generation: negative reasoning tokens":
                Generation(new() { ReasoningTokenCount = -1 });
                break;
            case "generation: negative conversation length":
                Generation(new() { ConversationLength = -1 });
                break;
            case "generation: negative time to first token":
                Generation(new() { TimeToFirstToken = TimeSpan.FromTicks(-1) });
                break;
            case "generation: absurd time to first token":
                Generation(new() { TimeToFirstToken = TimeSpan.MaxValue });
                break;
            case "generation: empty tag key":
                Generation(new() { Tags = emptyKey });
                break;
            case "generation: null tag key":
                Generation(new() { Tags = nullKey });
                break;
            case "evaluation: negative duration":
                monitor.TrackEvaluation(TimeSpan.MinValue, true, "e", Scores);
                break;
            case "evaluation: absurd duration":
                monitor.TrackEvaluation(TimeSpan.MaxValue, true, "e", Scores);
                break;
            case "evaluation: null evaluator":
                monitor.TrackEvaluation(Second, true, null!, Scores);
                break;
            case "evaluation: empty evaluator":
                monitor.TrackEvaluation(Second, true, "", Scores);
                break;
            case "evaluation: null scores":
                monitor.TrackEvaluation(Second, true, "e", (IReadOnlyDictionary<string, double>)null!);
                break;
            case "evaluation: null scores with feedback":
                monitor.TrackEvaluation(Second, true, "e", (IReadOnlyDictionary<string, EvaluationScore>)null!);
                break;
            case "evaluation: empty score name":
                monitor.TrackEvaluation(Second, true, "e", new Dictionary<string, double> { ["good"] = 1, [""] = 1 });
                break;
            case "evaluation: empty score name with feedback":
                monitor.TrackEvaluation(Second, true, "e", new Dictionary<string, EvaluationScore> { [""] = new(1) });
                break;
            case "evaluation: negative prompt tokens": Evaluation(new() { PromptTokenCount = -1 }); break;
            case "evaluation: negative completion tokens": Evaluation(new() { CompletionTokenCount = -1 }); break;
            case "evaluation: negative total tokens": Evaluation(new() { TotalTokenCount = -1 }); break;
            case "evaluation: empty tag key": Evaluation(new() { Tags = emptyKey }); break;
            case "metric: null name": monitor.RecordMetric(null!, 1); break;
            case "metric: empty name": monitor.RecordMetric("", 1); break;
            case "metric: empty metadata key": monitor.RecordMetric("m", 1, new Dictionary<string, object?>(emptyKey)); break;
            case "info: null message": monitor.LogInfo(null!); break;
            case "info: empty message": monitor.LogInfo(""); break;
            case "warning: empty message": monitor.LogWarning(""); break;
            case "error: empty message": monitor.LogError(""); break;
            case "error: empty data key": monitor.LogError("m", null, new Dictionary<string, object?>(emptyKey)); break;
            default: Assert.Fail($"No such call: {call}"); break;
        }

        void Generation(GenerationDetails details) => monitor.TrackGeneration(Second, true, details);
        void Evaluation(EvaluationDetails details) => monitor.TrackEvaluation(Second, true, "e", Scores, details);
    }
}
