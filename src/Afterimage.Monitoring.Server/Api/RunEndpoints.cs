using System.Globalization;
using Afterimage.Monitoring.Server.Answers;
using Afterimage.Monitoring.Server.Runs;
using Afterimage.Monitoring.Server.Security;
using Afterimage.Monitoring.Server.Silencing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>The endpoints for runs, a single run, alerts, and the stream that notifies pages of changes.</summary>
internal sealed class RunEndpoints
{
    private const int MaxPage = 500;
    private const int MaxStreams = 512;
    private const int MaxAlerts = 1000;
    private const int MaxNames = 100;

    // What a page shows depends on the time. It is updated at most this often.
    private static readonly TimeSpan Slot = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StreamInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(15);

    private static readonly Dictionary<string, Func<RunListItem, IComparable?>> Columns = new(StringComparer.Ordinal)
    {
        ["name"] = run => run.Name,
        ["state"] = run => run.State,
        ["start"] = run => run.Start,
        ["duration"] = run => run.DurationSeconds,
        ["generations"] = run => run.Generations,
        ["success"] = run => run.SuccessRate,
        ["p95"] = run => run.P95Seconds,
        ["tokens"] = run => run.TotalTokens,
        ["cost"] = run => run.CostUsd,
        ["alerts"] = run => run.FiringAlerts,
    };

    private readonly IRunSource _runs;
    private readonly Silences _silences;
    private readonly TimeProvider _timeProvider;
    private readonly CancellationToken _stopping;
    private int _streams;

    private RunEndpoints(IServiceProvider services)
    {
        _runs = services.GetRequiredService<IRunSource>();
        _silences = services.GetRequiredService<Silences>();
        _timeProvider = services.GetRequiredService<TimeProvider>();
        _stopping = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
    }

    // Both only increase.
    private long Version => _runs.Version + _silences.Version;

    public static void Map(GuardedRoutes routes, IServiceProvider services)
    {
        var endpoints = new RunEndpoints(services);
        routes.Get("/api/v1/runs", Audience.ApiCallers, endpoints.ListAsync);
        routes.Get("/api/v1/runs/{id}", Audience.ApiCallers, endpoints.RunAsync);
        routes.Get("/api/v1/alerts", Audience.ApiCallers, endpoints.AlertsAsync);
        routes.Get("/api/v1/events", Audience.ApiCallers, endpoints.StreamAsync);
        routes.Get("/api/v1/openapi.json", Audience.ApiCallers, context => PageAssets.WriteAsync(context, "openapi.json"));
    }

    /// <summary>Finds the run that a request names. If there is none, writes a response that says so.</summary>
    public static async Task<RunEntry?> FindAsync(HttpContext context, IRunSource runs, string? id)
    {
        if (id is not null && runs.Find(id) is { } entry)
            return entry;

        await ApiJson.WriteProblemAsync(
            context,
            StatusCodes.Status404NotFound,
            runs.IsReady
                ? "The run does not exist. It may have been removed."
                : "The runs are still being listed. Try again.");
        return null;
    }

    private async Task ListAsync(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        if (!TryReadPage(query, MaxPage, 100, out int offset, out int limit))
        {
            await ApiJson.WriteProblemAsync(
                context,
                StatusCodes.Status400BadRequest,
                $"offset and limit must be whole numbers, and limit must be at most {MaxPage}.");
            return;
        }

        await QueryEndpoints.AnswerAsync(context, async () =>
        {
            Func<RunEntry, bool> isWanted = Filter(query);
            string? sort = query.OneOf("sort", Columns.Keys);
            bool isAscending = query.IsAscending();
            DateTimeOffset now = _timeProvider.GetUtcNow();
            string version = $"{Version}-{now.Ticks / Slot.Ticks}-"
                + $"{context.Request.QueryString.Value?.GetHashCode(StringComparison.Ordinal):x}";
            await ApiJson.WriteAsync(context, version, () =>
            {
                RunEntry[] all = [.. _runs.Entries];
                RunListItem[] found = [.. all.Where(isWanted)
                    .Select(entry => RunListItem.Of(entry, now) with { FiringAlerts = _silences.CountFiring(entry) })];
                return new RunList
                {
                    Root = _runs.Root,
                    Source = _runs.Place,
                    AsOf = _runs.AsOf,
                    Trouble = _runs.Trouble,
                    IsReady = _runs.IsReady,
                    All = all.Length,
                    Live = all.Count(e => e.Status == RunStatus.Live),
                    Matches = found.Length,
                    Hosts = Names(all.Select(e => e.Host).Where(h => h.Length > 0)),
                    Models = Names(all.SelectMany(e => e.Digest?.Models ?? [])),
                    Runs = [.. Sort(found, sort, isAscending).Skip(offset).Take(limit)],
                };
            });
        });
    }

    private static string[] Names(IEnumerable<string> names) =>
        [.. names.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(MaxNames)];

    private static Func<RunEntry, bool> Filter(IQueryCollection query)
    {
        string? text = query.Text("text");
        string? host = query.Text("host");
        RunStatus? state = query.Enum<RunStatus>("state");
        string? model = query.Text("model");
        DateTimeOffset? since = query.Time("since");
        DateTimeOffset? until = query.Time("until");
        return entry =>
            (text is null
                || entry.Name.Contains(text, StringComparison.OrdinalIgnoreCase)
                || entry.Process.Contains(text, StringComparison.OrdinalIgnoreCase)
                || entry.Id == text)
            && (model is null || (entry.Digest?.Models.Contains(model) ?? false))
            && (host is null || entry.Host == host)
            && (state is null || entry.Status == state)
            && (since is null || entry.Start >= since)
            && (until is null || entry.Start < until);
    }

    // Live runs come first, unless a column is requested.
    private static IEnumerable<RunListItem> Sort(IEnumerable<RunListItem> runs, string? column, bool isAscending)
    {
        if (column is null)
            return runs
                .OrderBy(run => run.State == RunStatus.Live ? 0 : 1)
                .ThenByDescending(run => run.Start)
                .ThenBy(run => run.Id, StringComparer.Ordinal);

        // Unknown values are last in either order.
        Func<RunListItem, IComparable?> key = Columns[column];
        IOrderedEnumerable<RunListItem> known = runs.OrderBy(run => key(run) is null);
        return (isAscending ? known.ThenBy(key) : known.ThenByDescending(key)).ThenBy(run => run.Id, StringComparer.Ordinal);
    }

    private async Task RunAsync(HttpContext context)
    {
        if (await FindAsync(context, _runs, (string?)context.GetRouteValue("id")) is not { } entry)
            return;

        await QueryEndpoints.AnswerAsync(context, async () =>
        {
            IQueryCollection query = context.Request.Query;
            var view = new RunView(query.Seconds("window"), query.Seconds("step") ?? TimeSpan.Zero);
            await _runs.OpenAsync(entry, context.RequestAborted);
            DateTimeOffset now = _timeProvider.GetUtcNow();
            string slot = entry.Status == RunStatus.Live ? $"-{now.Ticks / Slot.Ticks}" : "";
            await ApiJson.WriteAsync(
                context,
                $"{entry.Id}-{entry.Version}-{_silences.Version}-{view.Window?.Ticks}-{view.Step.Ticks}{slot}",
                async () =>
                {
                    RunDocument document = await _runs.DescribeAsync(entry, view, now, context.RequestAborted);
                    return document with { Alerts = [.. document.Alerts.Select(_silences.Mark)] };
                });
        });
    }

    private Task AlertsAsync(HttpContext context) => QueryEndpoints.AnswerAsync(context, async () =>
    {
        AlertEpisodeState? state = context.Request.Query.Enum<AlertEpisodeState>("state");
        await ApiJson.WriteAsync(context, $"{Version}-alerts-{state}", () =>
        {
            AlertValues[] all =
            [
                .. _runs.Entries.SelectMany(AlertValues.Of).Select(_silences.Mark)
                    .Where(alert => state is null || alert.State == state)
                    .OrderBy(alert => alert.State)
                    .ThenByDescending(alert => alert.Start),
            ];
            return new
            {
                Source = _runs.Place,
                Matches = all.Length,
                Firing = all.Count(alert => alert is { State: AlertEpisodeState.Firing, SilencedUntil: null }),
                Alerts = all.Take(MaxAlerts).ToArray(),
            };
        });
    });

    // The stream says that there is something new, but not what: pages request what they show, and pages that show the same share one
    // response.
    private async Task StreamAsync(HttpContext context)
    {
        string? id = context.Request.Query["run"].ToString() is { Length: > 0 } given ? given : null;
        if (Interlocked.Increment(ref _streams) > MaxStreams)
        {
            Interlocked.Decrement(ref _streams);
            context.Response.Headers.RetryAfter = "10";
            await ApiJson.WriteProblemAsync(context, StatusCodes.Status503ServiceUnavailable, "Too many pages are open.");
            return;
        }

        // Without this, an open stream would delay the shutdown of the server.
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping);
        try
        {
            context.Response.ContentType = "text/event-stream";
            context.Response.Headers.CacheControl = "no-store";
            long sent = -1;
            DateTimeOffset heard = _timeProvider.GetUtcNow();
            using var timer = new PeriodicTimer(StreamInterval, _timeProvider);
            do
            {
                long version = id is null ? Version : (_runs.Find(id)?.Version ?? 0) + _silences.Version;
                DateTimeOffset now = _timeProvider.GetUtcNow();
                if (version == sent && now - heard < HeartbeatInterval)
                    continue;

                await context.Response.WriteAsync(
                    version == sent ? ": nothing new\n\n" : $"data: {version.ToString(CultureInfo.InvariantCulture)}\n\n",
                    end.Token);
                await context.Response.Body.FlushAsync(end.Token);
                (sent, heard) = (version, now);
            }
            while (await timer.WaitForNextTickAsync(end.Token));
        }
        catch (OperationCanceledException)
        {
            // The page was closed, or the server is stopping.
        }
        finally
        {
            Interlocked.Decrement(ref _streams);
        }
    }

    public static bool TryReadPage(IQueryCollection query, int most, int usual, out int offset, out int limit)
    {
        offset = 0;
        limit = usual;
        return (query["offset"].Count == 0 || (int.TryParse(query["offset"], NumberStyles.None, CultureInfo.InvariantCulture, out offset)))
            && (query["limit"].Count == 0
                || (int.TryParse(query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit <= most));
    }
}
