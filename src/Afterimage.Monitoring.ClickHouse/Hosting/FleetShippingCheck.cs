using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Afterimage.Monitoring.ClickHouse.Hosting;

/// <summary>Checks that lines do not wait for too long.</summary>
/// <param name="state">The state of the shipping.</param>
/// <param name="maxLag">The time that lines may wait.</param>
internal sealed class FleetShippingCheck(FleetShippingState state, TimeSpan maxLag) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (state.Status is not { } status)
            return Task.FromResult(HealthCheckResult.Healthy("Shipping has not begun yet."));

        var data = new Dictionary<string, object>
        {
            ["shipped_lines"] = status.ShippedLines,
            ["lag_lines"] = status.LagLines,
            ["lag_seconds"] = status.Lag?.TotalSeconds ?? 0,
            ["failures"] = status.Failures,
        };
        if (status.Lag is not { } lag || lag <= maxLag)
        {
            return Task.FromResult(
                status.LastFailure is { } failure
                    ? HealthCheckResult.Degraded(failure, data: data)
                    : HealthCheckResult.Healthy(data: data));
        }

        string text = FormattableString.Invariant(
            $"About {status.LagLines} lines wait to be shipped, the oldest for {lag.TotalSeconds:0} s.");
        return Task.FromResult(new HealthCheckResult(
            context.Registration.FailureStatus,
            status.LastFailure is { } last ? $"{text} {last}" : text,
            data: data));
    }
}
