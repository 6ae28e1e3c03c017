using System.Diagnostics;
using System.Globalization;
using Afterimage.Monitoring;

namespace Afterimage.Benchmarks.Serving;

/// <summary>Runs that are being written: the program behind <c>serving write</c>, in a process of its own. Each run has a monitor and a
/// thread.</summary>
internal static class LiveRuns
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    public static async Task RunAsync(
        string root,
        string runs,
        string recordsAMinute,
        string seconds,
        CancellationToken cancellationToken)
    {
        int count = int.Parse(runs, CultureInfo.InvariantCulture);
        double rate = double.Parse(recordsAMinute, CultureInfo.InvariantCulture) / 60 / count;
        var length = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
        GenerationMonitor[] monitors =
        [
            .. Enumerable.Range(0, count).Select(run => new GenerationMonitor(new GenerationMonitorOptions
            {
                LogDirectory = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"live-{run:00}")),
            })),
        ];
        try
        {
            await ChildProcess.WaitForStartAsync(cancellationToken);
            long[] written = new long[count];
            long start = Stopwatch.GetTimestamp();
            Thread[] threads =
            [
                .. Enumerable.Range(0, count).Select(run => new Thread(() =>
                    written[run] = Write(monitors[run], rate, length, cancellationToken))),
            ];
            foreach (Thread thread in threads)
                thread.Start();
            foreach (Thread thread in threads)
                thread.Join();
            ChildProcess.Report(written.Sum(), Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        finally
        {
            foreach (GenerationMonitor monitor in monitors)
                await monitor.DisposeAsync();
        }
    }

    private static long Write(GenerationMonitor monitor, double rate, TimeSpan length, CancellationToken cancellationToken)
    {
        var time = Stopwatch.StartNew();
        long count = 0;
        while (time.Elapsed < length && !cancellationToken.IsCancellationRequested)
        {
            for (long due = (long)(time.Elapsed.TotalSeconds * rate); count < due; count++)
                monitor.TrackGeneration(Sample.Duration((int)count), true, Sample.Details((int)count));
            Thread.Sleep(Tick);
        }

        return count;
    }
}
