namespace Afterimage.Monitoring.Extensions.Alerts.Tests.Support;

/// <summary>A monitor in a directory of its own, whose rules are evaluated when the test says so.</summary>
internal sealed class AlertRun : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public AlertRun(Action<GenerationMonitorOptions> configure)
    {
        var options = new GenerationMonitorOptions
        {
            LogDirectory = Path.Combine(_directory.Path, "run"),
            MetricsInterval = TimeSpan.Zero,
            HandlerTimeLimit = Limits.Generous,
            ShutdownTimeout = Limits.Generous,
        };
        configure(options);
        Monitor = new GenerationMonitor(options);
    }

    public GenerationMonitor Monitor { get; }

    /// <summary>The first alert handler's.</summary>
    public HandlerStatistics Statistics => Monitor.GetStatistics().AlertHandlers[1];

    public (long Written, long Failed, long Failures) Counts => (Statistics.Written, Statistics.Failed, Statistics.Failures);

    /// <summary>Fires <c>high_generation_time</c>, at its second call once more.</summary>
    public Task FireAsync()
    {
        Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
        return CheckAsync();
    }

    /// <summary>Ends what <see cref="FireAsync"/> fired.</summary>
    public Task ResolveAsync()
    {
        for (int i = 0; i < 10; i++)
            Monitor.TrackGeneration(TimeSpan.Zero, true);
        return CheckAsync();
    }

    public Task CheckAsync() => Task.Run(() => Monitor.CheckAlerts()).WaitFor();

    public Task DisposeAsync() => Task.Run(Monitor.Dispose).WaitFor();

    /// <summary>Everything that the run wrote, once it is disposed.</summary>
    public string Written()
    {
        Monitor.Dispose();
        return string.Join('\n', Directory.EnumerateFiles(Monitor.LogDirectory!).Select(File.ReadAllText));
    }

    public void Dispose()
    {
        Monitor.Dispose();
        _directory.Dispose();
    }
}
