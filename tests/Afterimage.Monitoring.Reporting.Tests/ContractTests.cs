using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

#pragma warning disable xUnit1051 // Programs leave the token out.

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>
/// What programs out there are written against: every member of the public contract, each in the forms in which it may be used (named
/// arguments, positional records, initialisers, default literals). A change that breaks the source of such a program breaks the build of
/// this file.
/// </summary>
public sealed class ContractTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Recording()
    {
        await using GenerationMonitor monitor = Monitor();

        monitor.TrackGeneration(TimeSpan.FromSeconds(1), true);
        monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, default);
        monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { ModelName = "a" });
        monitor.TrackGeneration(duration: TimeSpan.FromSeconds(1.5), success: false, details: new GenerationDetails
        {
            ModelName = "a",
            PromptTokenCount = 3,
            CompletionTokenCount = 2L,
            TotalTokenCount = 5,
            CachedPromptTokenCount = 1,
            ReasoningTokenCount = 1,
            FinishReason = "length",
            Error = "timeout",
            ConversationLength = 4,
            TimeToFirstToken = TimeSpan.FromMilliseconds(200),
            Provider = "openai",
            Operation = "chat",
            Timestamp = DateTimeOffset.UtcNow,
            Tags = [new("attempt", 2), KeyValuePair.Create<string, object?>("user", null)],
        });
        var details = new GenerationDetails { ModelName = "b" };
        monitor.TrackGeneration(TimeSpan.Zero, true, in details);
        monitor.TrackGeneration(TimeSpan.Zero, true, details with { Tags = new List<KeyValuePair<string, object?>> { new("k", "v") } });

        monitor.TrackEvaluation(TimeSpan.FromSeconds(1), true, "judge", new Dictionary<string, double> { ["coherence"] = 0.5 });
        monitor.TrackEvaluation(
            TimeSpan.FromSeconds(1),
            true,
            "judge",
            new Dictionary<string, EvaluationScore> { ["clarity"] = new(0.75, "clear"), ["depth"] = new(Score: 1) },
            default);
        monitor.TrackEvaluation(
            duration: TimeSpan.FromSeconds(1),
            success: false,
            evaluatorType: "judge",
            scores: new Dictionary<string, double>(),
            details: new EvaluationDetails
            {
                Error = "refused",
                ModelName = "a",
                PromptTokenCount = 10,
                CompletionTokenCount = 20,
                TotalTokenCount = 30,
                Timestamp = DateTimeOffset.UtcNow,
                Tags = [new("round", 1)],
            });

        monitor.RecordMetric("batch", 64);
        monitor.RecordMetric(
            metricName: "batch",
            value: 32.5,
            metadata: new Dictionary<string, object?> { ["document"] = "d" },
            timestamp: DateTimeOffset.UtcNow);
        monitor.LogInfo("info");
        monitor.LogWarning(message: "warning", data: new Dictionary<string, object?> { ["n"] = 1 });
        monitor.LogError("error", new InvalidOperationException("why"), new Dictionary<string, object?> { ["n"] = 1 });
        monitor.LogError(message: "error", exception: null, data: null);
        await monitor.FlushAsync();
        await monitor.FlushAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(11, File.ReadLines(Path.Combine(monitor.LogDirectory!, "metrics.jsonl")).Count());
        Assert.Equal(4, File.ReadLines(Path.Combine(monitor.LogDirectory!, "afterimage.log")).Count());
    }

    [Fact]
    public void Reading()
    {
        var clock = new FakeTimeProvider();
        using GenerationMonitor monitor = Monitor(clock);
        monitor.TrackGeneration(
            TimeSpan.FromSeconds(4),
            false,
            new()
            {
                ModelName = "a",
                PromptTokenCount = 3,
                CompletionTokenCount = 2,
                Error = "e",
            });

        MetricAggregate time = monitor.GetMetrics("generation_time");
        Assert.Equal(
            (1L, 4.0, 4.0, 4.0, 4.0, 0.0, 4.0),
            (time.Count, time.Sum, time.Mean, time.Min, time.Max, time.StandardDeviation, time.Quantile(0.5)));
        Assert.Equal(time, monitor.GetMetrics(metricName: "generation_time", window: TimeSpan.FromHours(1)));
        Assert.Equal(
            (0L, 0.0, double.NaN),
            (monitor.GetMetrics("no such").Count, default(MetricAggregate).Mean, default(MetricAggregate).Quantile(q: 1)));
        IReadOnlyCollection<string> names = monitor.MetricNames;
        Assert.Contains("model_usage:a", names);

        TokenUsageReport usage = monitor.GetTotalTokenUsage();
        Assert.Equal((3L, 2L, 5L), (usage.TotalPromptTokens, usage.TotalCompletionTokens, usage.TotalTokens));
        Assert.Equal(new ModelTokenUsage { ModelName = "a", PromptTokens = 3, CompletionTokens = 2, TotalTokens = 5 }, usage.ByModel[0]);
        Assert.Equal(0, monitor.GetTotalTokenUsage(window: TimeSpan.Zero).ByModel.Count(m => m.TotalTokens > 5));
        Assert.Equal(5, new TokenUsageReport
        {
            ByModel = [],
            TotalPromptTokens = 3,
            TotalCompletionTokens = 2,
            TotalTokens = 5,
        }.TotalTokens);

        IReadOnlyList<Alert> alerts = monitor.CheckAlerts();
        Alert alert = alerts.Single(a => a.Level == AlertLevel.Error);
        Assert.Equal(("high_error_rate", AlertLevel.Error, clock.GetUtcNow()), (alert.Name, alert.Level, alert.Timestamp));
        Assert.Equal(alert, new Alert
        {
            Name = alert.Name,
            Message = alert.Message,
            Level = alert.Level,
            Timestamp = alert.Timestamp,
            Data = alert.Data,
        });
        Assert.Equal([AlertLevel.Info, AlertLevel.Warning, AlertLevel.Error], Enum.GetValues<AlertLevel>());

        MonitorStatistics statistics = monitor.GetStatistics();
        Assert.Equal((1L, 0L, 0L), (statistics.Recorded, statistics.Dropped, statistics.Failed));
        Assert.True(statistics.Written <= statistics.Recorded);
        Assert.NotEmpty(statistics.Handlers);
        string snapshot = monitor.SaveMetrics();
        Assert.Matches(@"^metrics_\d{8}_\d{6}\.json$", Path.GetFileName(snapshot));
    }

    [Fact]
    public void Options_have_the_defaults_of_the_contract()
    {
        var options = new GenerationMonitorOptions();

        Assert.Null(options.LogDirectory);
        Assert.Empty(options.MetricHandlers);
        Assert.Empty(options.LogHandlers);
        Assert.Empty(options.AlertHandlers);
        Assert.Null(options.TokenUsageCallback);
        Assert.Equal(
            (60, 5, 60),
            (options.MetricsInterval.TotalSeconds, options.ShutdownTimeout.TotalSeconds, options.TokenUsageCallbackInterval.TotalSeconds));
        Assert.Equal((0.8, 30, 0.2), (options.AlertMinSuccessRate, options.AlertMaxGenerationTime.TotalSeconds, options.AlertMaxErrorRate));
        Assert.Equal(
            (4096, 4096, 8192),
            (options.AlertMaxPromptTokenMean, options.AlertMaxCompletionTokenMean, options.AlertMaxTotalTokenMean));
        Assert.Equal(2, options.AlertMaxConversationLengthMean);
    }

    [Fact]
    public async Task Every_option_can_be_set_and_a_monitor_takes_a_clock_a_logger_and_a_meter_factory()
    {
        string path = Path.Combine(_directory.Path, "all");
        var points = new Points();
        var entries = new Entries();
        List<Alert> alerts = [];
        TokenUsageReport? reported = null;
        using var meters = new Meters();
        var options = new GenerationMonitorOptions
        {
            LogDirectory = path,
            MetricHandlers = { new FileMetricHandler(logDirectory: path), points },
            LogHandlers = { new FileLogHandler(logDirectory: path), entries },
            AlertHandlers = { alerts.Add },
            MetricsInterval = TimeSpan.Zero,
            ShutdownTimeout = Limits.Generous,
            AlertMinSuccessRate = 0.1,
            AlertMaxGenerationTime = TimeSpan.FromSeconds(1),
            AlertMaxErrorRate = 1,
            AlertMaxPromptTokenMean = 1,
            AlertMaxCompletionTokenMean = 1,
            AlertMaxTotalTokenMean = 1,
            AlertMaxConversationLengthMean = 1,
            TokenUsageCallback = usage => reported = usage,
            TokenUsageCallbackInterval = TimeSpan.FromSeconds(1),
        };
        options.AlertHandlers.Add(_ => { });

        await using (
            var monitor = new GenerationMonitor(
                options,
                timeProvider: TimeProvider.System,
                loggerFactory: NullLoggerFactory.Instance,
                meterFactory: meters))
        {
            Assert.Equal(path, monitor.LogDirectory!);
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(2),
                true,
                new()
                {
                    PromptTokenCount = 2,
                    CompletionTokenCount = 2,
                    ConversationLength = 3,
                });
            monitor.LogError("said", new FormatException("bad"));
            Assert.Equal(
                [
                    "high_generation_time",
                    "high_token_usage:completion",
                    "high_token_usage:prompt",
                    "high_token_usage:total",
                    "long_conversations",
                ],
                monitor.CheckAlerts().Select(a => a.Name).Order(StringComparer.Ordinal));
        }

        Assert.Equal(5, alerts.Count);
        Assert.Equal(4, reported?.TotalTokens);
        Assert.Equal((2.0, 1.0), (points.Values["generation_time"], points.Values["success_rate"]));
        LogEntry entry = entries.Seen.Single(e => e.Message == "said");
        Assert.Equal((LogLevel.Error, "bad"), (entry.Level, entry.Exception?.Message));
        Assert.True(File.Exists(Path.Combine(path, "metrics.jsonl")));
        Assert.True(File.Exists(Path.Combine(path, "alerts.jsonl")));
    }

    [Fact]
    public void A_monitor_takes_options_or_nothing()
    {
        Func<GenerationMonitor> withDefaults = () => new GenerationMonitor();
        Func<GenerationMonitorOptions, IDisposable> withOptions = options => new GenerationMonitor(options);
        Func<GenerationMonitorOptions, IAsyncDisposable> withAll = options => new GenerationMonitor(options, null, null, null);

        // The first would write below the current directory.
        Assert.NotNull(withDefaults);
        Assert.Throws<ArgumentNullException>(() => withOptions(null!));
        Assert.Throws<ArgumentNullException>(() => withAll(null!));
    }

    [Fact]
    public async Task Exports_and_figures()
    {
        await using GenerationMonitor monitor = Monitor();
        monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { PromptTokenCount = 2, CompletionTokenCount = 2 });
        string json = Path.Combine(_directory.Path, "out.json");

        await monitor.ExportMetricsAsync(json);
        foreach (ExportFormat format in new[] { ExportFormat.Json, ExportFormat.Csv, ExportFormat.Excel, ExportFormat.Parquet })
            await monitor.ExportMetricsAsync(
                outputPath: Path.Combine(_directory.Path, $"{format}.out"),
                format: format,
                window: TimeSpan.FromHours(1),
                cancellationToken: default);
        ScottPlot.Plot plot = monitor.PlotMetric("generation_time");
        plot = monitor.PlotMetric(
            metricName: "generation_time",
            window: TimeSpan.FromMinutes(1),
            rollingWindow: 5,
            figureSize: new FigureSize(6, 4));
        IReadOnlyDictionary<string, ScottPlot.Plot> figures = monitor.VisualizeMetrics();
        monitor.VisualizeMetrics(saveDirectory: Path.Combine(_directory.Path, "figures"), figureSize: null);

        Assert.NotNull(plot);
        Assert.True(File.Exists(json));
        Assert.All(figures.Keys, name => Assert.True(File.Exists(Path.Combine(monitor.LogDirectory!, "plots", $"{name}.png"))));
        Assert.Superset(
            new HashSet<string>([
                "success_error_rate",
                "generation_time",
                "total_token_count",
                "prompt_token_count",
                "completion_token_count",
            ]),
            figures.Keys.ToHashSet());
        Assert.DoesNotContain("evaluation_time", figures.Keys);
    }

    private GenerationMonitor Monitor(TimeProvider? clock = null) =>
        new(PatientMonitor.Options(Path.Combine(_directory.Path, "run")), clock);

    private sealed class Points : IMetricHandler
    {
        public Dictionary<string, double> Values { get; } = [];

        public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata) =>
            Values[metricName] = value;
    }

    private sealed class Entries : ILogHandler
    {
        public List<LogEntry> Seen { get; } = [];

        public void HandleLog(LogEntry entry) => Seen.Add(entry);
    }

    private sealed class Meters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];

        public Meter Create(MeterOptions options)
        {
            _meters.Add(new Meter(options));
            return _meters[^1];
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
