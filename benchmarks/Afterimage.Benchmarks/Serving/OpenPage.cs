using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;

namespace Afterimage.Benchmarks.Serving;

/// <summary>What the page of a run asks the server: it follows the stream of events, and asks for the run again when there is something
/// new, at most once a second and only if it has changed.</summary>
internal sealed class OpenPage(HttpClient client, string run)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private EntityTagHeaderValue? _tag;

    public int Events { get; private set; }

    public int Documents { get; private set; }

    public int Unchanged { get; private set; }

    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ReadEventsAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The page was closed.
        }
    }

    private async Task ReadEventsAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await client.GetAsync(
            $"api/v1/events?run={run}",
            HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);
        response.EnsureSuccessStatusCode();
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        Task asking = Task.CompletedTask;
        long asked = 0;
        while (await lines.ReadLineAsync(cancellationToken) is { } line)
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal))
                continue;
            Events++;

            // Events that come meanwhile are answered by the document that is about to be asked for.
            if (!asking.IsCompleted)
                continue;
            await asking;
            TimeSpan wait = asked == 0 ? TimeSpan.Zero : Pause - Stopwatch.GetElapsedTime(asked);
            asked = Stopwatch.GetTimestamp() + (long)(Math.Max(0, wait.TotalSeconds) * Stopwatch.Frequency);
            asking = AskAsync(wait, cancellationToken);
        }

        throw new InvalidOperationException("The server ended a stream of events.");
    }

    private async Task AskAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, cancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/v1/runs/{run}");
        if (_tag is not null)
            request.Headers.IfNoneMatch.Add(_tag);
        using HttpResponseMessage response = await client.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotModified)
        {
            Unchanged++;
            return;
        }

        response.EnsureSuccessStatusCode();
        _ = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        _tag = response.Headers.ETag;
        Documents++;
    }
}
