using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Extensions.Alerts.Tests;

public sealed class AlertmanagerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static AlertmanagerOptions To(Uri address, Action<AlertmanagerOptions>? configure = null)
    {
        var options = new AlertmanagerOptions { Url = address, AttemptTimeout = Limits.Generous, RetryCount = 0 };
        configure?.Invoke(options);
        return options;
    }

    private static DateTimeOffset Time(JsonElement alert, string name) =>
        DateTimeOffset.Parse(alert.GetProperty(name).GetString()!, CultureInfo.InvariantCulture);

    private static string Label(JsonElement alert, string name) => alert.GetProperty("labels").GetProperty(name).GetString()!;

    [Fact]
    public async Task An_alert_is_there_with_its_labels_while_it_fires_and_gone_when_it_is_over()
    {
        using Alertmanager server = await Alertmanager.StartAsync(_directory);
        using var run = new AlertRun(o =>
        {
            o.AlertHandlers.AddAlertmanager(
                To(server.Address, a => (a.Labels["job"], a.Labels["instance"]) = ("nightly", "<b>\n\u202e\ud83d\ude42 \"x\"")));
            o.AlertRules.Add(
                new AlertRule
                {
                    Name = "=cmd|' /C calc'!A0 <script>\n\ud83d\ude42",
                    Metric = "depth",
                    Threshold = 1.5,
                    Level = AlertLevel.Error,
                });
        });
        run.Monitor.RecordMetric("depth", 2.5);
        await run.FireAsync();

        JsonElement[] alerts = [.. (await server.AlertsAsync()).OrderBy(alert => Label(alert, "severity"))];
        Assert.Equal(
            ["=cmd|' /C calc'!A0 <script>\n\ud83d\ude42", "high_generation_time"],
            alerts.Select(alert => Label(alert, "alertname")));
        Assert.Equal(["error", "warning"], alerts.Select(alert => Label(alert, "severity")));
        Assert.All(
            alerts,
            alert => Assert.Equal(("nightly", "<b>\n\u202e\ud83d\ude42 \"x\""), (Label(alert, "job"), Label(alert, "instance"))));
        JsonElement annotations = alerts[1].GetProperty("annotations");
        Assert.Equal(
            ("Mean generation time 60 s is above 30 s", "60", "generation_time"),
            (
                annotations.GetProperty("summary").GetString(),
                annotations.GetProperty("mean").GetString(),
                annotations.GetProperty("metric").GetString()));
        Assert.InRange(
            Time(alerts[1], "endsAt") - Time(alerts[1], "startsAt"),
            TimeSpan.FromMinutes(5),
            TimeSpan.FromMinutes(5) + Limits.Generous);

        await run.ResolveAsync();
        Assert.Equal(["error"], (await server.AlertsAsync()).Select(alert => Label(alert, "severity")));
        Assert.Equal((3, 0, 0), run.Counts);
    }

    [Fact]
    public async Task What_goes_on_is_sent_again_before_it_would_be_over()
    {
        using Alertmanager server = await Alertmanager.StartAsync(_directory);
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        using var run = new AlertRun(o =>
            o.AlertHandlers.AddAlertmanager(To(server.Address, a => a.ResendInterval = TimeSpan.FromMinutes(2)), timeProvider: clock));
        await run.FireAsync();
        JsonElement first = Assert.Single(await server.AlertsAsync());

        clock.Advance(TimeSpan.FromMinutes(1));
        await run.CheckAsync();
        JsonElement soon = Assert.Single(await server.AlertsAsync());
        clock.Advance(TimeSpan.FromMinutes(1));
        await run.CheckAsync();
        JsonElement later = Assert.Single(await server.AlertsAsync());

        Assert.Equal(Time(first, "endsAt"), Time(soon, "endsAt"));
        Assert.Equal(Time(first, "startsAt"), Time(later, "startsAt"));
        Assert.Equal(2, (Time(later, "endsAt") - Time(first, "endsAt")).TotalMinutes, 0.001);
    }

    [Fact]
    public async Task Of_a_process_that_ended_long_ago_nothing_fires()
    {
        using Alertmanager server = await Alertmanager.StartAsync(_directory);
        Action<Alert> old = Handler(server.Address, new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-6)));
        Action<Alert> recent = Handler(server.Address, new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-1)));
        old(new Alert
        {
            Name = "old",
            Message = "m",
            Level = AlertLevel.Warning,
            Timestamp = DateTimeOffset.UtcNow.AddMinutes(-10),
            Data = new Dictionary<string, object?>(),
        });
        recent(new Alert
        {
            Name = "recent",
            Message = "m",
            Level = AlertLevel.Warning,
            Timestamp = DateTimeOffset.UtcNow.AddMinutes(-10),
            Data = new Dictionary<string, object?>(),
        });

        Assert.Equal(["recent"], (await server.AlertsAsync()).Select(alert => Label(alert, "alertname")));
    }

    [Fact]
    public async Task At_another_level_it_is_another_alert_and_a_clock_set_back_is_no_fault()
    {
        using Alertmanager server = await Alertmanager.StartAsync(_directory);
        Action<Alert> handler = Handler(server.Address, TimeProvider.System);
        var alert = new Alert
        {
            Name = "budget:day",
            Message = "half",
            Level = AlertLevel.Warning,
            Timestamp = DateTimeOffset.UtcNow.AddMinutes(-1),
            Data = new Dictionary<string, object?>(),
        };

        handler(alert);
        handler(alert with { Level = AlertLevel.Error, Message = "spent" });
        Assert.Equal(["error"], (await server.AlertsAsync()).Select(a => Label(a, "severity")));
        handler(
            alert with
            {
                Level = AlertLevel.Info,
                Timestamp = alert.Timestamp.AddHours(-1),
                Data = new Dictionary<string, object?> { ["resolved"] = true },
            });
        Assert.Empty(await server.AlertsAsync());
    }

    [Fact]
    public async Task What_was_not_taken_is_told_again_at_the_next_evaluation()
    {
        await using Receiver receiver = await Receiver.StartAsync(
            (number, context) => Receiver.Status(context, number is 1 or 3 ? 500 : 200));
        using var run = new AlertRun(o => o.AlertHandlers.AddAlertmanager(To(new Uri(receiver.Address, "/prefix/?x=1"))));
        await run.CheckAsync();
        await run.FireAsync();
        await run.CheckAsync();
        await run.CheckAsync();
        await run.ResolveAsync();
        await run.CheckAsync();
        await run.CheckAsync();

        Assert.All(receiver.Requests, request => Assert.Equal("/prefix/api/v2/alerts", request.Path));
        JsonElement[] sent = [.. receiver.Requests.Select(request => Assert.Single(request.Json.EnumerateArray()))];
        Assert.Equal(4, sent.Length);
        Assert.Single(sent.Select(alert => alert.GetProperty("startsAt").GetString()).Distinct());
        Assert.Equal([true, true, false, false], sent.Select(alert => Time(alert, "endsAt") > DateTimeOffset.UtcNow.AddMinutes(1)));
        Assert.Equal((0, 2, 2), run.Counts);
    }

    [Fact]
    public void Settings_out_of_their_range_are_named()
    {
        AssertRefused("Labels", a => a.Labels["a-b"] = "c");
        AssertRefused("Labels", a => a.Labels["1a"] = "c");
        AssertRefused("ResendInterval", a => a.ResendInterval = TimeSpan.FromSeconds(-1));
        AssertRefused("ResolveTimeout", a => a.ResolveTimeout = TimeSpan.FromMinutes(1));
        AssertRefused("Url", a => a.Url = new Uri("mailto:a@example.com"));

        static void AssertRefused(string setting, Action<AlertmanagerOptions> configure) =>
            Assert.Equal(
                setting,
                Assert
                    .Throws<ArgumentException>(() =>
                        new GenerationMonitorOptions().AlertHandlers.AddAlertmanager(To(new Uri("http://127.0.0.1:9093"), configure)))
                    .ParamName);
    }

    [Theory]
    [InlineData(240, true)]
    [InlineData(241, false)]
    public void Evaluations_must_come_before_an_alert_is_taken_for_over(int seconds, bool isTaken)
    {
        var options = new GenerationMonitorOptions { WriteFiles = false, MetricsInterval = TimeSpan.FromSeconds(seconds) };
        options.AlertHandlers.AddAlertmanager(new AlertmanagerOptions { Url = new Uri("http://127.0.0.1:9") });

        ArgumentException? refused = Record.Exception(() => new GenerationMonitor(options).Dispose()) as ArgumentException;

        Assert.Equal(isTaken, refused is null);
        Assert.True(isTaken || refused!.Message.Contains("resolve timeout", StringComparison.Ordinal));
    }

    private static Action<Alert> Handler(Uri address, TimeProvider clock)
    {
        var options = new GenerationMonitorOptions();
        options.AlertHandlers.AddAlertmanager(To(address), timeProvider: clock);
        return alert => options.AlertHandlers[0].HandleAlertsAsync([alert], CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }
}
