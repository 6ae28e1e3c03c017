using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Afterimage.Monitoring.Server.Otlp;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Afterimage.Monitoring.Server.Tests.Otlp;

/// <summary>A server on 127.0.0.1 that takes OTLP, over HTTP and over gRPC.</summary>
internal sealed class OtlpServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private OtlpServer(WebApplication app, string root)
    {
        _app = app;
        Root = root;
        Client = new HttpClient { BaseAddress = HttpEndpoint };
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string Root { get; }

    public HttpClient Client { get; }

    public Uri GrpcEndpoint => new(_app.Urls.First());

    public Uri HttpEndpoint => new(_app.Urls.Last());

    public OtlpReceiver Receiver => _app.Services.GetRequiredService<OtlpReceiver>();

    public OtlpStatistics Statistics => Receiver.Statistics;

    public static async Task<OtlpServer> StartAsync(
        string root,
        Action<OtlpOptions>? configure = null,
        TimeProvider? time = null,
        IPAddress? remoteAddress = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, port => port.Protocols = HttpProtocols.Http1);
        });
        builder.Logging.ClearProviders();
        if (time is not null)
            builder.Services.AddSingleton(time);
        var options = new OtlpOptions
        {
            RootDirectory = root,
            ConfigureMonitor = monitor => monitor.HandlerTimeLimit = monitor.ShutdownTimeout = TimeSpan.FromMinutes(3),
        };
        configure?.Invoke(options);
        builder.Services.AddOtlpReceiver(options);
        WebApplication app = builder.Build();
        if (remoteAddress is not null)
        {
            app.Use((http, next) =>
            {
                http.Connection.RemoteIpAddress = remoteAddress;
                return next(http);
            });
        }

        app.MapOtlp();
        await app.StartAsync(Token);
        return new OtlpServer(app, root);
    }

    public async Task<HttpResponseMessage> PostAsync(
        string path,
        byte[] body,
        string type = "application/x-protobuf",
        string? encoding = null,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (encoding is not null)
            request.Content.Headers.ContentEncoding.Add(encoding);
        foreach ((string name, string value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await Client.SendAsync(request, Token);
    }

    public async Task TakeAsync(ExportRequest request)
    {
        using HttpResponseMessage response = await PostAsync("/v1/traces", request.Json(), "application/json");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    /// <summary>The records that are in the files now.</summary>
    public IReadOnlyList<JsonElement> Records() => RecordsIn(Root);

    public static IReadOnlyList<JsonElement> RecordsIn(string root) =>
    [
        .. Directory.EnumerateFiles(root, "metrics*.jsonl", SearchOption.AllDirectories)
            .Where(file => !file.Contains(".locks", StringComparison.Ordinal))
            .SelectMany(Lines)
            .Select(line => JsonElement.Parse(line)),
    ];

    /// <summary>Ends it in order, so that all is in the files.</summary>
    public Task StopAsync() => _app.StopAsync(Token);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private static IEnumerable<string> Lines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.EndsWith('}'))];
    }
}
