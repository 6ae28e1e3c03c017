namespace Afterimage.Monitoring.ClickHouse.Tests.Support;

/// <summary>Runs that monitors record.</summary>
internal static class Recorded
{
    private static readonly TimeSpan Generous = TimeSpan.FromMinutes(3);

    /// <summary>A monitor on a directory.</summary>
    public static GenerationMonitor Monitor(string directory, Action<GenerationMonitorOptions>? configure = null)
    {
        var options = new GenerationMonitorOptions
        {
            LogDirectory = directory,
            HandlerTimeLimit = Generous,
            ShutdownTimeout = Generous,
        };
        configure?.Invoke(options);
        return new GenerationMonitor(options);
    }

    /// <summary>A run that is over.</summary>
    public static void Run(string directory, int generations, Action<GenerationMonitorOptions>? configure = null)
    {
        using GenerationMonitor monitor = Monitor(directory, configure);
        const int Batch = 20;
        for (int i = 0; i < generations; i += Batch)
        {
            // A batch is not cut by files.
            Generations(monitor, Math.Min(Batch, generations - i), i);
            monitor.FlushAsync(TestContext.Current.CancellationToken).AsTask().GetAwaiter().GetResult();
        }

        monitor.LogInfo("recorded");
    }

    /// <summary>Generations of all kinds, with evaluations and points between.</summary>
    public static void Generations(GenerationMonitor monitor, int count, int seed = 0)
    {
        var random = new Random(seed);
        for (int i = 0; i < count; i++)
        {
            bool success = i % 10 != 3;
            monitor.TrackGeneration(
                TimeSpan.FromTicks(random.NextInt64(1, 50_000_000)),
                success,
                new GenerationDetails
                {
                    ModelName = i % 3 == 0 ? "gpt-4o" : "claude \"sonnet\" é",
                    PromptTokenCount = random.Next(5000),
                    CompletionTokenCount = i % 7 == 0 ? null : random.Next(1000),
                    FinishReason = success ? "stop" : null,
                    Error = success ? null : "timed out\n'here' \\ there",
                    TimeToFirstToken = i % 2 == 0 ? TimeSpan.FromTicks(random.NextInt64(1, 10_000_000)) : null,
                    Tags = i % 4 == 0
                        ? [new("tenant", $"t{i % 5}"), new("attempt", i % 3), new("nothing", null)]
                        : null,
                });
            if (i % 20 == 0)
                monitor.RecordMetric("queue_depth", random.NextDouble() * 100);
            if (i % 25 == 0)
                monitor.TrackEvaluation(
                    TimeSpan.FromMilliseconds(20),
                    success: true,
                    "judge",
                    new Dictionary<string, EvaluationScore> { ["overlap"] = new(random.NextDouble()), ["broken"] = new(double.NaN) });
        }
    }
}
