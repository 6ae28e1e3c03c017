using Afterimage.Monitoring.Server.Api;
using Afterimage.Monitoring.Server.Cluster;
using Afterimage.Monitoring.Server.Directories;
using Afterimage.Monitoring.Server.Page;
using Afterimage.Monitoring.Server.Runs;
using Afterimage.Monitoring.Server.Security;
using Afterimage.Monitoring.Server.Silencing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Afterimage.Monitoring;

/// <summary>Extension methods that add the pages about live and finished runs, and their HTTP API, to an ASP.NET Core
/// application.</summary>
public static class GenerationServerExtensions
{
    /// <summary>Adds the services that <see cref="MapGenerationServer"/> needs. While the application is running, they find the runs below
    /// <see cref="GenerationServerOptions.Root"/>, or in <see cref="GenerationServerOptions.Fleet"/>, and follow the live ones.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options. Default: the default options are used.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="services"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentException">An option is not valid; the message names it.</exception>
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
        services.AddSingleton<Silences>();
        services.AddSingleton(provider => new GenerationServer(provider.GetRequiredService<Sessions>()));
        if (options.Fleet is null)
        {
            services.AddSingleton<QueryRunner>();
            AddSource<DirectoryRuns>(services);
        }
        else
        {
            AddSource<ClusterRuns>(services);
        }

        return services;
    }

    private static void AddSource<T>(IServiceCollection services)
        where T : class, IRunSource, IHostedService
    {
        services.AddSingleton<T>();
        services.AddSingleton<IRunSource>(provider => provider.GetRequiredService<T>());
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }

    /// <summary>Maps the pages, the API below <c>api/v1</c>, <c>metrics</c> for Prometheus, and <c>healthz</c>.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">The path below which they are mapped. Default: none, they are mapped at the root of the application.</param>
    /// <returns>A builder for adding conventions to what was mapped.</returns>
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
        SilenceEndpoints.Map(routes, endpoints.ServiceProvider);
        HealthEndpoints.Map(routes, endpoints.ServiceProvider);
        return group;
    }
}
