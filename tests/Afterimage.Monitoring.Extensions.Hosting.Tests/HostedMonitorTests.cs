using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Afterimage.Monitoring.Extensions.Hosting.Tests;

public sealed class HostedMonitorTests : IDisposable
{
    private static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Options_come_from_the_configuration_nested_ones_too()
    {
        using IHost host = Host(new()
        {
            ["Monitor:AlertMinSuccessRate"] = "0.5",
            ["Monitor:MetricsInterval"] = "00:00:10",
            ["Monitor:BufferFullMode"] = "Drop",
            ["Monitor:LogFiles:MaxFileSize"] = "65536",
        });

        await host.StartAsync(Token);

        GenerationMonitorOptions options = host.Services.GetRequiredService<IOptions<GenerationMonitorOptions>>().Value;
        Assert.Equal(0.5, options.AlertMinSuccessRate);
        Assert.Equal(TimeSpan.FromSeconds(10), options.MetricsInterval);
        Assert.Equal(BufferFullMode.Drop, options.BufferFullMode);
        Assert.Equal(65_536, options.LogFiles.MaxFileSize);
        Assert.Equal(_directory.Path, host.Services.GetRequiredService<GenerationMonitor>().LogDirectory);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Budgets_come_from_the_configuration()
    {
        using IHost host = Host(new()
        {
            ["Monitor:Budgets:0:Name"] = "daily",
            ["Monitor:Budgets:0:Unit"] = "Tokens",
            ["Monitor:Budgets:0:Limit"] = "5000000",
            ["Monitor:Budgets:0:Period"] = "Day",
            ["Monitor:Budgets:0:ModelName"] = "m",
            ["Monitor:Budgets:0:Tag:Key"] = "tenant",
            ["Monitor:Budgets:0:Tag:Value"] = "a",
            ["Monitor:Budgets:0:WarnAt:0"] = "0.9",
            ["Monitor:Budgets:0:ResumeFrom"] = _directory.Path,
            ["Monitor:Budgets:1:Name"] = "time",
            ["Monitor:Budgets:1:Unit"] = "WallTime",
            ["Monitor:Budgets:1:Limit"] = "0.5",
            ["Monitor:ReservationTimeout"] = "00:05:00",
        });

        await host.StartAsync(Token);

        Budget[] budgets = [.. host.Services.GetRequiredService<GenerationMonitor>().GetBudgets().Select(b => b.Budget)];
        Assert.Equal(
            ("daily", BudgetUnit.Tokens, 5_000_000m, BudgetPeriod.Day, "m", _directory.Path),
            (budgets[0].Name, budgets[0].Unit, budgets[0].Limit, budgets[0].Period, budgets[0].ModelName, budgets[0].ResumeFrom));
        Assert.Equal([0.9], budgets[0].WarnAt!);
        Assert.Equal(new("tenant", "a"), budgets[0].Tag);
        Assert.Equal(("time", BudgetUnit.WallTime, 0.5m), (budgets[1].Name, budgets[1].Unit, budgets[1].Limit));
        Assert.Null(budgets[1].WarnAt);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Alert_rules_come_from_the_configuration()
    {
        using IHost host = Host(new()
        {
            ["Monitor:AlertRules:0:Name"] = "slow",
            ["Monitor:AlertRules:0:Metric"] = "generation_time",
            ["Monitor:AlertRules:0:Aggregate"] = "Quantile",
            ["Monitor:AlertRules:0:Threshold"] = "20",
            ["Monitor:AlertRules:0:Window"] = "600",
            ["Monitor:AlertRules:0:For"] = "00:02:00",
            ["Monitor:AlertRules:0:Tag:Key"] = "tenant",
            ["Monitor:AlertRules:0:Tag:Value"] = "acme",
            ["Monitor:AlertRules:1:Name"] = "drifts",
            ["Monitor:AlertRules:1:Metric"] = "score",
            ["Monitor:AlertRules:1:Aggregate"] = "Drift",
            ["Monitor:AlertRules:1:AverageRunLength"] = "1000000",
            ["Monitor:AlertMinSuccessRate"] = "0.5",
        });

        await host.StartAsync(Token);

        AlertRule[] rules = [.. host.Services.GetRequiredService<GenerationMonitor>().GetAlerts().Select(status => status.Rule)];
        Assert.Equal(0.5, rules.Single(rule => rule.Name == "low_success_rate").Threshold);
        Assert.Equal(
            new AlertRule
            {
                Name = "slow",
                Metric = "generation_time",
                Aggregate = AlertAggregate.Quantile,
                Threshold = 20,
                Window = TimeSpan.FromMinutes(10),
                For = TimeSpan.FromMinutes(2),
                Tag = new("tenant", "acme"),
            },
            rules.Single(rule => rule.Name == "slow"));
        Assert.Equal(AlertRule.DriftThreshold(1e6), rules.Single(rule => rule.Name == "drifts").Threshold);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Prices_come_from_the_configuration()
    {
        using IHost host = Host(new()
        {
            ["Monitor:Pricing:Models:0:Name"] = "m",
            ["Monitor:Pricing:Models:0:Input"] = "2",
            ["Monitor:Pricing:Models:0:Output"] = "8",
        });

        await host.StartAsync(Token);

        GenerationMonitor monitor = host.Services.GetRequiredService<GenerationMonitor>();
        monitor.TrackGeneration(
            TimeSpan.FromSeconds(1),
            true,
            new()
            {
                ModelName = "m",
                PromptTokenCount = 1_000_000,
                CompletionTokenCount = 500_000,
            });
        Assert.Equal(6m, monitor.GetCost().TotalUsd);
        await host.StopAsync(Token);
    }

    [Theory]
    [InlineData("Monitor:AlertRules:0:Metric", "m", "AlertRules[0].name: is required")]
    [InlineData("Monitor:AlertRules:0:Treshold", "7", "AlertRules[0].")]
    [InlineData("Monitor:AlertRules", "x", "AlertRules: must be a list")]
    [InlineData("Monitor:Budgets:0:Limt", "7", "Limt")]
    [InlineData("Monitor:Budgets:0:Name", "b", "Budgets[0].Limit")]
    [InlineData("Monitor:AlertMinSuccessRate", "7", "AlertMinSuccessRate must be from 0 to 1. (Parameter 'AlertMinSuccessRate')")]
    [InlineData("Monitor:Pricing:Models:0:Name", "m", "Pricing.Models[0].input: is required")]
    [InlineData("Monitor:MetricsInterval", "soon", "MetricsInterval")]
    [InlineData("Monitor:AlertMinSucessRate", "0.5", "AlertMinSucessRate")]
    public async Task A_setting_that_is_wrong_fails_the_start_and_is_named(string key, string value, string said)
    {
        using IHost host = Host(new() { [key] = value });

        Exception error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync(Token));

        Assert.Contains(said, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_text_is_configured_in_code_and_the_monitor_is_one()
    {
        var handler = new CollectingHandler();
        using IHost host = Host(configure: services =>
        {
            services.AddGenerationMonitor();
            services.Configure<GenerationMonitorOptions>(o => o.MetricHandlers.Add(handler));
        });
        await host.StartAsync(Token);

        host.Services.GetRequiredService<GenerationMonitor>().RecordMetric("m", 1);
        await host.StopAsync(Token);

        Assert.Equal(["m"], handler.Metrics);
        Assert.Single(host.Services.GetServices<GenerationMonitor>());
    }

    [Fact]
    public async Task Stopping_the_host_writes_what_others_recorded_while_they_stopped()
    {
        using IHost host = Host(configure: services => services.AddHostedService<RecordsWhenItStops>());
        await host.StartAsync(Token);

        await host.StopAsync(Token);

        JsonElement record = Assert.Single(Lines("metrics.jsonl"));
        Assert.Equal("stopped", record.GetProperty("metric_name").GetString());
    }

    [Fact]
    public async Task Disposing_the_host_disposes_the_monitor()
    {
        IHost host = Host();
        await host.StartAsync(Token);
        GenerationMonitor monitor = host.Services.GetRequiredService<GenerationMonitor>();
        await host.StopAsync(Token);

        host.Dispose();

        monitor.RecordMetric("m", 1);
        Assert.Equal(1, monitor.GetStatistics().RecordedAfterDisposal);
        Assert.True(
            JsonDocument.Parse(File.ReadAllText(Path.Combine(_directory.Path, "run.json"))).RootElement.TryGetProperty("end", out _));
    }

    [Fact]
    public async Task Draining_keeps_to_the_host_s_time_to_shut_down()
    {
        using var handler = new HangingHandler();
        using IHost host = Host(configure: services =>
        {
            services.Configure<GenerationMonitorOptions>(o =>
            {
                o.MetricHandlers.Add(handler);
                o.ShutdownTimeout = TimeSpan.Zero;
            });
            services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMilliseconds(50));
        });
        await host.StartAsync(Token);
        host.Services.GetRequiredService<GenerationMonitor>().RecordMetric("m", 1);

        await host.StopAsync(Token).WaitAsync(Generous, Token);
    }

    [Fact]
    public async Task The_program_s_log_goes_into_the_log_directory()
    {
        using IHost host = Host(configure: services => services.AddLogging(l => l.AddGenerationMonitor().SetMinimumLevel(LogLevel.Trace)));
        await host.StartAsync(Token);
        ILogger logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Program.Retry");

        logger.Log(LogLevel.Warning, new EventId(7, "Retried"), "attempt {Attempt} of {Most}", 2, 3);
        logger.Log(LogLevel.Critical, new FormatException("bad answer"), "");
        logger.Log(LogLevel.None, "never");
        await host.StopAsync(Token);

        JsonElement[] entries =
        [
            .. Lines("afterimage.log")
                .Where(e => e.TryGetProperty("data", out JsonElement data) && data.GetProperty("category").GetString() == "Program.Retry"),
        ];
        Assert.Equal(2, entries.Length);
        Assert.Equal("warning", entries[0].GetProperty("level").GetString());
        Assert.Equal("attempt 2 of 3", entries[0].GetProperty("message").GetString());
        Assert.Equal(
            """{"Attempt":2,"Most":3,"category":"Program.Retry","event_id":7,"event_name":"Retried"}""",
            entries[0].GetProperty("data").GetRawText());
        Assert.Equal("critical", entries[1].GetProperty("level").GetString());
        Assert.Equal("bad answer", entries[1].GetProperty("error").GetString());
        host.Dispose();
        logger.LogInformation("after the end");
    }

    [Fact]
    public async Task The_monitor_s_own_trouble_is_logged_once_and_reaches_the_program_s_loggers()
    {
        var seen = new CollectingProvider();
        using IHost host = Host(configure: services =>
        {
            services.AddLogging(l => l.AddGenerationMonitor().AddProvider(seen));
            services.Configure<GenerationMonitorOptions>(o => o.MetricHandlers.Add(new FailingHandler()));
        });
        await host.StartAsync(Token);

        host.Services.GetRequiredService<GenerationMonitor>().RecordMetric("m", 1);
        await host.StopAsync(Token);
        host.Dispose();

        const string Trouble = "Handler FailingHandler failed: on purpose";
        Assert.Single(Lines("afterimage.log"), e => e.GetProperty("message").GetString() == Trouble);
        Assert.Contains(Trouble, seen.Messages);
    }

    [Fact]
    public async Task Health_follows_alerts_and_losses()
    {
        using IHost host = Host(configure: services => services.AddHealthChecks().AddGenerationMonitor());
        await host.StartAsync(Token);
        GenerationMonitor monitor = host.Services.GetRequiredService<GenerationMonitor>();
        HealthCheckService health = host.Services.GetRequiredService<HealthCheckService>();

        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(health)).Status);

        Track(monitor, succeeded: 17, failed: 2);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(health)).Status);

        Track(monitor, succeeded: 0, failed: 4);
        HealthReportEntry degraded = await CheckAsync(health);
        Assert.Equal(HealthStatus.Degraded, degraded.Status);
        Assert.Contains("Success rate", degraded.Description, StringComparison.Ordinal);

        for (int i = 0; i < 20; i++)
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), success: false, new() { Error = "refused" });
        HealthReportEntry unhealthy = await CheckAsync(health);
        Assert.Equal(HealthStatus.Unhealthy, unhealthy.Status);
        Assert.Equal(["high_error_rate", "low_success_rate"], ((string[])unhealthy.Data["alerts"]).Order());
        await host.StopAsync(Token);
    }

    [Theory]
    [InlineData(3, HealthStatus.Unhealthy)]
    [InlineData(4, HealthStatus.Healthy)]
    public async Task An_alert_counts_for_health_from_the_minimum_count(long minimumCount, HealthStatus expected)
    {
        using IHost host = Host(configure: services => services.AddHealthChecks().AddGenerationMonitor(minimumCount: minimumCount));
        await host.StartAsync(Token);
        GenerationMonitor monitor = host.Services.GetRequiredService<GenerationMonitor>();
        Track(monitor, succeeded: 2, failed: 0);
        monitor.TrackGeneration(TimeSpan.FromSeconds(1), success: false, new() { Error = "refused" });

        Assert.Equal(expected, (await CheckAsync(host.Services.GetRequiredService<HealthCheckService>())).Status);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task A_lost_record_is_unhealthy_or_what_the_program_says_instead()
    {
        using IHost host = Host(configure: services =>
        {
            services.AddHealthChecks().AddGenerationMonitor("strict").AddGenerationMonitor("lenient", HealthStatus.Degraded);
            services.Configure<GenerationMonitorOptions>(o => o.MetricHandlers.Add(new FailingHandler()));
        });
        await host.StartAsync(Token);
        GenerationMonitor monitor = host.Services.GetRequiredService<GenerationMonitor>();
        monitor.RecordMetric("m", 1);
        await monitor.FlushAsync(Token);

        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);

        Assert.Equal(HealthStatus.Unhealthy, report.Entries["strict"].Status);
        Assert.Equal("1 records are lost", report.Entries["strict"].Description);
        Assert.Equal(HealthStatus.Degraded, report.Entries["lenient"].Status);
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task A_handler_that_stands_still_is_unhealthy()
    {
        using var handler = new HangingHandler();
        using IHost host = Host(configure: services =>
        {
            services.AddHealthChecks().AddGenerationMonitor();
            services.Configure<GenerationMonitorOptions>(o =>
            {
                o.MetricHandlers.Add(handler);
                o.HandlerTimeLimit = TimeSpan.FromTicks(1);
                o.ShutdownTimeout = TimeSpan.Zero;
            });
        });
        await host.StartAsync(Token);
        host.Services.GetRequiredService<GenerationMonitor>().RecordMetric("m", 1);
        Assert.True(handler.Reached.Wait(Generous, Token));

        HealthReportEntry entry = await CheckAsync(host.Services.GetRequiredService<HealthCheckService>());

        Assert.Equal(HealthStatus.Unhealthy, entry.Status);

        // With no time allowed at all, a busy machine may catch others at work, too.
        Assert.Contains("Handler HangingHandler is stalled", entry.Description, StringComparison.Ordinal);
    }

    private static void Track(GenerationMonitor monitor, int succeeded, int failed)
    {
        for (int i = 0; i < succeeded + failed; i++)
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), success: i < succeeded);
    }

    private static async Task<HealthReportEntry> CheckAsync(HealthCheckService health) =>
        Assert.Single((await health.CheckHealthAsync(Token)).Entries).Value;

    private List<JsonElement> Lines(string file) =>
        [.. File.ReadLines(Path.Combine(_directory.Path, file)).Select(line => JsonDocument.Parse(line).RootElement)];

    private IHost Host(Dictionary<string, string?>? settings = null, Action<IServiceCollection>? configure = null)
    {
        HostApplicationBuilder builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(
            new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Monitor:LogDirectory"] = _directory.Path,
            ["Monitor:HandlerTimeLimit"] = Generous.ToString(),
            ["Monitor:ShutdownTimeout"] = Generous.ToString(),
        });
        builder.Services.AddGenerationMonitor(builder.Configuration.GetSection("Monitor"));
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = Generous);
        configure?.Invoke(builder.Services);
        return builder.Build();
    }

    private sealed class RecordsWhenItStops(GenerationMonitor monitor) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken)
        {
            monitor.RecordMetric("stopped", 1);
            return Task.CompletedTask;
        }
    }

    private sealed class CollectingHandler : IMetricHandler
    {
        public List<string> Metrics { get; } = [];

        public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata) => Metrics.Add(metricName);
    }

    private sealed class FailingHandler : IMetricHandler
    {
        public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata) =>
            throw new FormatException("on purpose");
    }

    private sealed class HangingHandler : IMetricHandler, IDisposable
    {
        private readonly ManualResetEventSlim _end = new();

        public ManualResetEventSlim Reached { get; } = new();

        public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata)
        {
            Reached.Set();
            _end.Wait(Generous);
        }

        public void Dispose() => _end.Set();
    }

    private sealed class CollectingProvider : ILoggerProvider, ILogger
    {
        private readonly List<string> _messages = [];

        public string[] Messages
        {
            get
            {
                lock (_messages)
                    return [.. _messages];
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            lock (_messages)
                _messages.Add(formatter(state, exception));
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
        }
    }
}
