using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Runs;
using Afterimage.Monitoring.Server.Security;
using Afterimage.Monitoring.Server.Silencing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>The endpoints that silence alerts for a time.</summary>
internal sealed class SilenceEndpoints
{
    private const int MaxBody = 4096;

    private readonly IRunSource _runs;
    private readonly Silences _silences;

    private SilenceEndpoints(IServiceProvider services)
    {
        _runs = services.GetRequiredService<IRunSource>();
        _silences = services.GetRequiredService<Silences>();
    }

    public static void Map(GuardedRoutes routes, IServiceProvider services)
    {
        var endpoints = new SilenceEndpoints(services);
        routes.Get("/api/v1/silences", Audience.ApiCallers, endpoints.ListAsync);
        routes.Post("/api/v1/silences", Audience.ApiCallers, endpoints.SetAsync);
    }

    private Task ListAsync(HttpContext context) => ApiJson.WriteAsync(context, new { Silences = _silences.All });

    private async Task SetAsync(HttpContext context)
    {
        if (await RequestText.ReadJsonAsync<Request>(context, MaxBody) is not { Alert.Length: > 0 } request
            || !(request.Seconds >= 0 && request.Seconds <= Silences.Longest.TotalSeconds))
        {
            await ApiJson.WriteProblemAsync(
                context,
                StatusCodes.Status400BadRequest,
                "Send {\"alert\": NAME, \"run_id\": ID, \"seconds\": N} as application/json; N must be from 0 to "
                + $"{Silences.Longest.TotalSeconds}, and 0 ends the silence. Without run_id, the alert is silenced in all runs.");
            return;
        }

        if (request.RunId is not null && await RunEndpoints.FindAsync(context, _runs, request.RunId) is null)
            return;

        if (_silences.TrySet(request.Alert, request.RunId, TimeSpan.FromSeconds(request.Seconds)))
            await ListAsync(context);
        else
            await ApiJson.WriteProblemAsync(context, StatusCodes.Status409Conflict, "Too many alerts are silenced. End some silences.");
    }

    private sealed record Request(string? Alert, string? RunId, double Seconds = double.NaN);
}
