using System.Globalization;
using System.Text;
using Afterimage.Monitoring.Server.Runs;
using Afterimage.Monitoring.Server.Security;
using Afterimage.Monitoring.Server.Silencing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>Endpoints for programs that monitor the server: its health, and the live runs in Prometheus' text format.</summary>
internal static class HealthEndpoints
{
    public static void Map(GuardedRoutes routes, IServiceProvider services)
    {
        IRunSource runs = services.GetRequiredService<IRunSource>();
        Guard guard = services.GetRequiredService<Guard>();
        Silences silences = services.GetRequiredService<Silences>();
        routes.Get("/healthz", Audience.Everyone, context =>
        {
            context.Response.StatusCode = runs.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            context.Response.ContentType = "text/plain; charset=utf-8";
            return context.Response.WriteAsync(runs.IsReady ? "ok\n" : "starting\n", context.RequestAborted);
        });
        routes.Get("/metrics", Audience.ApiCallers, context =>
        {
            context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
            return context.Response.WriteAsync(Metrics(runs, guard, silences), context.RequestAborted);
        });
    }

    private static string Metrics(IRunSource runs, Guard guard, Silences silences)
    {
        RunEntry[] all = [.. runs.Entries];
        RunEntry[] live =
        [
            .. all.Where(e => e.Status == RunStatus.Live && e.Digest is not null).OrderBy(e => e.Name, StringComparer.Ordinal),
        ];
        var text = new StringBuilder();
        Head("afterimage_runs", "gauge", "Number of runs below the root, by state.");
        foreach (RunStatus state in Enum.GetValues<RunStatus>())
            Line("afterimage_runs", $"state=\"{state.ToString().ToLowerInvariant()}\"", all.Count(e => e.Status == state));
        Head("afterimage_server_refused_requests_total", "counter", "Number of requests that the server refused.");
        Line("afterimage_server_refused_requests_total", "", guard.Refused);
        PerRun("afterimage_run_generations", "Number of generations of a live run.", d => d.Generations);
        PerRun("afterimage_run_evaluations", "Number of evaluations of a live run.", d => d.Evaluations);
        PerRun("afterimage_run_success_ratio", "Share of the generations of a live run that succeeded, from 0 to 1.", d => d.SuccessRate);
        PerRun("afterimage_run_generation_p95_seconds", "95th percentile of generation time of a live run, in seconds.", d => d.P95);
        PerRun("afterimage_run_tokens", "Number of tokens of a live run.", d => d.TotalTokens);
        PerRun("afterimage_run_cost_usd", "Known cost of a live run, in US dollars.", d => d.CostUsd);
        PerRun("afterimage_run_unpriced_tokens", "Number of tokens of a live run without a known price.", d => d.UnpricedTokens);
        Each("afterimage_run_firing_alerts", "Number of firing alerts of a live run that are not silenced.", e => silences.CountFiring(e));
        return text.ToString();

        void PerRun(string name, string help, Func<RunDigest, double?> value) => Each(name, help, run => value(run.Digest!));

        void Each(string name, string help, Func<RunEntry, double?> value)
        {
            // These are gauges, because the values of a run shrink if its files are replaced.
            Head(name, "gauge", help);
            foreach (RunEntry run in live)
            {
                if (value(run) is { } known)
                    Line(name, $"run=\"{Label(run.Name)}\"", known);
            }
        }

        void Head(string name, string type, string help) => text.Append($"# HELP {name} {help}\n# TYPE {name} {type}\n");

        void Line(string name, string labels, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"{name}{(labels.Length > 0 ? $"{{{labels}}}" : "")} {value:R}\n");
    }

    private static string Label(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
}
