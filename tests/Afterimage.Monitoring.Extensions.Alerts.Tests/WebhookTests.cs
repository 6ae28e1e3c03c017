using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Extensions.Alerts.Tests;

public sealed class WebhookTests
{
    private const string Secret = "correct horse battery staple";

    private static readonly TimeSpan AMoment = TimeSpan.FromMilliseconds(1);

    private static WebhookAlertOptions To(Receiver receiver, Action<WebhookAlertOptions>? configure = null)
    {
        var options = new WebhookAlertOptions
        {
            Url = new Uri(receiver.Address, "/hook/token-in-path?token=in-query"),
            AttemptTimeout = Limits.Generous,
            RetryDelay = AMoment,
        };
        configure?.Invoke(options);
        return options;
    }

    // What docs/alerts.md shows, on a clock of the test's.
    private static bool IsGenuine(string header, string body, string secret, DateTimeOffset now)
    {
        Dictionary<string, string> parts = header
            .Split(',')
            .Select(part => part.Split('=', 2))
            .ToDictionary(part => part[0], part => part[^1]);
        if (
            !parts.TryGetValue("t", out string? time)
            || !long.TryParse(time, CultureInfo.InvariantCulture, out long seconds)
            || !parts.TryGetValue("v1", out string? signature)
            || signature.Length != 64)
            return false;
        if (Math.Abs(now.ToUnixTimeSeconds() - seconds) > 300)
            return false;

        byte[] signed = [.. Encoding.ASCII.GetBytes(time + "."), .. Encoding.UTF8.GetBytes(body)];
        byte[] expected = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed);
        return CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(Convert.ToHexStringLower(expected)),
            Encoding.ASCII.GetBytes(signature));
    }

    [Fact]
    public async Task An_alert_is_posted_as_the_documented_body()
    {
        await using Receiver receiver = await Receiver.StartAsync();
        using var run = new AlertRun(o => o.AlertHandlers.AddWebhook(To(receiver, w => w.Headers["Authorization"] = "Bearer abc")));
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), false, new GenerationDetails { Error = "e" });
        await run.CheckAsync();
        await run.ResolveAsync();

        Received[] requests = [.. receiver.Requests];
        Assert.Equal(2, requests.Length);
        Assert.Equal(
            ("POST", "/hook/token-in-path", "Bearer abc", "application/json; charset=utf-8"),
            (requests[0].Method, requests[0].Path, requests[0].Headers["Authorization"], requests[0].Headers["Content-Type"]));
        Assert.False(requests[0].Headers.ContainsKey("Afterimage-Signature"));
        JsonElement body = requests[0].Json;
        Assert.Equal(["version", "id", "host", "process", "alerts"], body.EnumerateObject().Select(property => property.Name));
        Assert.Equal((1, Environment.MachineName), (body.GetProperty("version").GetInt32(), body.GetProperty("host").GetString()));
        Assert.True(body.GetProperty("id").TryGetGuid(out Guid id) && id != requests[1].Json.GetProperty("id").GetGuid());
        JsonElement[] alerts = [.. body.GetProperty("alerts").EnumerateArray()];
        Assert.Equal(
            ["low_success_rate", "high_generation_time", "high_error_rate"],
            alerts.Select(alert => alert.GetProperty("name").GetString()));
        Assert.Equal(
            ["timestamp", "status", "name", "level", "message", "data"],
            alerts[1].EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ("firing", "warning", 60.0),
            (
                alerts[1].GetProperty("status").GetString(),
                alerts[1].GetProperty("level").GetString(),
                alerts[1].GetProperty("data").GetProperty("mean").GetDouble()));
        Assert.All(
            requests[1].Json.GetProperty("alerts").EnumerateArray(),
            alert => Assert.Equal("resolved", alert.GetProperty("status").GetString()));
        Assert.Equal((6, 0, 0), run.Counts);
    }

    [Fact]
    public async Task The_signature_tells_who_sent_it_and_when()
    {
        await using Receiver receiver = await Receiver.StartAsync();
        using var run = new AlertRun(o => o.AlertHandlers.AddWebhook(To(receiver, w => w.Secret = Secret)));
        await run.FireAsync();

        Received request = Assert.Single(receiver.Requests);
        string header = request.Headers["Afterimage-Signature"];
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Assert.True(IsGenuine(header, request.Body, Secret, now));
        Assert.False(IsGenuine(header, request.Body + " ", Secret, now));
        Assert.False(IsGenuine(header, request.Body, Secret + "!", now));
        Assert.False(IsGenuine(header, request.Body, Secret, now.AddHours(1)));
        string[] parts = header.Split(',');
        Assert.False(IsGenuine("nonsense", request.Body, Secret, now));
        Assert.False(IsGenuine($"t={now.AddSeconds(7).ToUnixTimeSeconds()},{parts[1]}", request.Body, Secret, now));
    }

    [Fact]
    public async Task What_may_pass_is_tried_again_and_signed_anew()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using Receiver receiver = await Receiver.StartAsync(
            (number, context) =>
            {
                clock.SetUtcNow(clock.GetUtcNow().AddSeconds(100));
                return Receiver.Status(
                    context,
                    number switch
                    {
                        1 => 500,
                        2 => 503,
                        3 => 408,
                        _ => 204,
                    });
            });
        using var run = new AlertRun(o =>
            o.AlertHandlers.AddWebhook(
                To(receiver, w => (w.Secret, w.RetryDelay, w.AttemptTimeout) = (Secret, TimeSpan.Zero, TimeSpan.FromHours(1))),
                timeProvider: clock));
        await run.FireAsync();

        Received[] requests = [.. receiver.Requests];
        Assert.Equal(4, requests.Length);
        Assert.Single(requests.Select(request => request.Body).Distinct());
        Assert.Equal(4, requests.Select(request => request.Headers["Afterimage-Signature"]).Distinct().Count());
        Assert.True(IsGenuine(requests[3].Headers["Afterimage-Signature"], requests[3].Body, Secret, clock.GetUtcNow()));
        Assert.Equal((1, 0, 0), run.Counts);
    }

    [Fact]
    public async Task A_receiver_says_when_it_wants_to_be_asked_again()
    {
        // The clock stands still: the delay of the settings would never be over.
        await using Receiver receiver = await Receiver.StartAsync(
            (number, context) =>
            {
                context.Response.Headers.RetryAfter = "0";
                return Receiver.Status(context, number == 1 ? 429 : 200);
            });
        using var run = new AlertRun(o =>
            o.AlertHandlers.AddWebhook(To(receiver, w => w.RetryDelay = TimeSpan.FromSeconds(30)), timeProvider: new FakeTimeProvider()));
        await run.FireAsync();

        Assert.Equal((2, 1), (receiver.Requests.Count, run.Statistics.Written));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(302)]
    public async Task What_will_not_pass_is_not_tried_again_and_counted(int status)
    {
        await using Receiver receiver = await Receiver.StartAsync((_, context) =>
        {
            context.Response.Headers.Location = "/elsewhere";
            return Receiver.Status(context, status);
        });
        using var run = new AlertRun(o => o.AlertHandlers.AddWebhook(To(receiver)));
        await run.FireAsync();

        Assert.Single(receiver.Requests);
        Assert.Equal((0, 1, 1), run.Counts);
        Assert.Equal($"127.0.0.1 answered {status} ({(System.Net.HttpStatusCode)status})", run.Statistics.LastError);
        Assert.Contains($"127.0.0.1 answered {status}", run.Written(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_refused_does_not_stand_in_the_way_of_the_next()
    {
        await using Receiver receiver = await Receiver.StartAsync((number, context) => Receiver.Status(context, number <= 3 ? 500 : 200));
        using var run = new AlertRun(o => o.AlertHandlers.AddWebhook(To(receiver, w => w.RetryCount = 2)));
        await run.FireAsync();
        await run.ResolveAsync();

        Assert.Equal(4, receiver.Requests.Count);
        Assert.Equal((1, 1, 1), run.Counts);
    }

    [Fact]
    public async Task A_receiver_that_hangs_is_given_its_time()
    {
        var clock = new FakeTimeProvider();
        await using Receiver receiver = await Receiver.StartAsync(
            (number, context) =>
            {
                if (number == 2)
                    return Task.CompletedTask;
                clock.Advance(TimeSpan.FromSeconds(10));
                return Task.Delay(Timeout.Infinite, context.RequestAborted);
            });
        using var run = new AlertRun(o =>
            o.AlertHandlers.AddWebhook(
                To(receiver, w => (w.AttemptTimeout, w.RetryDelay, w.RetryCount) = (TimeSpan.FromSeconds(10), TimeSpan.Zero, 1)),
                timeProvider: clock));
        await run.FireAsync();
        Assert.Equal((2, (1, 0, 0)), (receiver.Requests.Count, run.Counts));

        await run.ResolveAsync();
        Assert.Equal(
            (4, (1, 1, 1), "127.0.0.1 did not answer within 10 s"),
            (receiver.Requests.Count, run.Counts, run.Statistics.LastError));
    }

    [Fact]
    public async Task A_receiver_that_hangs_for_ever_holds_up_nobody_and_hears_nothing_after_disposal()
    {
        var asked = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        var heard = new TaskCompletionSource<Alert>();
        await using Receiver receiver = await Receiver.StartAsync(async (_, context) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddWebhook(To(receiver, w => w.AttemptTimeout = TimeSpan.FromHours(1)));
            o.AlertHandlers.Add(heard.SetResult);
            o.ShutdownTimeout = TimeSpan.FromMilliseconds(50);
        });
        Task check = run.FireAsync();
        await asked.Task.WaitFor();
        await heard.Task.WaitFor();
        for (int i = 0; i < 100_000; i++)
            run.Monitor.TrackGeneration(TimeSpan.FromSeconds(60), true);
        await run.Monitor.FlushAsync(Limits.Token);
        Assert.Equal(100_001, run.Monitor.GetStatistics().Written);
        Assert.False(check.IsCompleted);

        await run.DisposeAsync();

        await aborted.Task.WaitFor();
        await check;
        Assert.Single(receiver.Requests);
        Assert.Equal((0, 1), (run.Statistics.Written, run.Statistics.Failed));
    }

    [Fact]
    public async Task Disposal_ends_the_wait_for_the_next_attempt()
    {
        var clock = new FakeTimeProvider();
        var asked = new TaskCompletionSource();
        await using Receiver receiver = await Receiver.StartAsync((_, context) =>
        {
            asked.TrySetResult();
            return Receiver.Status(context, 500);
        });
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddWebhook(To(receiver, w => w.RetryDelay = TimeSpan.FromSeconds(30)), timeProvider: clock);
            o.HandlerTimeLimit = TimeSpan.FromMilliseconds(50);
            o.ShutdownTimeout = TimeSpan.FromMilliseconds(200);
        });
        await run.FireAsync();
        await asked.Task.WaitFor();

        await run.DisposeAsync();
        clock.Advance(TimeSpan.FromHours(1));

        Assert.Single(receiver.Requests);
        Assert.Equal((0, 1, 0), (run.Statistics.Written, run.Statistics.Failed, run.Statistics.Pending));
    }

    [Fact]
    public async Task Disposal_waits_for_what_is_on_its_way()
    {
        var release = new TaskCompletionSource();
        await using Receiver receiver = await Receiver.StartAsync((_, _) => release.Task);
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddWebhook(To(receiver, w => w.AttemptTimeout = TimeSpan.FromHours(1)));
            o.HandlerTimeLimit = TimeSpan.FromMilliseconds(50);
        });
        await run.FireAsync();
        await run.ResolveAsync();
        Task disposal = run.DisposeAsync();
        release.SetResult();
        await disposal;

        Assert.Equal(2, receiver.Requests.Count);
        Assert.Equal((2, 0, 0), run.Counts);
    }

    [Fact]
    public async Task A_certificate_that_is_not_trusted_is_refused_at_once_unless_the_client_trusts_it()
    {
        using X509Certificate2 certificate = Certificate.Make();
        await using Receiver receiver = await Receiver.StartAsync(certificate: certificate);
        using var trusting = new HttpClient(
            new SocketsHttpHandler
            {
                SslOptions =
                {
                    RemoteCertificateValidationCallback = (_, seen, _, _) => seen?.GetCertHashString() == certificate.GetCertHashString(),
                },
            });
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddWebhook(To(receiver, w => w.RetryDelay = TimeSpan.FromSeconds(30)), timeProvider: new FakeTimeProvider());
            o.AlertHandlers.AddWebhook(To(receiver), trusting);
        });
        await run.FireAsync();

        Assert.Equal((0, 1, 1), run.Counts);
        Assert.StartsWith("127.0.0.1 could not be reached: ", run.Statistics.LastError, StringComparison.Ordinal);
        Assert.Contains("certificate", run.Statistics.LastError, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("inner exception", run.Statistics.LastError, StringComparison.Ordinal);
        Assert.Equal(1, run.Monitor.GetStatistics().AlertHandlers[2].Written);
        Assert.Single(receiver.Requests);
    }

    [Fact]
    public async Task A_name_that_is_not_found_and_a_port_that_is_closed_are_tried_again_and_counted()
    {
        using var closed = new ClosedPort();
        var counter = new Counter();
        using var client = new HttpClient(counter);
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddWebhook(
                new()
                {
                    Url = new Uri("http://no-such-host.invalid/token-in-path"),
                    AttemptTimeout = Limits.Generous,
                    RetryDelay = AMoment,
                    RetryCount = 2,
                },
                client);
            o.AlertHandlers.AddWebhook(
                new()
                {
                    Url = new Uri($"http://127.0.0.1:{closed.Number}/token-in-path"),
                    AttemptTimeout = Limits.Generous,
                    RetryCount = 0,
                });
        });
        await run.FireAsync();

        Assert.Equal(3, counter.Attempts);
        Assert.Equal((0, 1, 1), run.Counts);
        Assert.StartsWith("no-such-host.invalid could not be reached", run.Statistics.LastError, StringComparison.Ordinal);
        Assert.StartsWith(
            "127.0.0.1 could not be reached",
            run.Monitor.GetStatistics().AlertHandlers[2].LastError,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Secrets_are_in_no_log_no_exception_and_no_text()
    {
        await using Receiver receiver = await Receiver.StartAsync((number, context) => Receiver.Status(context, number == 1 ? 400 : 500));
        WebhookAlertOptions options = To(
            receiver,
            w => (w.Secret, w.RetryCount, w.Headers["Authorization"]) = (Secret, 1, "Bearer very-secret"));
        WebhookAlertOptions dead = To(
            receiver,
            w => (w.Url, w.RetryCount) = (new Uri("http://no-such-host.invalid/token-in-path?token=in-query"), 0));
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddWebhook(options);
            o.AlertHandlers.AddWebhook(dead);
        });
        await run.FireAsync();
        await run.ResolveAsync();

        string said = run.Written() + options + string.Concat(run.Monitor.GetStatistics().AlertHandlers.Select(h => h.LastError));
        Assert.Contains("answered 400", said, StringComparison.Ordinal);
        foreach (string secret in (string[])[Secret, "very-secret", "token-in-path", "in-query"])
            Assert.DoesNotContain(secret, said, StringComparison.Ordinal);

        Assert.Equal((0, 2, 2), run.Counts);
        var short_ = Assert.Throws<ArgumentException>(() =>
            new List<IAlertHandler>().AddWebhook(new WebhookAlertOptions { Url = receiver.Address, Secret = "too-short" }));
        Assert.DoesNotContain("too-short", short_.ToString(), StringComparison.Ordinal);
        var header = Assert.Throws<ArgumentException>(() =>
            new List<IAlertHandler>().AddWebhook(To(receiver, w => w.Headers["X"] = "very-secret\r\nEvil: 1")));
        Assert.DoesNotContain("very-secret", header.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alerts_below_the_minimum_level_are_left_out_with_their_ends()
    {
        await using Receiver receiver = await Receiver.StartAsync();
        using var run = new AlertRun(o => o.AlertHandlers.AddWebhook(To(receiver, w => w.MinimumLevel = AlertLevel.Error)));
        await run.FireAsync();
        await run.ResolveAsync();
        Assert.Empty(receiver.Requests);

        for (int i = 0; i < 100; i++)
            run.Monitor.TrackGeneration(TimeSpan.Zero, false, new GenerationDetails { Error = "e" });
        await run.CheckAsync();
        for (int i = 0; i < 1000; i++)
            run.Monitor.TrackGeneration(TimeSpan.Zero, true);
        await run.CheckAsync();

        Assert.Equal(
            ["high_error_rate firing", "high_error_rate resolved"],
            receiver
                .Requests.SelectMany(request => request.Json.GetProperty("alerts").EnumerateArray())
                .Select(alert => $"{alert.GetProperty("name")} {alert.GetProperty("status")}"));
    }

    [Fact]
    public void Settings_out_of_their_range_are_named()
    {
        AssertRefused("Url", _ => { });
        AssertRefused("Url", w => w.Url = new Uri("/hook", UriKind.Relative));
        AssertRefused("Url", w => w.Url = new Uri("ftp://example.com"));
        AssertRefused("Url", w => w.Url = new Uri("https://user:password@example.com"));
        AssertRefused("Secret", w => (w.Url, w.Secret) = (new Uri("https://example.com"), "short"));
        AssertRefused("Headers", w => (w.Url, w.Headers["Content-Type"]) = (new Uri("https://example.com"), "text/plain"));
        AssertRefused("Headers", w => (w.Url, w.Headers["a b"]) = (new Uri("https://example.com"), "c"));
        AssertRefused("AttemptTimeout", w => w.AttemptTimeout = TimeSpan.Zero);
        AssertRefused("RetryCount", w => w.RetryCount = -1);
        AssertRefused("RetryDelay", w => w.RetryDelay = TimeSpan.FromSeconds(-1));
        AssertRefused("MinimumLevel", w => w.MinimumLevel = (AlertLevel)7);

        AssertRefused("Headers", o => (o.Url, o.Headers["X-Key"]) = (new Uri("https://example.com"), "clé"));
        AssertRefused("Headers", o => (o.Url, o.Headers["X-Key"]) = (new Uri("https://example.com"), "a\u0001b"));

        static void AssertRefused(string setting, Action<WebhookAlertOptions> configure)
        {
            var options = new WebhookAlertOptions();
            configure(options);
            var handlers = new GenerationMonitorOptions().AlertHandlers;
            Assert.Equal(setting, Assert.Throws<ArgumentException>(() => handlers.AddWebhook(options)).ParamName);
            Assert.Empty(handlers);
        }
    }

    private sealed class Counter : DelegatingHandler
    {
        public Counter()
            : base(new SocketsHttpHandler())
        {
        }

        public int Attempts { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Attempts++;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
