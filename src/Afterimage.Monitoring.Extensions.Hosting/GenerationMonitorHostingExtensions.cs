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
#pragma warning disable RS0026, RS0027 // Overloads with optional parameters: they differ in a type that is always given.
    /// <summary>
    /// Adds one <see cref="GenerationMonitor"/>, with the clock, logger factory and meter factory of the services. It is made when the host
    /// starts, which fails where a setting is out of its range. When the host has stopped everything else, what was recorded is written,
    /// within the host's shutdown timeout; with the services the monitor is disposed.
    /// </summary>
    /// <remarks>
    /// <para>The services of type <see cref="IMetricHandler"/>, <see cref="ILogHandler"/> and <see cref="IAlertHandler"/> are added to its
    /// handlers.</para>
    /// <para>A second registration adds to the options of the first.</para>
    /// </remarks>
    /// <param name="services">The services.</param>
    /// <param name="configuration">
    /// The section whose keys are the properties of <see cref="GenerationMonitorOptions"/>. A key that is none fails the start: it would be
    /// a setting that does nothing. A time is a number of seconds or <c>[d.]hh:mm:ss</c>. <c>AlertRules</c> are written as
    /// <see cref="AlertRule.FromConfiguration"/> reads them, <c>Pricing</c> as <see cref="ModelPricing.FromConfiguration"/> does. It is
    /// bound without reflection, and so works in a host that is trimmed or compiled ahead of time. Default: none.
    /// </param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is null.</exception>
    public static IServiceCollection AddGenerationMonitor(this IServiceCollection services, IConfiguration? configuration = null) =>
        Add(services, null, Binding(configuration));

    /// <summary>Adds one <see cref="GenerationMonitor"/> with options that are set in code, as
    /// <see cref="AddGenerationMonitor(IServiceCollection, IConfiguration?)"/> adds it.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options, after registrations that came before.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="configure"/> is null.</exception>
    public static IServiceCollection AddGenerationMonitor(this IServiceCollection services, Action<GenerationMonitorOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, null, configure);
    }

    /// <summary>
    /// Adds a <see cref="GenerationMonitor"/> as a keyed service, beside those of other names and the one without a name. It lives as the
    /// one of <see cref="AddGenerationMonitor(IServiceCollection, IConfiguration?)"/> does.
    /// </summary>
    /// <remarks>
    /// <para>Ask for it with <c>[FromKeyedServices("name")]</c> or <c>GetRequiredKeyedService</c>. The keyed services of its name of type
    /// <see cref="IMetricHandler"/>, <see cref="ILogHandler"/> and <see cref="IAlertHandler"/> are added to its handlers.</para>
    /// <para>A second registration of the same name adds to the options of the first. Monitors of different names need different log
    /// directories.</para>
    /// </remarks>
    /// <param name="services">The services.</param>
    /// <param name="name">The monitor's name: the key of its service, and the name of its options.</param>
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

    /// <summary>Adds a <see cref="GenerationMonitor"/> as a keyed service with options that are set in code, as
    /// <see cref="AddGenerationMonitor(IServiceCollection, string, IConfiguration?)"/> adds it.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The monitor's name: the key of its service, and the name of its options.</param>
    /// <param name="configure">Sets the options, after registrations of the same name that came before.</param>
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
    /// Adds a health check of the monitor: degraded while an alert of level <see cref="AlertLevel.Warning"/> fires; unhealthy while one of
    /// level <see cref="AlertLevel.Error"/> fires, while a handler is stalled, and from the first lost record to the end of the run, since
    /// its numbers stay wrong.
    /// </summary>
    /// <remarks>An alert of a rule counts from <paramref name="minimumCount"/> points of the rule's metric in its window, so that one call
    /// that failed among a few does not make a service unhealthy. Each check evaluates the alert rules, as
    /// <see cref="GenerationMonitor.CheckAlerts"/> does.</remarks>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">The check's name. Default: <c>generation_monitor</c>.</param>
    /// <param name="failureStatus">What to report instead of unhealthy. Default: unhealthy.</param>
    /// <param name="tags">The check's tags. Default: none.</param>
    /// <param name="monitorName">The name of the monitor. Default: <see langword="null"/>, the one without a name.</param>
    /// <param name="minimumCount">From how many points on an alert of a rule counts. Default: 20. 0 or more.</param>
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

    /// <summary>Adds a logger provider that writes what the program logs into the monitor's log, with its category, event and named
    /// values.</summary>
    /// <remarks>Filter it like any provider, by the alias <c>GenerationMonitor</c>. Scopes are not written, nor is what is logged before
    /// the monitor is made, at the host's start. What the monitor itself logs is in its log already.</remarks>
    /// <param name="builder">The logging builder, of the services that have the monitor.</param>
    /// <param name="monitorName">The name of the monitor. Default: <see langword="null"/>, the one without a name.</param>
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
