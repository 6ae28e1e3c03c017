using System.Globalization;
using Afterimage.Monitoring;

namespace Afterimage.CrashProgram;

/// <summary>Records until it is killed, and says on standard output what nobody may lose any more.</summary>
/// <remarks>
/// Each thread's records are numbered from 1: model <c>run-R-thread-T</c>, the number as prompt tokens; the first thread also logs <c>run-R
/// N</c>. A line <c>flushed L N N … ;</c> says how many log entries, and records of each thread, were made before a FlushAsync that has
/// completed; <c>recorded …</c> the same of those only made, behind a write to the same disk: where that stands still, the reports do too.
/// The semicolon shows the parent that the line is whole.
/// </remarks>
internal static class EndlessRun
{
    private const int Threads = 3;

    public static async Task<int> RecordAsync(GenerationMonitorOptions options, int run, int seed, bool flushes, int burst)
    {
        var random = new Random(seed);
        using var monitor = new GenerationMonitor(options);

        // One more than threads: the log entries come first.
        long[] made = new long[Threads + 1];
        for (int i = 0; i < Threads; i++)
        {
            int thread = i;
            int threadSeed = random.Next();
            new Thread(() => Record(monitor, run, thread, new Random(threadSeed), made, burst))
            {
                IsBackground = true,
            }.Start();
        }

        while (true)
        {
            long[] before = [.. made.Select((_, i) => Volatile.Read(ref made[i]))];
            if (flushes)
                await monitor.FlushAsync();
            else
                await File.AppendAllTextAsync(Path.Combine(monitor.LogDirectory!, "witness"), ".");
            Console.Out.Write(
                $"{(flushes ? "flushed" : "recorded")} {string.Join(' ', before.Select(n => n.ToString(CultureInfo.InvariantCulture)))} ;\n"
            );
            await Task.Delay(flushes ? random.Next(12) : 10);
        }
    }

    private static void Record(GenerationMonitor monitor, int run, int thread, Random random, long[] made, int burst)
    {
        string model = $"run-{run}-thread-{thread}";
        for (long number = 1; ; number++)
        {
            monitor.TrackGeneration(
                TimeSpan.FromMilliseconds(number % 1000),
                success: true,
                new GenerationDetails { ModelName = model, PromptTokenCount = number });
            Volatile.Write(ref made[thread + 1], number);
            if (thread == 0 && number % 10 == 0)
            {
                monitor.LogInfo($"run-{run} {number / 10}");
                Volatile.Write(ref made[0], number / 10);
            }

            // In bursts, so that a kill finds batches of every size on their way. Where nothing is flushed in small ones, so that a busy
            // machine keeps up.
            if (random.Next(burst) == 0)
                Thread.Sleep(1);
        }
    }
}
