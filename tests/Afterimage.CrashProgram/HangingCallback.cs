using Afterimage.Monitoring;

namespace Afterimage.CrashProgram;

/// <summary>A token usage callback that never returns, on the shortest of intervals, and a disposal that gives it no time.</summary>
internal static class HangingCallback
{
    public static void Run(string directory)
    {
        using var called = new ManualResetEventSlim();
        var monitor = new GenerationMonitor(new GenerationMonitorOptions
        {
            LogDirectory = directory,
            TokenUsageCallbackInterval = TimeSpan.FromMilliseconds(1),
            TokenUsageCallback = _ =>
            {
                called.Set();
                Thread.Sleep(Timeout.Infinite);
            },
            HandlerTimeLimit = Settings.Generous,
            ShutdownTimeout = TimeSpan.FromMilliseconds(1),
        });
        called.Wait();
        monitor.Dispose();

        // What a timer's thread throws it throws behind the disposal: it is given the chance.
        Thread.Sleep(500);
    }
}
