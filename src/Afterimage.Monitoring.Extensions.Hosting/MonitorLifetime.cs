using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring;

/// <summary>Creates the monitors when the host starts, and flushes them when the host has stopped everything else.</summary>
/// <remarks>The container disposes the monitors after that, because other services may still record while they are being
/// disposed.</remarks>
internal sealed partial class MonitorLifetime(
    IServiceProvider services,
    IEnumerable<MonitorRegistration> registrations,
    ILogger<MonitorLifetime> logger) : IHostedLifecycleService
{
    private readonly GenerationMonitor[] _monitors = [.. registrations.Select(r => MonitorRegistration.Resolve(services, r.Name))];

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (GenerationMonitor monitor in _monitors)
            LogStarted(monitor.LogDirectory ?? "memory");
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_monitors.Select(monitor => DrainAsync(monitor, cancellationToken)));

    private async Task DrainAsync(GenerationMonitor monitor, CancellationToken cancellationToken)
    {
        try
        {
            await monitor.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // Disposal tries once more, and counts what is lost.
            LogNotDrained(monitor.LogDirectory ?? "memory", e);
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Recording generations in {LogDirectory}")]
    private partial void LogStarted(string logDirectory);

    [LoggerMessage(
        2,
        LogLevel.Warning,
        "Records for {LogDirectory} could not be written within the shutdown timeout of the host")]
    private partial void LogNotDrained(string logDirectory, Exception exception);
}
