using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Alerts;

/// <summary>Each built-in rule within its threshold, at it, and just beyond it.</summary>
public sealed class AlertRuleTests
{
    public static TheoryData<string, string, double, double, double, AlertLevel> Rules => new()
    {
        // Rule, metric, threshold, the nearest value beyond, one within, level.
        { "low_success_rate", "success_rate", 0.8, Math.BitDecrement(0.8), 1, AlertLevel.Warning },
        { "high_generation_time", "generation_time", 30, Math.BitIncrement(30), 0, AlertLevel.Warning },
        { "high_error_rate", "error_rate", 0.2, Math.BitIncrement(0.2), 0, AlertLevel.Error },
        { "high_token_usage:prompt", "prompt_token_count", 4096, Math.BitIncrement(4096), 0, AlertLevel.Warning },
        { "high_token_usage:completion", "completion_token_count", 4096, Math.BitIncrement(4096), 0, AlertLevel.Warning },
        { "high_token_usage:total", "total_token_count", 8192, Math.BitIncrement(8192), 0, AlertLevel.Warning },
        { "long_conversations", "conversation_length", 2, Math.BitIncrement(2), 0, AlertLevel.Warning },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_fires_strictly_beyond_its_threshold(
        string rule,
        string metric,
        double threshold,
        double beyond,
        double within,
        AlertLevel level)
    {
        Assert.Empty(Firing(metric, within));
        Assert.Empty(Firing(metric, threshold));

        Alert alert = Assert.Single(Firing(metric, beyond));
        Assert.Equal(rule, alert.Name);
        Assert.Equal(level, alert.Level);
        Assert.Equal(MonitorRun.Start, alert.Timestamp);
        Assert.NotEmpty(alert.Message);
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["metric"] = metric,
                ["window_seconds"] = 300.0,
                ["threshold"] = threshold,
                ["count"] = 1L,
                ["mean"] = beyond,
                ["min"] = beyond,
                ["max"] = beyond,
            },
            alert.Data);
    }

    [Theory]
    [InlineData(nameof(GenerationMonitorOptions.AlertMinSuccessRate), 0.5, "success_rate", 0.4, 0.6)]
    [InlineData(nameof(GenerationMonitorOptions.AlertMaxErrorRate), 0.5, "error_rate", 0.6, 0.4)]
    [InlineData(nameof(GenerationMonitorOptions.AlertMaxPromptTokenMean), 10.0, "prompt_token_count", 11, 9)]
    [InlineData(nameof(GenerationMonitorOptions.AlertMaxCompletionTokenMean), 10.0, "completion_token_count", 11, 9)]
    [InlineData(nameof(GenerationMonitorOptions.AlertMaxTotalTokenMean), 10.0, "total_token_count", 11, 9)]
    [InlineData(nameof(GenerationMonitorOptions.AlertMaxConversationLengthMean), 10.0, "conversation_length", 11, 9)]
    [InlineData(nameof(GenerationMonitorOptions.AlertMaxGenerationTime), 10.0, "generation_time", 11, 9)]
    public void A_threshold_is_an_option(string option, double threshold, string metric, double beyond, double within)
    {
        Assert.Single(Firing(metric, beyond, Set));
        Assert.Empty(Firing(metric, within, Set));

        void Set(GenerationMonitorOptions options) =>
            typeof(GenerationMonitorOptions).GetProperty(option)!.SetValue(
                options, option == nameof(GenerationMonitorOptions.AlertMaxGenerationTime) ? TimeSpan.FromSeconds(threshold) : threshold);
    }

    [Fact]
    public void Without_data_nothing_fires()
    {
        using var run = MonitorRun.InMemory();
        Assert.Empty(run.Monitor.CheckAlerts());
    }

    [Fact]
    public void A_bad_generation_fires_every_rule_at_once()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(31), false, new GenerationDetails
        {
            Error = "timeout",
            PromptTokenCount = 4097,
            CompletionTokenCount = 4097,
            ConversationLength = 3,
        });

        Assert.Equal(
            [
                "low_success_rate", "high_generation_time", "high_error_rate", "high_token_usage:prompt", "high_token_usage:completion",
                "high_token_usage:total", "long_conversations",
            ],
            run.Monitor.CheckAlerts().Select(a => a.Name));
    }

    [Fact]
    public void A_rule_looks_at_the_mean_of_five_minutes()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
        run.Clock.Advance(TimeSpan.FromMinutes(3));
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(10), true);
        Assert.Equal(35.0, Assert.Single(run.Monitor.CheckAlerts()).Data["mean"]);
        run.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Single(run.Monitor.CheckAlerts());
        run.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.Empty(run.Monitor.CheckAlerts());
    }

    private static IReadOnlyList<Alert> Firing(string metric, double value, Action<GenerationMonitorOptions>? configure = null)
    {
        using var run = MonitorRun.InMemory(configure);
        run.Monitor.RecordMetric(metric, value);
        return run.Monitor.CheckAlerts();
    }
}
