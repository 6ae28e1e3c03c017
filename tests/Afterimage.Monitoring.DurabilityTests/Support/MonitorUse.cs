namespace Afterimage.Monitoring.DurabilityTests.Support;

internal static class MonitorUse
{
    /// <summary>Options without anything that happens by itself, and with time for a busy machine.</summary>
    public static GenerationMonitorOptions In(string directory) =>
        new()
        {
            LogDirectory = directory,
            MetricsInterval = TimeSpan.Zero,
            HandlerTimeLimit = Limits.Generous,
            ShutdownTimeout = Limits.Generous,
        };

    /// <summary>Records generations with numbers as their prompt tokens.</summary>
    public static void Record(this GenerationMonitor monitor, string model, long from, long to)
    {
        for (long number = from; number <= to; number++)
            monitor.TrackGeneration(
                TimeSpan.FromMilliseconds(number % 1000),
                success: true,
                new GenerationDetails { ModelName = model, PromptTokenCount = number });
    }

    public static async Task Flush(this GenerationMonitor monitor) => await Limits.WaitFor(monitor.FlushAsync().AsTask());

    public static HandlerStatistics Handler(this GenerationMonitor monitor, string name) =>
        monitor.GetStatistics().Handlers.Single(h => h.Name == name);

    public static HandlerStatistics File(this GenerationMonitor monitor) => monitor.Handler(nameof(FileMetricHandler));
}
