using Afterimage.Monitoring.Server.Api;
using Afterimage.Monitoring.Server.Page;
using Afterimage.Monitoring.Server.Runs;
using Afterimage.Monitoring.Server.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Afterimage.Monitoring;

/// <summary>Puts pages over runs, live and finished, and their HTTP API into an ASP.NET Core application.</summary>
public static class GenerationServerExtensions
{
    /// <summary>Adds what <see cref="MapGenerationServer"/> needs. While the application runs, the runs below
    /// <see cref="GenerationServerOptions.Root"/> are found and the live ones followed.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options. Default: they stay as they are.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">An option is not valid; the message says which.</exception>
    public static IServiceCollection AddGenerationServer(
        this IServiceCollection services,
        Action<GenerationServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);

        var options = new GenerationServerOptions();
        configure?.Invoke(options);
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddLogging();
        services.AddSingleton(options);
        services.AddSingleton<Sessions>();
        services.AddSingleton<Guard>();
        services.AddSingleton(provider => new GenerationServer(provider.GetRequiredService<Sessions>()));
        services.AddSingleton<RunCatalogue>();
        services.AddSingleton<QueryRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<RunCatalogue>());
        return services;
    }

    /// <summary>Maps the pages, the API below <c>api/v1</c>, <c>metrics</c> for Prometheus and <c>healthz</c>.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">The path that they are below. Default: none, they have the application to themselves.</param>
    /// <returns>What was mapped, to add conventions to.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="endpoints"/> or <paramref name="prefix"/> is
    /// <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException"><see cref="AddGenerationServer"/> was not called.</exception>
    public static IEndpointConventionBuilder MapGenerationServer(this IEndpointRouteBuilder endpoints, string prefix = "")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);

        Guard guard = endpoints.ServiceProvider.GetRequiredService<Guard>();
        RouteGroupBuilder group = endpoints.MapGroup(prefix.TrimEnd('/'));
        var routes = new GuardedRoutes(group, guard);
        PageEndpoints.Map(routes);
        RunEndpoints.Map(routes, endpoints.ServiceProvider);
        QueryEndpoints.Map(routes, endpoints.ServiceProvider);
        HealthEndpoints.Map(routes, endpoints.ServiceProvider);
        return group;
    }
}
