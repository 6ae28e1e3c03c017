using System.Diagnostics.Metrics;
using Afterimage.Monitoring.ClickHouse.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Afterimage.Monitoring;

/// <summary>Extension methods that ship runs to a ClickHouse cluster from within a host.</summary>
public static class FleetHostingExtensions
{
    /// <summary>The default name of the health check.</summary>
    private const string CheckName = "fleet_shipping";

    /// <summary>Ships the runs below a directory, as <see cref="Fleet.ShipAsync"/> does, from the start of the host until it has stopped
    /// everything else.</summary>
    /// <remarks>
    /// <para>Call it before <c>AddGenerationMonitor</c>: hosts stop services in reverse order, so that the monitors write their last
    /// records before these are shipped. Lines that are not shipped at the end stay in the directory, and are shipped after the next
    /// start.</para>
    /// <para>A cluster that cannot be reached does not stop the host. Shipping is tried again, and the health check reports the lag. The
    /// start of the host fails if a setting is not valid.</para>
    /// <para>The meter <c>Afterimage.Monitoring.Fleet</c> has the instruments <c>afterimage.fleet.lines.shipped</c>,
    /// <c>afterimage.fleet.lines.pending</c>, <c>afterimage.fleet.lag</c> (seconds) and <c>afterimage.fleet.failures</c>.</para>
    /// </remarks>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> or <paramref name="configure"/> is null.</exception>
    public static IServiceCollection AddFleetShipping(this IServiceCollection services, Action<FleetShippingOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);

        services.Configure(configure);
        services.TryAddSingleton(_ => new FleetShippingState());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, FleetShippingService>(provider => new FleetShippingService(
            provider.GetRequiredService<IOptions<FleetShippingOptions>>().Value,
            provider.GetRequiredService<FleetShippingState>(),
            provider.GetService<IMeterFactory>(),
            provider.GetService<TimeProvider>(),
            provider.GetRequiredService<ILogger<FleetShippingService>>())));
        return services;
    }

    /// <summary>Adds a health check that fails if lines wait for too long to be shipped.</summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="maxLag">The time that lines may wait. Default: 5 minutes. Must be more than zero.</param>
    /// <param name="name">The name of the check. Default: <c>fleet_shipping</c>.</param>
    /// <param name="failureStatus">The status to report instead of unhealthy. Default: unhealthy.</param>
    /// <param name="tags">The tags of the check. Default: none.</param>
    /// <returns><paramref name="builder"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="builder"/> or <paramref name="name"/> is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLag"/> is not more than zero.</exception>
    public static IHealthChecksBuilder AddFleetShipping(
        this IHealthChecksBuilder builder,
        TimeSpan? maxLag = null,
        string name = CheckName,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(name);
        TimeSpan limit = maxLag ?? TimeSpan.FromMinutes(5);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero, nameof(maxLag));

        return builder.Add(
            new HealthCheckRegistration(
                name,
                services => new FleetShippingCheck(services.GetRequiredService<FleetShippingState>(), limit),
                failureStatus,
                tags));
    }
}
