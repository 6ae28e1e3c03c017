using Microsoft.Extensions.Configuration;

namespace Afterimage.Monitoring.Extensions.Alerts.Tests;

public sealed class ConfigurationTests
{
    private static void Add(IList<IAlertHandler> handlers, string json) => handlers.AddConfigured(
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json))).Build());

    [Fact]
    public async Task Handlers_are_added_as_the_configuration_says()
    {
        await using Receiver receiver = await Receiver.StartAsync();
        await using var mail = new MailServer();
        using var run = new AlertRun(o =>
            Add(
                o.AlertHandlers,
                $$"""
                {
                  "Console": true,
                  "Webhooks": [
                    {
                      "Url": "{{receiver.Address}}hook", "Secret": "correct horse battery staple",
                      "Headers": [{ "Name": "X-Api_Key", "Value": "k" }], "AttemptTimeout": "00:01:00"
                    },
                    { "Url": "{{receiver.Address}}errors", "MinimumLevel": "Error" }
                  ],
                  "Alertmanagers": [{
                    "Url": "{{receiver.Address}}am", "Labels": [{ "Name": "run_id", "Value": "7" }], "ResendInterval": 30,
                    "ResolveTimeout": 600, "RetryCount": 0
                  }],
                  "Mail": [{
                    "Host": "127.0.0.1", "Port": {{mail.Port}}, "Security": "none", "From": "a@example.com",
                    "To": ["b@example.com", "c@example.com"], "SubjectPrefix": "hey"
                  }]
                }
                """
            ));
        await run.FireAsync();

        Assert.Equal(
            [
                "alerts.jsonl",
                "alert handler 1",
                "WebhookAlertHandler",
                "WebhookAlertHandler 2",
                "AlertmanagerAlertHandler",
                "MailAlertHandler",
            ],
            run.Monitor.GetStatistics().AlertHandlers.Select(h => h.Name));
        Assert.Equal(["/am/api/v2/alerts", "/hook"], receiver.Requests.Select(request => request.Path).Order(StringComparer.Ordinal));
        Received hook = receiver.Requests.Single(request => request.Path == "/hook");
        Assert.Equal("k", hook.Headers["X-Api_Key"]);
        Assert.True(hook.Headers.ContainsKey("Afterimage-Signature"));
        Assert.Equal(
            "7",
            receiver.Requests.Single(request => request.Path != "/hook").Json[0].GetProperty("labels").GetProperty("run_id").GetString());
        Assert.Equal(("hey warning: high_generation_time", 2), (Assert.Single(mail.Mails).Subject, mail.Mails.Single().To.Count));
    }

    [Theory]
    [InlineData("Webhooks[0].url", """{"Webhooks":[{}]}""")]
    [InlineData("Webhooks[0].Url", """{"Webhooks":[{"Url":"ftp://example.com"}]}""")]
    [InlineData("Webhooks[0].Secret", """{"Webhooks":[{"Url":"https://example.com","Secret":"too-short"}]}""")]
    [InlineData("Webhooks[1].Urll", """{"Webhooks":[{"Url":"https://example.com"},{"Url":"https://example.com","Urll":"x"}]}""")]
    [InlineData("Webhooks[0].Headers[0].value", """{"Webhooks":[{"Url":"https://example.com","Headers":[{"Name":"a"}]}]}""")]
    [InlineData("Webhooks[0].retry_count", """{"Webhooks":[{"Url":"https://example.com","RetryCount":"many"}]}""")]
    [InlineData("Alertmanagers[0].ResolveTimeout", """{"Alertmanagers":[{"Url":"https://example.com","ResolveTimeout":5}]}""")]
    [InlineData("Mail[0].To", """{"Mail":[{"Host":"h","From":"a@example.com"}]}""")]
    [InlineData("Mail[0].to", """{"Mail":[{"Host":"h","From":"a@example.com","To":"b@example.com"}]}""")]
    [InlineData("Mail[0].security", """{"Mail":[{"Host":"h","From":"a@example.com","To":["b@example.com"],"Security":"maybe"}]}""")]
    [InlineData("console", """{"Console":"loud"}""")]
    [InlineData("Slack", """{"Slack":[]}""")]
    [InlineData("Slack", """{"Console":true,"Slack":"x"}""")]
    public void A_wrong_field_is_named_and_nothing_added(string field, string json)
    {
        var handlers = new GenerationMonitorOptions().AlertHandlers;

        var exception = Assert.Throws<FormatException>(() => Add(handlers, json));

        Assert.StartsWith(field + ": ", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("too-short", exception.ToString(), StringComparison.Ordinal);
        Assert.Empty(handlers);
    }
}
