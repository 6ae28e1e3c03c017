using System.Diagnostics;
using System.Globalization;
using Afterimage.Monitoring;

namespace Afterimage.Benchmarks;

/// <summary>What memory is held: <c>footprint points</c>, <c>footprint memory [RECORDS]</c> (no handler), <c>footprint files [RECORDS]</c>
/// (default handlers), <c>footprint startup</c>.</summary>
internal static class Footprint
{
    public static int Run(string[] args)
    {
        using var directory = new TemporaryDirectory();
        switch (args)
        {
            case ["points"]:
                Points(directory);
                return 0;
            case ["memory", .. string[] rest]:
                Resident(directory, Count(rest, 100_000_000), "memory", options => options.WriteFiles = false);
                return 0;
            case ["files", .. string[] rest]:
                Resident(directory, Count(rest, 20_000_000), "files", options => { });
                return 0;
            case ["startup"]:
                ColdStart(directory);
                return 0;
            default:
                Console.Error.WriteLine("footprint points | memory [RECORDS] | files [RECORDS] | startup");
                return 2;
        }
    }

    private static long Count(string[] rest, long otherwise) =>
        rest is [string count] ? long.Parse(count, CultureInfo.InvariantCulture) : otherwise;

    private static void Points(TemporaryDirectory directory)
    {
        const int Count = 2_000_000;
        using var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = directory.Path, WriteFiles = false });

        // What does not depend on the points, such as this thread's buffer, is there before.
        monitor.RecordMetric("latency", 1);
        _ = monitor.GetMetrics("latency");
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < Count; i++)
            monitor.RecordMetric("latency", Sample.Duration(i).TotalSeconds);
        monitor.FlushAsync().AsTask().GetAwaiter().GetResult();
        long count = monitor.GetMetrics("latency").Count;
        long after = GC.GetTotalMemory(forceFullCollection: true);
        Facts.Write("point.bytes", Math.Round((double)(after - before) / (count - 1), 2));
    }

    private static void Resident(TemporaryDirectory directory, long count, string name, Action<GenerationMonitorOptions> set)
    {
        var options = new GenerationMonitorOptions { LogDirectory = directory.Path };
        options.LogFiles.MaxFileSize = 256 << 20;
        options.LogFiles.MaxTotalSize = 1L << 30;
        options.LogFiles.MinRetention = TimeSpan.Zero;
        set(options);
        using var monitor = new GenerationMonitor(options);
        var time = Stopwatch.StartNew();
        for (long i = 0; i < count; i++)
            monitor.TrackGeneration(Sample.Duration((int)i), true, Sample.Details((int)i));
        monitor.FlushAsync().AsTask().GetAwaiter().GetResult();
        MonitorStatistics statistics = monitor.GetStatistics();
        if (statistics.Recorded < count || statistics.Failed + statistics.Dropped > 0 || monitor.GetTotalTokenUsage().TotalTokens == 0)
            throw new InvalidOperationException($"Something is missing: {statistics}");

        Facts.Write($"resident.{name}.records", count);
        Facts.Write($"resident.{name}.MiB", Math.Round(ProcessFigures.PeakResident / 1024.0 / 1024.0, 1));
        Facts.Write($"resident.{name}.perSecond", Math.Round(count / time.Elapsed.TotalSeconds));
    }

    /// <summary>In a process that has done nothing yet: the compiler's time included, the runtime's own start not.</summary>
    private static void ColdStart(TemporaryDirectory directory)
    {
        long start = Stopwatch.GetTimestamp();
        using (var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = directory.Path }))
            monitor.TrackGeneration(Sample.Duration(0), true, Sample.Details(0));
        Facts.Write("start.cold.ms", Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 1));
    }
}
