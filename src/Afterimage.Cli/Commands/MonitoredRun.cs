using Afterimage.Cli.Replay;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary>A monitor on a clock of its own, and the alerts that it announced.</summary>
internal sealed class MonitoredRun : IDisposable
{
    private readonly List<Alert> _alerts = [];
    private readonly DateTimeOffset _start;

    private MonitoredRun(string? logDirectory, DateTimeOffset start)
    {
        _start = start;
        Clock = new TraceClock(start);
        var options = new GenerationMonitorOptions { LogDirectory = logDirectory };
        options.AlertHandlers.Add(alert =>
        {
            lock (_alerts)
                _alerts.Add(alert);
        });
        Monitor = new GenerationMonitor(options, Clock);
    }

    public TraceClock Clock { get; }

    public GenerationMonitor Monitor { get; }

    public IReadOnlyList<Alert> Alerts
    {
        get
        {
            lock (_alerts)
                return [.. _alerts];
        }
    }

    /// <exception cref="InputException">The log directory cannot be written.</exception>
    public static MonitoredRun Start(string? logDirectory, DateTimeOffset start)
    {
        try
        {
            return new MonitoredRun(logDirectory, start);
        }
        catch (IOException exception)
        {
            throw new InputException(exception.Message, exception);
        }
        catch (ArgumentException exception)
        {
            throw new InputException($"'{logDirectory}' can be no log directory.", exception);
        }
    }

    public LiveSnapshot Look(string title, string note, double? progress)
    {
        DateTimeOffset now = Clock.GetUtcNow();
        TokenUsageReport tokens = Monitor.GetTotalTokenUsage();
        double minute = Math.Clamp((now - _start).TotalSeconds, 1, 60);
        return new LiveSnapshot(
            title,
            note,
            progress,
            now,
            Monitor.GetMetrics("generation_time", TimeSpan.MaxValue).Count,
            Monitor.GetMetrics("generation_time", TimeSpan.FromMinutes(1)).Count / minute,
            Monitor.GetMetrics("success_rate").Mean,
            Monitor.GetMetrics("error_rate").Mean,
            Quantiles("generation_time"),
            Quantiles("time_to_first_token"),
            tokens,
            tokens.ByModel.Select(model => KeyValuePair.Create(model.ModelName, Monitor.GetMetrics("model_usage:" + model.ModelName, TimeSpan.MaxValue).Count))
                .Where(model => model.Value > 0)
                .ToDictionary(StringComparer.Ordinal),
            Alerts);
    }

    public void Dispose() => Monitor.Dispose();

    private Quantiles? Quantiles(string metric)
    {
        MetricAggregate aggregate = Monitor.GetMetrics(metric);
        return aggregate.Count == 0 ? null : new Quantiles(aggregate.Quantile(0.5), aggregate.Quantile(0.95), aggregate.Quantile(0.99));
    }
}
