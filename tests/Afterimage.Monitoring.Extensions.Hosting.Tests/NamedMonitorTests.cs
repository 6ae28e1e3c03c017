using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Afterimage.Monitoring.Extensions.Hosting.Tests;

/// <summary>Several monitors in one host, and what the container has for each.</summary>
public sealed class NamedMonitorTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Monitors_of_two_names_and_the_one_without_record_apart()
    {
        using IHost host = Build(services =>
        {
            services.AddGenerationMonitor(options => options.LogDirectory = PathOf("own"));
            services.AddGenerationMonitor("a", Section(("LogDirectory", PathOf("a")), ("AlertMinSuccessRate", "0.5")));
            services.AddGenerationMonitor("b", options => options.LogDirectory = PathOf("b"));
        });
        await host.StartAsync(Token);

        host.Services.GetRequiredService<GenerationMonitor>().RecordMetric("of_own", 1);
        host.Services.GetRequiredKeyedService<GenerationMonitor>("a").RecordMetric("of_a", 1);
        host.Services.GetRequiredKeyedService<GenerationMonitor>("b").RecordMetric("of_b", 1);
        await host.StopAsync(Token);

        foreach (string name in (string[])["own", "a", "b"])
        {
            string line = Assert.Single(File.ReadAllLines(Path.Combine(PathOf(name), "metrics.jsonl")));
            Assert.Contains($"of_{name}", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_second_registration_of_a_name_adds_to_the_options_of_the_first()
    {
        using IHost host = Build(services =>
        {
            services.AddGenerationMonitor("a", Section(("LogDirectory", PathOf("a")), ("AlertMinSuccessRate", "0.5")));
            services.AddGenerationMonitor("a", options => options.AlertMaxErrorRate = 0.4);
        });

        await host.StartAsync(Token);

        GenerationMonitorOptions options = host.Services.GetRequiredService<IOptionsMonitor<GenerationMonitorOptions>>().Get("a");
        Assert.Equal((PathOf("a"), 0.5, 0.4), (options.LogDirectory, options.AlertMinSuccessRate, options.AlertMaxErrorRate));
        Assert.Single(host.Services.GetKeyedServices<GenerationMonitor>("a"));
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task A_wrong_setting_of_a_named_monitor_fails_the_start()
    {
        using IHost host = Build(services => services.AddGenerationMonitor("a", Section(("BufferCapacity", "1"))));

        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Token));

        Assert.Contains("BufferCapacity", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handlers_of_the_container_go_to_the_monitor_of_their_key()
    {
        var own = new Collector();
        var ofA = new Collector();
        using IHost host = Build(services =>
        {
            services.AddGenerationMonitor(options => options.LogDirectory = PathOf("own"));
            services.AddGenerationMonitor("a", options => options.LogDirectory = PathOf("a"));
            services.AddSingleton<IMetricHandler>(own).AddSingleton<IAlertHandler>(own);
            services.AddKeyedSingleton<IMetricHandler>("a", ofA);
        });
        await host.StartAsync(Token);
        GenerationMonitor monitor = host.Services.GetRequiredService<GenerationMonitor>();

        monitor.RecordMetric("of_own", 1);
        host.Services.GetRequiredKeyedService<GenerationMonitor>("a").RecordMetric("of_a", 1);
        for (int i = 0; i < 3; i++)
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), success: false, new() { Error = "refused" });
        monitor.CheckAlerts();
        await host.StopAsync(Token);
        host.Dispose();

        Assert.Contains("of_own", own.Metrics);
        Assert.DoesNotContain("of_a", own.Metrics);
        Assert.Equal(["of_a"], ofA.Metrics);
        Assert.Contains("high_error_rate", own.Alerts);
    }

    [Fact]
    public async Task Health_and_the_programs_log_are_of_the_monitor_that_is_named()
    {
        using IHost host = Build(services =>
        {
            services.AddGenerationMonitor("a", options => options.LogDirectory = PathOf("a"));
            services.AddGenerationMonitor("b", options => options.LogDirectory = PathOf("b"));
            services.AddHealthChecks().AddGenerationMonitor("of_a", monitorName: "a").AddGenerationMonitor("of_b", monitorName: "b");
            services.AddLogging(logging => logging.AddGenerationMonitor("b"));
        });
        await host.StartAsync(Token);
        GenerationMonitor a = host.Services.GetRequiredKeyedService<GenerationMonitor>("a");
        for (int i = 0; i < 20; i++)
            a.TrackGeneration(TimeSpan.FromSeconds(1), success: false, new() { Error = "refused" });
        host.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Program").LogWarning("for b");

        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token);
        await host.StopAsync(Token);

        Assert.Equal(HealthStatus.Unhealthy, report.Entries["of_a"].Status);
        Assert.Equal(HealthStatus.Healthy, report.Entries["of_b"].Status);
        Assert.Contains("for b", File.ReadAllText(Path.Combine(PathOf("b"), "afterimage.log")), StringComparison.Ordinal);
        string logOfA = Path.Combine(PathOf("a"), "afterimage.log");
        Assert.DoesNotContain("for b", File.Exists(logOfA) ? File.ReadAllText(logOfA) : "", StringComparison.Ordinal);
    }

    private static IConfiguration Section(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(s => s.Key, s => (string?)s.Value)).Build();

    private static IHost Build(Action<IServiceCollection> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromMinutes(3));
        builder.Services.ConfigureAll<GenerationMonitorOptions>(o =>
        {
            o.HandlerTimeLimit = TimeSpan.FromMinutes(3);
            o.ShutdownTimeout = TimeSpan.FromMinutes(3);
        });
        configure(builder.Services);
        return builder.Build();
    }

    private string PathOf(string name) => Path.Combine(_directory.Path, name);

    private sealed class Collector : IMetricHandler, IAlertHandler
    {
        public List<string> Metrics { get; } = [];

        public List<string> Alerts { get; } = [];

        public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata) => Metrics.Add(metricName);

        public ValueTask HandleAlertsAsync(IReadOnlyList<Alert> alerts, CancellationToken cancellationToken)
        {
            Alerts.AddRange(alerts.Select(alert => alert.Name));
            return ValueTask.CompletedTask;
        }
    }
}
