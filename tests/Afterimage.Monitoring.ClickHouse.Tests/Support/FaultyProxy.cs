using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Afterimage.Monitoring.ClickHouse.Tests.Support;

/// <summary>Stands before a node, and spoils inserts as it is told.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private static readonly string[] Credentials = ["X-ClickHouse-User", "X-ClickHouse-Key"];

    private readonly WebApplication _app;
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromMinutes(2) };
    private readonly Uri _node;
    private int _late;
    private int _refused;

    private FaultyProxy(WebApplication app, Uri node) => (_app, _node) = (app, node);

    public Uri Url => new(_app.Urls.Single() + "/");

    /// <summary>How many faults it has done.</summary>
    public int Done { get; private set; }

    /// <summary>Starts one.</summary>
    /// <param name="node">The node behind it.</param>
    /// <param name="certificate">The certificate to speak TLS with. Default: no TLS.</param>
    public static async Task<FaultyProxy> StartAsync(Uri node, X509Certificate2? certificate = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(
                IPAddress.Loopback,
                0,
                listen =>
                {
                    if (certificate is not null)
                        listen.UseHttps(certificate);
                });
            kestrel.Limits.MaxRequestBodySize = null;
        });
        WebApplication app = builder.Build();
        var proxy = new FaultyProxy(app, node);
        app.Run(proxy.PassAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return proxy;
    }

    /// <summary>The answers of the next inserts come when nobody waits for them any more.</summary>
    public void AnswerLate(int inserts) => Interlocked.Add(ref _late, inserts);

    /// <summary>The next inserts are refused.</summary>
    public void Refuse(int inserts) => Interlocked.Add(ref _refused, inserts);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _client.Dispose();
    }

    private static bool TryTake(ref int faults)
    {
        for (int left = Volatile.Read(ref faults); left > 0; left = Volatile.Read(ref faults))
        {
            if (Interlocked.CompareExchange(ref faults, left - 1, left) == left)
                return true;
        }

        return false;
    }

    private async Task PassAsync(HttpContext context)
    {
        bool isInsert = context.Request.Query["query"].ToString().Contains("_lines_local", StringComparison.Ordinal);
        if (isInsert && TryTake(ref _refused))
        {
            Done++;
            context.Response.StatusCode = 500;
            await context.Response.WriteAsync(
                "Code: 241, e.displayText() = DB::Exception: Memory limit exceeded, e.what() = DB::Exception\n");
            return;
        }

        bool isLate = isInsert && TryTake(ref _late);
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_node, context.Request.QueryString.Value))
        {
            Content = new ByteArrayContent(body.ToArray()),
        };
        if (context.Request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding)
            request.Content.Headers.ContentEncoding.Add(encoding);
        foreach (string header in Credentials)
        {
            if (context.Request.Headers.TryGetValue(header, out StringValues value))
                request.Headers.Add(header, value.ToString());
        }

        try
        {
            using HttpResponseMessage answer = await _client.SendAsync(request);
            if (isLate)
            {
                Done++;
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return;
            }

            context.Response.StatusCode = (int)answer.StatusCode;
            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // The node is gone, and so is the connection.
            context.Abort();
        }
    }
}
