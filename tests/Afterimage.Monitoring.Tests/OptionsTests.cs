using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests;

public sealed class OptionsTests
{
    public static TheoryData<string, object> BadSettings => new()
    {
        { nameof(GenerationMonitorOptions.LogDirectory), "" },
        { nameof(GenerationMonitorOptions.MetricsInterval), TimeSpan.FromTicks(-1) },
        { nameof(GenerationMonitorOptions.MetricsInterval), TimeSpan.FromDays(50) },
        { nameof(GenerationMonitorOptions.ShutdownTimeout), TimeSpan.FromTicks(-1) },
        { nameof(GenerationMonitorOptions.ShutdownTimeout), TimeSpan.FromDays(25) },
        { nameof(GenerationMonitorOptions.HandlerTimeLimit), TimeSpan.Zero },
        { nameof(GenerationMonitorOptions.HandlerTimeLimit), TimeSpan.FromDays(25) },
        { nameof(GenerationMonitorOptions.TokenUsageCallbackInterval), TimeSpan.Zero },
        { nameof(GenerationMonitorOptions.TokenUsageCallbackInterval), TimeSpan.MaxValue },
        { nameof(GenerationMonitorOptions.AlertRepeatInterval), TimeSpan.Zero },
        { nameof(GenerationMonitorOptions.AlertMinSuccessRate), -0.1 },
        { nameof(GenerationMonitorOptions.AlertMinSuccessRate), 1.1 },
        { nameof(GenerationMonitorOptions.AlertMinSuccessRate), double.NaN },
        { nameof(GenerationMonitorOptions.AlertMaxErrorRate), 80.0 },
        { nameof(GenerationMonitorOptions.AlertMaxGenerationTime), TimeSpan.FromTicks(-1) },
        { nameof(GenerationMonitorOptions.AlertMaxPromptTokenMean), -1.0 },
        { nameof(GenerationMonitorOptions.AlertMaxCompletionTokenMean), double.NaN },
        { nameof(GenerationMonitorOptions.AlertMaxTotalTokenMean), double.NegativeInfinity },
        { nameof(GenerationMonitorOptions.AlertMaxConversationLengthMean), -0.5 },
        { nameof(GenerationMonitorOptions.BufferFullMode), (BufferFullMode)2 },
        { nameof(GenerationMonitorOptions.BufferCapacity), 15 },
        { nameof(GenerationMonitorOptions.BufferCapacity), (1 << 20) + 1 },
        { nameof(GenerationMonitorOptions.MaxRetainedPoints), 16_383 },
        { nameof(GenerationMonitorOptions.CardinalityLimit), 0 },
        { nameof(GenerationMonitorOptions.CardinalityLimit), 100_001 },
    };

    public static TheoryData<string, object> ExtremeSettings => new()
    {
        { nameof(GenerationMonitorOptions.MetricsInterval), TimeSpan.FromDays(49) },
        { nameof(GenerationMonitorOptions.ShutdownTimeout), TimeSpan.FromDays(24) },
        { nameof(GenerationMonitorOptions.HandlerTimeLimit), TimeSpan.FromDays(24) },
        { nameof(GenerationMonitorOptions.TokenUsageCallbackInterval), TimeSpan.FromDays(49) },
        { nameof(GenerationMonitorOptions.AlertRepeatInterval), TimeSpan.MaxValue },
        { nameof(GenerationMonitorOptions.AlertMaxGenerationTime), TimeSpan.MaxValue },
        { nameof(GenerationMonitorOptions.AlertMaxTotalTokenMean), double.PositiveInfinity },
        { nameof(GenerationMonitorOptions.BufferCapacity), 1 << 20 },
        { nameof(GenerationMonitorOptions.BufferCapacity), 17 },
        { nameof(GenerationMonitorOptions.MaxRetainedPoints), int.MaxValue },
        { nameof(GenerationMonitorOptions.CardinalityLimit), 100_000 },
    };

    [Theory]
    [MemberData(nameof(BadSettings), DisableDiscoveryEnumeration = true)]
    public void A_setting_out_of_its_range_is_refused_by_name_before_anything_is_made(string setting, object value)
    {
        using var directory = new TemporaryDirectory();
        var options = new GenerationMonitorOptions { LogDirectory = directory.File("run") };
        Set(options, setting, value);

        Assert.Equal(setting, Assert.ThrowsAny<ArgumentException>(() => new GenerationMonitor(options)).ParamName);
        Assert.Empty(Directory.EnumerateFileSystemEntries(directory.Path));
    }

    [Fact]
    public void A_handler_that_is_null_is_refused_by_the_name_of_its_list()
    {
        static string? Refused(Action<GenerationMonitorOptions> configure)
        {
            var options = new GenerationMonitorOptions { WriteFiles = false };
            configure(options);
            return Assert.ThrowsAny<ArgumentException>(() => new GenerationMonitor(options)).ParamName;
        }

        Assert.Equal("MetricHandlers", Refused(o => o.MetricHandlers.Add(null!)));
        Assert.Equal("LogHandlers", Refused(o => o.LogHandlers.Add(null!)));
        Assert.Equal("AlertHandlers", Refused(o => o.AlertHandlers.Add((IAlertHandler)null!)));
    }

    [Theory]
    [MemberData(nameof(ExtremeSettings), DisableDiscoveryEnumeration = true)]
    public async Task A_setting_at_the_end_of_its_range_works(string setting, object value)
    {
        using var run = new MonitorRun(o => Set(o, setting, value));
        for (int i = 0; i < 100; i++)
            run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new GenerationDetails { ModelName = "m", PromptTokenCount = i });
        await run.Monitor.FlushAsync(Limits.Token);

        Assert.Equal(100, run.Monitor.GetMetrics("generation_time").Count);
        Assert.Empty(run.Monitor.CheckAlerts());
        Assert.Equal(100, run.Records().Count);
    }

    [Fact]
    public void Options_are_not_null_and_an_alert_handler_is_not_null()
    {
        Assert.Equal("options", Assert.Throws<ArgumentNullException>(() => new GenerationMonitor(null!)).ParamName);
        var options = new GenerationMonitorOptions();
        options.AlertHandlers.Add(null!);
        Assert.Equal("AlertHandlers", Assert.ThrowsAny<ArgumentException>(() => new GenerationMonitor(options)).ParamName);
    }

    [Fact]
    public void The_defaults_are_those_of_the_design()
    {
        var options = new GenerationMonitorOptions();
        Assert.Null(options.LogDirectory);
        Assert.Empty(options.MetricHandlers);
        Assert.Empty(options.LogHandlers);
        Assert.Empty(options.AlertHandlers);
        Assert.Null(options.TokenUsageCallback);
        Assert.Equal(TimeSpan.FromSeconds(60), options.MetricsInterval);
        Assert.Equal(TimeSpan.FromSeconds(5), options.ShutdownTimeout);
        Assert.Equal(TimeSpan.FromSeconds(60), options.TokenUsageCallbackInterval);
        Assert.Equal(
            (0.8, TimeSpan.FromSeconds(30), 0.2),
            (options.AlertMinSuccessRate, options.AlertMaxGenerationTime, options.AlertMaxErrorRate));
        Assert.Equal(
            (4096.0, 4096.0, 8192.0, 2.0),
            (
                options.AlertMaxPromptTokenMean,
                options.AlertMaxCompletionTokenMean,
                options.AlertMaxTotalTokenMean,
                options.AlertMaxConversationLengthMean));
        Assert.Equal(BufferFullMode.Wait, options.BufferFullMode);
    }

    [Fact]
    public void Settings_are_read_once()
    {
        var options = new GenerationMonitorOptions();
        using var directory = new TemporaryDirectory();
        options.LogDirectory = directory.Path;
        using var monitor = new GenerationMonitor(options);
        options.LogDirectory = directory.File("elsewhere");
        options.AlertMaxGenerationTime = TimeSpan.Zero;
        options.AlertHandlers.Add(_ => Assert.Fail("It came too late."));
        monitor.TrackGeneration(TimeSpan.FromSeconds(1), true);

        Assert.Empty(monitor.CheckAlerts());
        Assert.Equal(directory.Path, monitor.LogDirectory!);
    }

    [Fact]
    public void The_log_directory_is_made_and_told_as_a_full_path()
    {
        using var directory = new TemporaryDirectory();
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, directory.File("a/b"));
        using var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = relative });

        Assert.Equal(directory.File("a/b"), monitor.LogDirectory!);
        Assert.True(File.Exists(directory.File("a/b/run.json")));
    }

    [Fact]
    public void A_log_directory_that_cannot_be_made_is_an_error_that_says_which_and_why()
    {
        using var directory = new TemporaryDirectory();
        string file = directory.File("a-file");
        File.WriteAllText(file, "not a directory");

        foreach (string path in new[] { file, Path.Combine(file, "below") })
        {
            var error = Assert.ThrowsAny<IOException>(() => new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = path }));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.NotNull(error.InnerException);
            Assert.Contains(error.InnerException.Message, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal("not a directory", File.ReadAllText(file));
    }

    private static void Set(GenerationMonitorOptions options, string setting, object value) =>
        typeof(GenerationMonitorOptions).GetProperty(setting)!.SetValue(options, value);
}
