using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Afterimage.Monitoring;

/// <summary>Creates the monitor with a given name from its options and from the services that the container has for it.</summary>
internal static class MonitorFactory
{
    public static GenerationMonitor Create(IServiceProvider services, string? name)
    {
        GenerationMonitorOptions options = services
            .GetRequiredService<IOptionsMonitor<GenerationMonitorOptions>>()
            .Get(name ?? Microsoft.Extensions.Options.Options.DefaultName);
        AddHandlers(services, name, options);
        var monitor = new GenerationMonitor(
            options,
            services.GetService<TimeProvider>(),
            services.GetService<ILoggerFactory>(),
            services.GetService<IMeterFactory>());
        foreach (MonitorLoggerProvider provider in services.GetServices<ILoggerProvider>().OfType<MonitorLoggerProvider>())
        {
            if (provider.MonitorName == name)
                provider.Attach(monitor);
        }

        return monitor;
    }

    private static void AddHandlers(IServiceProvider services, string? name, GenerationMonitorOptions options)
    {
        foreach (IMetricHandler handler in All<IMetricHandler>())
            options.MetricHandlers.Add(handler);
        foreach (ILogHandler handler in All<ILogHandler>())
            options.LogHandlers.Add(handler);
        foreach (IAlertHandler handler in All<IAlertHandler>())
            options.AlertHandlers.Add(handler);

        List<T> All<T>()
            where T : notnull =>
            [.. name is null ? services.GetServices<T>() : services.GetKeyedServices<T>(name)];
    }
}
