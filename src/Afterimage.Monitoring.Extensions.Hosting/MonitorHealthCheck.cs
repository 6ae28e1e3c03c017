using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Afterimage.Monitoring;

/// <summary>Checks the health of the run and of its monitoring.</summary>
internal sealed class MonitorHealthCheck(GenerationMonitor monitor, long minimumCount) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        IReadOnlyList<Alert> alerts = [.. monitor.CheckAlerts().Where(HasEnoughPoints)];
        MonitorStatistics statistics = monitor.GetStatistics();
        long lost = statistics.Dropped + statistics.Failed;

        List<string> failures = [.. alerts.Where(a => a.Level == AlertLevel.Error).Select(a => a.Message)];
        if (lost > 0)
            failures.Add($"{lost} records are lost");
        failures.AddRange(statistics.Handlers.Where(h => h.IsStalled).Select(h => $"Handler {h.Name} is stalled"));
        List<string> warnings = [.. alerts.Where(a => a.Level == AlertLevel.Warning).Select(a => a.Message)];

        HealthStatus status =
            failures.Count > 0 ? context.Registration.FailureStatus
            : warnings.Count > 0 ? HealthStatus.Degraded
            : HealthStatus.Healthy;
        var data = new Dictionary<string, object>
        {
            ["log_directory"] = monitor.LogDirectory ?? "",
            ["recorded"] = statistics.Recorded,
            ["lost"] = lost,
            ["alerts"] = alerts.Select(a => a.Name).ToArray(),
        };
        return Task.FromResult(new HealthCheckResult(status, string.Join("; ", [.. failures, .. warnings]), data: data));
    }

    // An alert that does not come from a rule, such as that of a budget, is certain at once.
    private bool HasEnoughPoints(Alert alert) =>
        monitor.GetAlerts().FirstOrDefault(status => status.Rule.Name == alert.Name) is not { Rule: var rule }
        || monitor.GetMetrics(rule.Metric, rule.Window).Count >= minimumCount;
}
