using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring;

/// <summary>Registers that a host has a monitor with a given name; <see langword="null"/> is the monitor without a name.</summary>
internal sealed class MonitorRegistration(string? name)
{
    public string? Name => name;

    /// <summary>Resolves the monitor with a given name from the services.</summary>
    /// <exception cref="InvalidOperationException">There is no such monitor.</exception>
    public static GenerationMonitor Resolve(IServiceProvider services, string? name) => name is null
        ? services.GetRequiredService<GenerationMonitor>()
        : services.GetRequiredKeyedService<GenerationMonitor>(name);
}
