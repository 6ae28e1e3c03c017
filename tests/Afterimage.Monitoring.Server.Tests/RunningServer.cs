using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring.Server.Tests;

/// <summary>An application with the pages in it, on a free port of this machine.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    public const string Key = "the key of these tests";

    private readonly WebApplication _app;

    private RunningServer(WebApplication app, string prefix)
    {
        _app = app;
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Pages = new Uri($"{address}{prefix}/");
        Client = Visitor();
        Client.DefaultRequestHeaders.Authorization = new("Bearer", Key);
    }

    /// <summary>The address of the pages.</summary>
    public Uri Pages { get; }

    /// <summary>Knows the key.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<RunningServer> StartAsync(string root, Action<GenerationServerOptions>? configure = null, string prefix = "")
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddGenerationServer(options =>
        {
            options.Root = root;
            options.Key = Key;
            configure?.Invoke(options);
        });
        WebApplication app = builder.Build();
        app.MapGenerationServer(prefix);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningServer(app, prefix);
    }

    /// <summary>Somebody who knows nothing and follows no redirects.</summary>
    public HttpClient Visitor(CookieContainer? cookies = null) =>
        new(new HttpClientHandler
        {
            AllowAutoRedirect = false,
            UseCookies = cookies is not null,
            CookieContainer = cookies ?? new CookieContainer(),
        })
        {
            BaseAddress = Pages,
            Timeout = Limits.Generous,
        };

    public Task<JsonElement> GetAsync(string path) => Client.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    /// <summary>Asks whenever the server says that there is something new, until the answer is as it must become.</summary>
    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> isSo)
    {
        using var stream = new StreamReader(await Client.GetStreamAsync("api/v1/events", TestContext.Current.CancellationToken));
        while (await stream.ReadLineAsync(TestContext.Current.CancellationToken) is not null)
        {
            using HttpResponseMessage response = await Client.GetAsync(path, TestContext.Current.CancellationToken);
            if (!response.IsSuccessStatusCode)
                continue;

            JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
            if (isSo(answer))
                return answer;
        }

        throw new InvalidOperationException("The server has ended the stream.");
    }

    /// <summary>The only run there is, once it is as it must become.</summary>
    public async Task<JsonElement> RunAsync(Func<JsonElement, bool>? isSo = null) =>
        (await UntilAsync(
            "api/v1/runs",
            list => list.GetProperty("runs").GetArrayLength() == 1
                && list.GetProperty("runs")[0] is var run
                && run.GetProperty("is_read").GetBoolean()
                && (isSo is null || isSo(run)))).GetProperty("runs")[0];

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }
}
