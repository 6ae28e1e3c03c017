using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Tests.Support;

/// <summary>A monitor on a clock of the test's and in a directory of its own.</summary>
internal sealed class MonitorRun : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 14, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();

    public MonitorRun(
        Action<GenerationMonitorOptions>? configure = null,
        ILoggerFactory? loggerFactory = null,
        IMeterFactory? meterFactory = null)
    {
        var options = new GenerationMonitorOptions
        {
            LogDirectory = _directory.Path,
            HandlerTimeLimit = Limits.Generous,
            ShutdownTimeout = Limits.Generous,
        };
        configure?.Invoke(options);
        Monitor = new GenerationMonitor(options, Clock, loggerFactory, meterFactory);
    }

    public WallClock Clock { get; } = new(Start);

    public GenerationMonitor Monitor { get; }

    public string MetricsFile => _directory.File("metrics.jsonl");

    public string LogFile => _directory.File("afterimage.log");

    public string AlertsFile => _directory.File("alerts.jsonl");

    /// <summary>A monitor with no handlers: only what is in memory counts.</summary>
    public static MonitorRun InMemory(Action<GenerationMonitorOptions>? configure = null) => new(options =>
    {
        options.WriteFiles = false;
        configure?.Invoke(options);
    });

    /// <summary>Disposes the monitor and reads the records.</summary>
    public List<JsonElement> Records()
    {
        Monitor.Dispose();
        return File.Exists(MetricsFile) ? JsonFile.Lines(MetricsFile) : [];
    }

    /// <summary>Disposes the monitor and reads the log.</summary>
    public List<JsonElement> LogEntries()
    {
        Monitor.Dispose();
        return File.Exists(LogFile) ? JsonFile.Lines(LogFile) : [];
    }

    /// <summary>Disposes the monitor and reads the announced alerts.</summary>
    public List<JsonElement> AlertLines()
    {
        Monitor.Dispose();
        return File.Exists(AlertsFile) ? JsonFile.Lines(AlertsFile) : [];
    }

    public void Dispose()
    {
        Monitor.Dispose();
        _directory.Dispose();
    }
}
