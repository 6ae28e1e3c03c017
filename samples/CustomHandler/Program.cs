using Afterimage.Monitoring;
using CustomHandler;

const string Run = "runs/handler";
Directory.CreateDirectory(Run);
var options = new GenerationMonitorOptions
{
    LogDirectory = Run,

    // A list of your own replaces the default: name the file handler to keep the log directory.
    MetricHandlers = { new FileMetricHandler(Run), new SlowCallsFile(Path.Combine(Run, "slow.txt"), limit: TimeSpan.FromSeconds(10)) },
    AlertHandlers = { alert => Console.WriteLine($"{alert.Level}: {alert.Message}") },
};

await using var monitor = new GenerationMonitor(options);
for (int i = 1; i <= 20; i++)
{
    bool isSlow = i % 5 == 0;
    monitor.TrackGeneration(TimeSpan.FromSeconds(isSlow ? 30 : 1), success: !isSlow, new()
    {
        ModelName = "my-model",
        PromptTokenCount = 100,
        CompletionTokenCount = 20,
        Error = isSlow ? "timeout" : null,
    });
}

await monitor.FlushAsync();                        // everything above has reached its handlers
Console.Write(File.ReadAllText(Path.Combine(Run, "slow.txt")));
foreach (HandlerStatistics handler in monitor.GetStatistics().Handlers)
    Console.WriteLine($"{handler.Name}: {handler.Written} records handled, {handler.Failed} lost");
