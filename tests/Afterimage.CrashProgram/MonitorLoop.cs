using System.Diagnostics;
using System.Globalization;
using Afterimage.Monitoring;

namespace Afterimage.CrashProgram;

/// <summary>Makes, uses and disposes monitors one after the other, and says what the process holds before and after.</summary>
internal static class MonitorLoop
{
    public static int Run(string directory, int times)
    {
        // What .NET makes once, and threads of its pool, are not the monitors'.
        for (int i = 0; i < 200; i++)
            UseMonitor(directory);
        Report();
        for (int i = 0; i < times; i++)
            UseMonitor(directory);
        Report();
        return 0;
    }

    private static void UseMonitor(string directory)
    {
        var options = new GenerationMonitorOptions
        {
            LogDirectory = directory,
            TokenUsageCallback = static _ => { },
            ShutdownTimeout = Settings.Generous,
        };
        using var monitor = new GenerationMonitor(options);
        monitor.TrackGeneration(TimeSpan.FromSeconds(1), success: true, new GenerationDetails { ModelName = "m", PromptTokenCount = 1 });
        monitor.LogInfo("used");
    }

    private static void Report()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        using var process = Process.GetCurrentProcess();

        // The operating system may be still at the end of a thread that .NET has ended.
        int threads = int.MaxValue;
        while (process.Threads.Count < threads)
        {
            threads = process.Threads.Count;
            Thread.Sleep(200);
            process.Refresh();
        }

        int handles = Directory.Exists("/proc/self/fd") ? Directory.GetFiles("/proc/self/fd").Length : process.HandleCount;
        Console.Out.Write(
            string.Create(CultureInfo.InvariantCulture, $"{threads} {handles} {GC.GetTotalMemory(forceFullCollection: true)}\n"));
    }
}
