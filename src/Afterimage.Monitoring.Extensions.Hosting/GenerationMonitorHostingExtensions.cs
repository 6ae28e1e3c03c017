using System.Diagnostics.Metrics;
using Afterimage.Monitoring.Alerts;
using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Pricing;
using Afterimage.Monitoring.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Afterimage.Monitoring;

/// <summary>Brings a <see cref="GenerationMonitor"/> into a host.</summary>
public static class GenerationMonitorHostingExtensions
{
#pragma warning disable RS0026 // Overloads with optional parameters: they extend different types, so that no call is ambiguous.
    /// <summary>
    /// Adds one <see cref="GenerationMonitor"/>, with the clock, logger factory and meter factory of the services. It is made when the host
    /// starts, which fails where a setting is out of its range. When the host has stopped everything else, what was recorded is written,
    /// within the host's shutdown timeout; with the services the monitor is disposed.
    /// </summary>
    /// <remarks>What is no text, such as handlers, is set by <c>services.Configure&lt;GenerationMonitorOptions&gt;(...)</c>.</remarks>
    /// <param name="services">The services.</param>
    /// <param name="configuration">
    /// The section whose keys are the properties of <see cref="GenerationMonitorOptions"/>. A key that is none fails the start: it would be
    /// a setting that does nothing. <c>AlertRules</c> are written as <see cref="AlertRule.FromConfiguration"/> reads them, <c>Pricing</c>
    /// as <see cref="ModelPricing.FromConfiguration"/> does. Default: none.
    /// </param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddGenerationMonitor(this IServiceCollection services, IConfiguration? configuration = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<GenerationMonitorOptions> options = services.AddOptions<GenerationMonitorOptions>().ValidateOnStart();
        if (configuration is not null)
        {
            // The binder takes a time that is a number for days, where rules have seconds, and a table of prices has no properties for it
            // to set.
            string[] own = [nameof(GenerationMonitorOptions.AlertRules), nameof(GenerationMonitorOptions.Pricing)];
            options.Bind(new ConfigurationWithout(configuration, own), binder => binder.ErrorOnUnknownConfiguration = true);
            options.Configure(made =>
            {
                SettingsNode settings = SettingsNode.Of(configuration);
                foreach (AlertRule rule in RuleSettings.Read(settings.List(nameof(GenerationMonitorOptions.AlertRules))))
                    made.AlertRules.Add(rule);
                if (settings.Section(nameof(GenerationMonitorOptions.Pricing)) is { } prices)
                    made.Pricing = PriceSettings.Read(prices);
            });
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GenerationMonitorOptions>, MonitorOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MonitorLifetime>());
        services.TryAddSingleton(Create);
        return services;
    }

    /// <summary>
    /// Adds a health check of the monitor: degraded while an alert of level <see cref="AlertLevel.Warning"/> fires; unhealthy while one of
    /// level <see cref="AlertLevel.Error"/> fires, while a handler is stalled, and from the first lost record to the end of the run, since
    /// its numbers stay wrong.
    /// </summary>
    /// <remarks>Each check evaluates the alert rules, as <see cref="GenerationMonitor.CheckAlerts"/> does.</remarks>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name. Default: <c>generation_monitor</c>.</param>
    /// <param name="failureStatus">What to report instead of unhealthy. Default: unhealthy.</param>
    /// <param name="tags">The check's tags. Default: none.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="name"/> is null.</exception>
    public static IHealthChecksBuilder AddGenerationMonitor(
        this IHealthChecksBuilder builder,
        string name = "generation_monitor",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(
            new HealthCheckRegistration(
                name,
                services => new MonitorHealthCheck(services.GetRequiredService<GenerationMonitor>()),
                failureStatus,
                tags));
    }

    /// <summary>Adds a logger provider that writes what the program logs into the monitor's log, with its category, event and named
    /// values.</summary>
    /// <remarks>Filter it like any provider, by the alias <c>GenerationMonitor</c>. Scopes are not written, nor is what is logged before
    /// the monitor is made, at the host's start. What the monitor itself logs is in its log already.</remarks>
    /// <param name="builder">The logging builder, of the services that have the monitor.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ILoggingBuilder AddGenerationMonitor(this ILoggingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, MonitorLoggerProvider>());
        return builder;
    }
#pragma warning restore RS0026

    private static GenerationMonitor Create(IServiceProvider services)
    {
        var monitor = new GenerationMonitor(
            services.GetRequiredService<IOptions<GenerationMonitorOptions>>().Value,
            services.GetService<TimeProvider>(),
            services.GetService<ILoggerFactory>(),
            services.GetService<IMeterFactory>());
        foreach (MonitorLoggerProvider provider in services.GetServices<ILoggerProvider>().OfType<MonitorLoggerProvider>())
            provider.Attach(monitor);
        return monitor;
    }
}
