using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Simulation;
using Afterimage.Cli.Views;
using Afterimage.Monitoring;

namespace Afterimage.Cli.Commands;

/// <summary>A monitor with a clock of its own, its settings, and the alerts that it has announced.</summary>
internal sealed class MonitoredRun : IDisposable
{
    // Waiting for a slow disk delays nobody here, but all records must be in the log, and all alerts in the output.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly List<Alert> _alerts = [];
    private readonly DateTimeOffset _start;

    private MonitoredRun(string? logDirectory, DateTimeOffset start, RunSettings settings)
    {
        _start = start;
        Settings = settings;
        Clock = new TraceClock(start);
        var options = new GenerationMonitorOptions
        {
            LogDirectory = logDirectory,
            Pricing = settings.Pricing,
            HandlerTimeLimit = Patience,
            ShutdownTimeout = Patience,
        };
        foreach (AlertRule rule in settings.Rules)
            options.AlertRules.Add(rule);
        if (settings.BudgetUsd is { } dollars)
            options.Budgets.Add(new Budget { Name = "run", Unit = BudgetUnit.Dollars, Limit = dollars });
        options.AlertHandlers.Add(alert =>
        {
            lock (_alerts)
                _alerts.Add(alert);
        });
        Monitor = new GenerationMonitor(options, Clock);
    }

    public RunSettings Settings { get; }

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

    /// <summary>The budget; null if there is none.</summary>
    public BudgetStatus? Budget => Monitor.GetBudgets().SingleOrDefault();

    /// <summary>Whether there is a budget and it is spent, so that the run must stop.</summary>
    public bool IsBudgetSpent => Settings.BudgetUsd is not null && Monitor.BudgetToken.IsCancellationRequested;

    /// <exception cref="InputException">The log directory cannot be written to.</exception>
    public static MonitoredRun Start(string? logDirectory, DateTimeOffset start, RunSettings settings)
    {
        try
        {
            if (logDirectory is not null && Directory.Exists(logDirectory) && LogDirectory.OpenTop(logDirectory).HasRecordFiles)
                Console.Error.WriteLine(
                    $"afterimage: '{Format.Name(Format.ShortPath(logDirectory), 200)}' already contains a run: "
                    + "the records of this run are added to it.");
            return new MonitoredRun(logDirectory, start, settings);
        }
        catch (IOException exception)
        {
            throw new InputException(exception.Message, exception);
        }
        catch (ArgumentException exception)
        {
            throw new InputException($"'{logDirectory}' cannot be used as a log directory.", exception);
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
            tokens
                .ByModel.Select(model =>
                    KeyValuePair.Create(model.ModelName, Monitor.GetMetrics("model_usage:" + model.ModelName, TimeSpan.MaxValue).Count))
                .Where(model => model.Value > 0)
                .ToDictionary(StringComparer.Ordinal),
            Alerts)
        {
            Cost = Settings.Pricing is null ? null : Monitor.GetCost(),
            Budget = Budget,
            Rules = Monitor.GetAlerts(),
        };
    }

    public void Dispose() => Monitor.Dispose();

    private Quantiles? Quantiles(string metric)
    {
        MetricAggregate aggregate = Monitor.GetMetrics(metric);
        return aggregate.Count == 0 ? null : new Quantiles(aggregate.Quantile(0.5), aggregate.Quantile(0.95), aggregate.Quantile(0.99));
    }
}
