using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring;

namespace Afterimage.Benchmarks.Serving;

/// <summary>From the start of a server's process to its first page; with runs below the root, also until all of them are
/// listed.</summary>
internal static class StartCost
{
    private const int Repeats = 5;
    private const int GenerationsInRun = 200;
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(int runs, CancellationToken cancellationToken)
    {
        using (var full = new TemporaryDirectory())
        {
            string root = full.File("runs");
            for (int run = 0; run < runs; run++)
                MakeRun(Path.Combine(root, run.ToString("0000", CultureInfo.InvariantCulture)));
            List<double> listed = [];
            await MeasureAsync("afterimage.full", () => AfterimageServer.StartAsync(full, root, cancellationToken), async server =>
            {
                long start = Stopwatch.GetTimestamp();
                while (!await ListsAllAsync(server, runs, cancellationToken))
                    await Task.Delay(AskAgain, cancellationToken);
                listed.Add((server.StartTime + Stopwatch.GetElapsedTime(start)).TotalMilliseconds);
            });
            Facts.Write("serving.start.runs", runs);
            Facts.Write("serving.start.afterimage.listed.ms", Median(listed));
        }

        using var empty = new TemporaryDirectory();
        await MeasureAsync(
            "afterimage.empty",
            () => AfterimageServer.StartAsync(empty, empty.File("runs"), cancellationToken),
            _ => Task.CompletedTask);
        await MeasureAsync("aspire", () => AspireServer.StartAsync(empty, cancellationToken), _ => Task.CompletedTask);
    }

    private static async Task MeasureAsync<T>(string name, Func<Task<T>> startAsync, Func<T, Task> goOnAsync)
        where T : ServerProcess
    {
        List<double> milliseconds = [];
        double peak = 0;
        for (int i = 0; i < Repeats; i++)
        {
            using T server = await startAsync();
            milliseconds.Add(server.StartTime.TotalMilliseconds);
            await goOnAsync(server);
            peak = Math.Max(peak, server.PeakMiB);
        }

        Facts.Write($"serving.start.{name}.ms", Median(milliseconds));
        Facts.Write($"serving.start.{name}.MiB", peak);
    }

    private static void MakeRun(string directory)
    {
        using var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = directory });
        for (int i = 0; i < GenerationsInRun; i++)
            monitor.TrackGeneration(Sample.Duration(i), true, Sample.Details(i));
    }

    private static async Task<bool> ListsAllAsync(AfterimageServer server, int runs, CancellationToken cancellationToken)
    {
        using JsonDocument list = JsonDocument.Parse(await server.Client.GetByteArrayAsync("api/v1/runs?limit=1", cancellationToken));
        return list.RootElement.GetProperty("is_ready").GetBoolean() && list.RootElement.GetProperty("all").GetInt32() == runs;
    }

    private static double Median(List<double> values) => Math.Round(values.Order().ElementAt(values.Count / 2), 1);
}
