using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring;

/// <summary>That a host has a monitor of a name; <see langword="null"/> is the one without.</summary>
internal sealed class MonitorRegistration(string? name)
{
    public string? Name => name;

    /// <summary>The monitor of a name among the services.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static GenerationMonitor Resolve(IServiceProvider services, string? name) => name is null
        ? services.GetRequiredService<GenerationMonitor>()
        : services.GetRequiredKeyedService<GenerationMonitor>(name);
}
