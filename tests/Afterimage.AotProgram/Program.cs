using System.Globalization;
using Afterimage.Monitoring;

// Published ahead of time by a test: Afterimage.AotProgram DIRECTORY. It records one of everything, disposes, and prints what became of it.
// Nobody listens on the port of its alert handlers.
var options = new GenerationMonitorOptions { LogDirectory = args[0], HandlerTimeLimit = TimeSpan.FromMinutes(1) };
options.AlertHandlers.AddWebhook(
    new WebhookAlertOptions
    {
        Url = new Uri("http://127.0.0.1:9"),
        Secret = "sixteen characters",
        RetryCount = 0,
    });
options.AlertHandlers.AddMail(
    new MailAlertOptions
    {
        Host = "127.0.0.1",
        Port = 9,
        From = "a@example.com",
        To = { "b@example.com" },
        RetryCount = 0,
    });
using var monitor = new GenerationMonitor(options);
monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { ModelName = "gpt-4o", PromptTokenCount = 3, Tags = [new("attempt", 2)] });
monitor.TrackEvaluation(TimeSpan.FromSeconds(1), true, "judge", new Dictionary<string, double> { ["coherence"] = 0.5 });
monitor.RecordMetric("batch", 64, new Dictionary<string, object?> { ["document"] = "a" });
using (GenerationScope scope = monitor.MeasureGeneration("gpt-4o"))
    scope.Fail(new TimeoutException("too slow"));
monitor.LogError("failed", new FormatException("no"));
double p50 = monitor.GetMetrics("generation_time").Quantile(0.5);
monitor.SaveMetrics();
monitor.CheckAlerts();
monitor.Dispose();

MonitorStatistics statistics = monitor.GetStatistics();
Console.WriteLine(
    string.Create(
        CultureInfo.InvariantCulture,
        $"recorded {statistics.Recorded}, written {statistics.Written}, failed {statistics.Failed}, "
        + $"p50 {(p50 > 0 ? "some" : "none")}, undelivered {statistics.AlertHandlers.Sum(h => h.Failed)}"
    ));
