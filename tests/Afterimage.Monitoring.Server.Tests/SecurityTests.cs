using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Afterimage.Monitoring.Server.Otlp;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Afterimage.Monitoring.Server.Tests;

public sealed class SecurityTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _root.Dispose();

    [Fact]
    public async Task A_link_lets_in_once_by_a_cookie_that_no_script_and_no_other_site_has()
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        var cookies = new CookieContainer();
        using HttpClient visitor = server.Visitor(cookies);
        Uri link = server.Services.GetRequiredService<GenerationServer>().CreateLink(server.Pages);

        using HttpResponseMessage first = await visitor.GetAsync(link, Cancel);
        using HttpResponseMessage second = await visitor.GetAsync(link, Cancel);
        using HttpResponseMessage page = await visitor.GetAsync("", Cancel);

        Assert.Equal(HttpStatusCode.SeeOther, first.StatusCode);
        string cookie = first.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.Unauthorized, second.StatusCode);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task Every_endpoint_but_those_that_let_in_refuses_a_stranger()
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        using HttpClient stranger = server.Visitor();
        RouteEndpoint[] endpoints = [.. server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()];
        string[] open = ["/assets/{name}", "/login", "/healthz"];

        foreach (RouteEndpoint endpoint in endpoints.Where(e => !open.Contains(e.RoutePattern.RawText)))
        {
            string method = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods[0];
            using var request = new HttpRequestMessage(
                new HttpMethod(method),
                endpoint.RoutePattern.RawText!.Replace("{id}", "x", StringComparison.Ordinal));
            using HttpResponseMessage response = await stranger.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        }

        Assert.True(endpoints.Length > 15);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("2130706433.example")]
    public async Task A_name_that_is_not_the_servers_is_refused(string host)
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/runs");
        request.Headers.TryAddWithoutValidation("Host", host);

        using HttpResponseMessage response = await server.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.MisdirectedRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_name_that_is_allowed_is_answered()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            _root.Path,
            options => options.AllowedHosts.Add("monitor.example.org"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/runs");
        request.Headers.Host = "monitor.example.org";

        using HttpResponseMessage response = await server.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://127.0.0.1:1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_origin_is_refused(string header, string value)
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/runs/x/query")
        {
            Content = JsonContent.Create(new { sql = "SELECT 1" }),
        };
        request.Headers.TryAddWithoutValidation(header, value);

        using HttpResponseMessage response = await server.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Wrong_keys_are_refused_and_after_some_nothing_is_compared()
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        using HttpClient guesser = server.Visitor();
        List<HttpStatusCode> answers = [];
        for (int i = 0; i < 25; i++)
        {
            using HttpResponseMessage response = await guesser.PostAsync(
                "login",
                new FormUrlEncodedContent([new("key", $"guess {i}")]),
                Cancel);
            answers.Add(response.StatusCode);
        }

        using HttpResponseMessage right = await guesser.PostAsync(
            "login",
            new FormUrlEncodedContent([new("key", RunningServer.Key)]),
            Cancel);

        Assert.Equal(HttpStatusCode.Unauthorized, answers[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
        Assert.Equal(HttpStatusCode.TooManyRequests, right.StatusCode);

        // The API says so too, rather than that the right key is wrong.
        using HttpResponseMessage api = await server.Client.GetAsync("api/v1/runs", Cancel);
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromMinutes(1)), (api.StatusCode, api.Headers.RetryAfter?.Delta));
    }

    [Fact]
    public async Task The_sign_in_page_says_what_was_wrong_and_what_to_do()
    {
        await using RunningServer withKey = await RunningServer.StartAsync(_root.Path);
        await using RunningServer without = await RunningServer.StartAsync(_root.Path, options => options.Key = null);

        await SaysAsync(withKey, "You are not signed in. Open the link that the server printed when it started, or enter the key.", "");
        await SaysAsync(withKey, "The link is not valid, or was already used. Enter the key.", "login?token=x");
        await SaysAsync(withKey, "The key is wrong. Enter the key.", "login", key: "wrong");
        await SaysAsync(without, "You are not signed in. Open the link", "login");
        await SaysAsync(without, "You are not signed in. Open the link", "login", key: "any");
        await SaysAsync(without, "to get a new one, restart the server", "login?token=x");

        static async Task SaysAsync(RunningServer server, string text, string path, string? key = null)
        {
            using HttpClient visitor = server.Visitor();
            using HttpResponseMessage response = key is null
                ? await visitor.GetAsync(path, Cancel)
                : await visitor.PostAsync(path, new FormUrlEncodedContent([new("key", key)]), Cancel);
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Contains(text, await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_key_lets_in_on_the_page_that_asks_for_it()
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        var cookies = new CookieContainer();
        using HttpClient visitor = server.Visitor(cookies);

        string asked = await (await visitor.GetAsync("", Cancel)).Content.ReadAsStringAsync(Cancel);
        using HttpResponseMessage entered = await visitor.PostAsync(
            "login",
            new FormUrlEncodedContent([new("key", RunningServer.Key)]),
            Cancel);
        using HttpResponseMessage page = await visitor.GetAsync("", Cancel);

        Assert.Contains("type=\"password\"", asked, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.SeeOther, entered.StatusCode);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task Every_answer_says_what_the_browser_may_do()
    {
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        foreach (string path in (string[])["", "api/v1/runs", "assets/app.js", "healthz", "api/v1/runs/none"])
        {
            using HttpResponseMessage response = await server.Client.GetAsync(path, Cancel);
            Assert.StartsWith(
                "default-src 'self'",
                response.Headers.GetValues("Content-Security-Policy").Single(),
                StringComparison.Ordinal);
            Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    [Theory]
    [InlineData("api/v1/runs/..%2f..%2f..%2fetc%2fpasswd")]
    [InlineData("api/v1/runs/%2e%2e/calls")]
    [InlineData("api/v1/runs/run/calls")]
    [InlineData("assets/..%2f..%2fapp.css")]
    [InlineData("api/v1/compare?runs=..,run")]
    public async Task A_path_is_no_id(string path)
    {
        Log.Write(Path.Combine(_root.Path, "run"), 1);
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        await server.RunAsync();

        using HttpResponseMessage response = await server.Client.GetAsync(path, Cancel);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Theory]
    [InlineData("SELECT * FROM read_text('/etc/hostname')")]
    [InlineData("COPY (SELECT 1) TO '/tmp/afterimage-escape.csv'")]
    [InlineData("INSTALL httpfs")]
    [InlineData("ATTACH '/tmp/afterimage-escape.duckdb'")]
    public async Task A_statement_reaches_no_file_and_no_network(string sql)
    {
        Log.Write(Path.Combine(_root.Path, "run"), 1);
        await using RunningServer server = await RunningServer.StartAsync(_root.Path);
        string id = (await server.RunAsync()).GetProperty("id").GetString()!;

        using HttpResponseMessage response = await server.Client.PostAsJsonAsync($"api/v1/runs/{id}/query", new { sql }, Cancel);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
    }

    [Fact]
    public async Task Names_from_the_log_are_data_in_answers_and_metrics()
    {
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(Path.Combine(_root.Path, "a\"b\nc 1"))))
        {
            foreach (string name in HostileNames.List)
            {
                monitor.TrackGeneration(
                    TimeSpan.FromSeconds(1),
                    false,
                    new GenerationDetails { ModelName = name, Error = name, FinishReason = name });
            }

            await monitor.FlushAsync(Cancel);
            await using RunningServer server = await RunningServer.StartAsync(_root.Path);
            JsonElement run = await server.RunAsync(r => Log.Generations(r) == HostileNames.List.Count);
            string id = run.GetProperty("id").GetString()!;
            string metrics = await server.Client.GetStringAsync("metrics", Cancel);
            JsonElement whole = await server.GetAsync($"api/v1/runs/{id}");

            Assert.Contains(
                $"afterimage_run_generations{{run=\"a\\\"b\\nc 1\"}} {HostileNames.List.Count}\n",
                metrics,
                StringComparison.Ordinal);
            Assert.Subset(
                HostileNames.List.ToHashSet(StringComparer.Ordinal),
                whole.GetProperty("models").EnumerateArray()
                    .Select(m => m.GetProperty("name").GetString()!).ToHashSet(StringComparer.Ordinal));
            foreach (string name in HostileNames.List.Where(name => name.Length <= 300 && !name.Contains('\0', StringComparison.Ordinal)))
            {
                JsonElement calls = await server.GetAsync(
                    $"api/v1/runs/{id}/calls?model={Uri.EscapeDataString(name)}&error={Uri.EscapeDataString(name)}");
                Assert.NotEqual(0, calls.GetProperty("rows").GetArrayLength());
            }
        }
    }

    [Fact]
    public async Task An_application_that_lets_in_itself_is_asked_for_no_key()
    {
        await using RunningServer server = await RunningServer.StartAsync(
            _root.Path,
            options => (options.Key, options.UseApplicationAuthorization) = (null, true),
            "/monitor");
        using HttpClient visitor = server.Visitor();

        using HttpResponseMessage page = await visitor.GetAsync("", Cancel);
        using HttpResponseMessage moved = await visitor.GetAsync("/monitor", Cancel);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("/monitor/", moved.Headers.Location!.OriginalString);
    }

    [Fact]
    public void A_key_that_no_header_can_carry_is_refused()
    {
        const string Key = "long-enough-but-é";
        ArgumentException page = Assert.Throws<ArgumentException>(() =>
            new ServiceCollection().AddGenerationServer(options => options.Key = Key));
        ArgumentException otlp = Assert.Throws<ArgumentException>(() =>
            new ServiceCollection().AddOtlpReceiver(new OtlpOptions { RootDirectory = "x", Key = Key }));

        Assert.Equal(("Key", "Key"), (page.ParamName, otlp.ParamName));
        Assert.DoesNotContain(Key, page.Message + otlp.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_can_be_guessed_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddGenerationServer(options => options.Key = "short"));
    }
}
