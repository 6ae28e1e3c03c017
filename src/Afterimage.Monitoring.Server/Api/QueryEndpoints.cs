using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Runs;
using Afterimage.Monitoring.Server.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>The endpoints that need the records themselves: calls, SQL, comparison.</summary>
internal sealed class QueryEndpoints
{
    private const int MaxCalls = 500;
    private const int MaxStatement = 20_000;
    private const int MaxCompared = 6;

    private readonly IRunSource _runs;

    private QueryEndpoints(IServiceProvider services) => _runs = services.GetRequiredService<IRunSource>();

    public static void Map(GuardedRoutes routes, IServiceProvider services)
    {
        var endpoints = new QueryEndpoints(services);
        routes.Get("/api/v1/runs/{id}/calls", Audience.ApiCallers, endpoints.CallsAsync);
        routes.Get("/api/v1/runs/{id}/evaluations", Audience.ApiCallers, endpoints.EvaluationsAsync);
        routes.Post("/api/v1/runs/{id}/query", Audience.ApiCallers, endpoints.QueryAsync);
        routes.Get("/api/v1/compare", Audience.ApiCallers, endpoints.CompareAsync);
    }

    private Task CallsAsync(HttpContext context)
    {
        if (!RunEndpoints.TryReadPage(context.Request.Query, MaxCalls, 50, out int offset, out int limit))
            return ApiJson.WriteProblemAsync(
                context,
                StatusCodes.Status400BadRequest,
                $"offset and limit must be whole numbers, and limit must be at most {MaxCalls}.");
        return AnswerAsync(
            context,
            entry => _runs.FindCallsAsync(entry, CallFilters.Of(context.Request.Query, offset, limit), context.RequestAborted));
    }

    private Task EvaluationsAsync(HttpContext context) =>
        AnswerAsync(
            context,
            entry => _runs.FindEvaluationsAsync(entry, context.Request.Query["generation"].ToString(), context.RequestAborted));

    private async Task QueryAsync(HttpContext context)
    {
        if (await RequestText.ReadJsonAsync<Statement>(context, MaxStatement) is not { } statement)
        {
            await ApiJson.WriteProblemAsync(
                context,
                StatusCodes.Status400BadRequest,
                $"Send {{\"sql\": \"…\"}} as application/json, of at most {MaxStatement} bytes.");
            return;
        }

        await AnswerAsync(
            context,
            entry => string.IsNullOrWhiteSpace(statement.Sql) || statement.Sql.Contains('\0', StringComparison.Ordinal)
                ? throw new FormatException("The body must contain a statement in \"sql\".")
                : _runs.QueryAsync(entry, statement.Sql, context.RequestAborted));
    }

    private async Task AnswerAsync(HttpContext context, Func<RunEntry, Task<QueryAnswer>> query)
    {
        if (await RunEndpoints.FindAsync(context, _runs, (string?)context.GetRouteValue("id")) is { } entry)
            await AnswerAsync(context, async () => await ApiJson.WriteAsync(context, await query(entry)));
    }

    /// <summary>Writes a response that reads records, or the reason why there is none.</summary>
    public static async Task AnswerAsync(HttpContext context, Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (FormatException e)
        {
            await ApiJson.WriteProblemAsync(context, StatusCodes.Status400BadRequest, e.Message);
        }
        catch (QueryException e)
        {
            await ApiJson.WriteProblemAsync(context, e.Status, e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone.
        }
    }

    private async Task CompareAsync(HttpContext context)
    {
        string[] ids =
        [
            .. context.Request.Query["runs"].ToString()
                .Split(',', StringSplitOptions.RemoveEmptyEntries)
                .Distinct(StringComparer.Ordinal),
        ];
        if (ids.Length is < 2 or > MaxCompared)
        {
            await ApiJson.WriteProblemAsync(
                context,
                StatusCodes.Status400BadRequest,
                $"runs must be two to {MaxCompared} ids, separated by commas.");
            return;
        }

        List<RunEntry> entries = [];
        foreach (string id in ids)
        {
            if (await RunEndpoints.FindAsync(context, _runs, id) is not { } entry)
                return;
            entries.Add(entry);
        }

        await AnswerAsync(context, async () => await ApiJson.WriteAsync(
            context,
            ComparisonValues.Of(entries, await _runs.CompareAsync(entries, context.RequestAborted))));
    }

    private sealed record Statement(string? Sql);
}
