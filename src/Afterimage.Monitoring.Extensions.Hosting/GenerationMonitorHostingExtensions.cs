using Afterimage.Monitoring.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Afterimage.Monitoring;

/// <summary>Extension methods that add a <see cref="GenerationMonitor"/> to a host.</summary>
public static class GenerationMonitorHostingExtensions
{
#pragma warning disable RS0026, RS0027 // Overloads with optional parameters: they differ in a type that is always given.
    /// <summary>
    /// Adds a <see cref="GenerationMonitor"/> that uses the clock, logger factory and meter factory of the services. It is created when the
    /// host starts; the start fails if a setting is out of its range. After the host has stopped everything else, pending records are
    /// written within the host's shutdown timeout. The monitor is disposed with the services.
    /// </summary>
    /// <remarks>
    /// <para>The services of type <see cref="IMetricHandler"/>, <see cref="ILogHandler"/> and <see cref="IAlertHandler"/> are added to the
    /// monitor's handlers.</para>
    /// <para>A second registration adds to the options of the first.</para>
    /// </remarks>
    /// <param name="services">The services.</param>
    /// <param name="configuration">
    /// The section whose keys are the properties of <see cref="GenerationMonitorOptions"/>. An unknown key makes the start fail, because
    /// its setting would have no effect. A time is a number of seconds or <c>[d.]hh:mm:ss</c>. <c>AlertRules</c> are written as for
    /// <see cref="AlertRule.FromConfiguration"/>, <c>Pricing</c> as for <see cref="ModelPricing.FromConfiguration"/>. The section is bound
    /// without reflection, so that it also works in a host that is trimmed or compiled ahead of time. Default: none.
    /// </param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddGenerationMonitor(this IServiceCollection services, IConfiguration? configuration = null) =>
        Add(services, null, Binding(configuration));

    /// <summary>Adds a <see cref="GenerationMonitor"/> with options that are set in code, like
    /// <see cref="AddGenerationMonitor(IServiceCollection, IConfiguration?)"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options, after earlier registrations.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="configure"/> is null.</exception>
    public static IServiceCollection AddGenerationMonitor(this IServiceCollection services, Action<GenerationMonitorOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, null, configure);
    }

    /// <summary>
    /// Adds a <see cref="GenerationMonitor"/> as a keyed service, in addition to monitors with other names and the one without a name. Its
    /// lifetime is as for <see cref="AddGenerationMonitor(IServiceCollection, IConfiguration?)"/>.
    /// </summary>
    /// <remarks>
    /// <para>Resolve it with <c>[FromKeyedServices("name")]</c> or <c>GetRequiredKeyedService</c>. The services of type
    /// <see cref="IMetricHandler"/>, <see cref="ILogHandler"/> and <see cref="IAlertHandler"/> that are keyed with its name are added to
    /// its handlers.</para>
    /// <para>A second registration with the same name adds to the options of the first. Monitors with different names need different log
    /// directories.</para>
    /// </remarks>
    /// <param name="services">The services.</param>
    /// <param name="name">The name of the monitor: the key of its service and the name of its options.</param>
    /// <param name="configuration">The section with its options. Default: none.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="name"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static IServiceCollection AddGenerationMonitor(
        this IServiceCollection services,
        string name,
        IConfiguration? configuration = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Add(services, name, Binding(configuration));
    }

    /// <summary>Adds a <see cref="GenerationMonitor"/> as a keyed service with options that are set in code, like
    /// <see cref="AddGenerationMonitor(IServiceCollection, string, IConfiguration?)"/>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name of the monitor: the key of its service and the name of its options.</param>
    /// <param name="configure">Sets the options, after earlier registrations with the same name.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="name"/> is empty.</exception>
    public static IServiceCollection AddGenerationMonitor(
        this IServiceCollection services,
        string name,
        Action<GenerationMonitorOptions> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, name, configure);
    }

    /// <summary>
    /// Adds a health check of the monitor. It reports degraded while an alert of level <see cref="AlertLevel.Warning"/> is firing. It
    /// reports unhealthy while an alert of level <see cref="AlertLevel.Error"/> is firing, while a handler is stalled, and from the first
    /// lost record until the end of the run, because the figures remain wrong.
    /// </summary>
    /// <remarks>An alert of a rule only counts if the rule's metric has at least <paramref name="minimumCount"/> points in its window, so
    /// that a single failed call among a few does not make a service unhealthy. Each check evaluates the alert rules, as
    /// <see cref="GenerationMonitor.CheckAlerts"/> does.</remarks>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The name of the check. Default: <c>generation_monitor</c>.</param>
    /// <param name="failureStatus">The status to report instead of unhealthy. Default: unhealthy.</param>
    /// <param name="tags">The tags of the check. Default: none.</param>
    /// <param name="monitorName">The name of the monitor. Default: <see langword="null"/>, the monitor without a name.</param>
    /// <param name="minimumCount">The minimum number of points for an alert of a rule to count. Default: 20. Must not be negative.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="name"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="minimumCount"/> is negative.</exception>
    public static IHealthChecksBuilder AddGenerationMonitor(
        this IHealthChecksBuilder builder,
        string name = "generation_monitor",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null,
        string? monitorName = null,
        long minimumCount = 20)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfNegative(minimumCount);
        return builder.Add(
            new HealthCheckRegistration(
                name,
                services => new MonitorHealthCheck(MonitorRegistration.Resolve(services, monitorName), minimumCount),
                failureStatus,
                tags));
    }

    /// <summary>Adds a logger provider that writes the program's log entries to the monitor's log, with category, event and named
    /// values.</summary>
    /// <remarks>Filter it like any other provider, by the alias <c>GenerationMonitor</c>. Scopes are not written, nor are entries that are
    /// logged before the monitor is created at the start of the host. The monitor's own entries are already in its log.</remarks>
    /// <param name="builder">The logging builder of the services that contain the monitor.</param>
    /// <param name="monitorName">The name of the monitor. Default: <see langword="null"/>, the monitor without a name.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> is null.</exception>
    public static ILoggingBuilder AddGenerationMonitor(this ILoggingBuilder builder, string? monitorName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (!builder.Services.Any(service => service.ImplementationInstance is MonitorLoggerName logged && logged.Name == monitorName))
        {
            builder.Services.AddSingleton(new MonitorLoggerName(monitorName));
            builder.Services.AddSingleton<ILoggerProvider>(_ => new MonitorLoggerProvider(monitorName));
        }

        return builder;
    }
#pragma warning restore RS0026, RS0027

    private static Action<GenerationMonitorOptions>? Binding(IConfiguration? configuration) =>
        configuration is null ? null : options => OptionsBinding.Apply(SettingsNode.Of(configuration), options);

    private static IServiceCollection Add(IServiceCollection services, string? name, Action<GenerationMonitorOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<GenerationMonitorOptions> options = services.AddOptions<GenerationMonitorOptions>(name).ValidateOnStart();
        if (configure is not null)
            options.Configure(configure);

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GenerationMonitorOptions>, MonitorOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, MonitorLifetime>());
        if (services.Any(service => service.ImplementationInstance is MonitorRegistration known && known.Name == name))
            return services;

        services.AddSingleton(new MonitorRegistration(name));
        if (name is null)
            services.TryAddSingleton(provider => MonitorFactory.Create(provider, null));
        else
            services.TryAddKeyedSingleton(name, (provider, _) => MonitorFactory.Create(provider, name));
        return services;
    }

    private sealed record MonitorLoggerName(string? Name);
}
