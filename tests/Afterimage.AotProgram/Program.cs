using System.Globalization;
using Afterimage.Monitoring;

// Published ahead of time by a test: Afterimage.AotProgram DIRECTORY. It records one of everything, disposes, and prints what became of it.
using var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = args[0] });
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
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"recorded {statistics.Recorded}, written {statistics.Written}, failed {statistics.Failed}, p50 {(p50 > 0 ? "some" : "none")}"));
