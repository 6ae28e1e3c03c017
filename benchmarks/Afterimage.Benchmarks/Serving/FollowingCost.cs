using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring;

namespace Afterimage.Benchmarks.Serving;

/// <summary>What it costs the server to follow runs that are being written, without pages and with some open.</summary>
/// <remarks>Whoever writes and whoever asks is in other processes than the server, on the same two cores.</remarks>
internal static class FollowingCost
{
    private const int Runs = 20;
    private const int Samples = 20;
    private const string SampledRun = "sampled";
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(100);

    public static async Task RunAsync(string name, int pages, int recordsAMinute, int seconds, CancellationToken cancellationToken)
    {
        using var directory = new TemporaryDirectory();
        string root = directory.File("runs");
        using AfterimageServer server = await AfterimageServer.StartAsync(directory, root, cancellationToken);
        using ChildProcess writers = await ChildProcess.StartAsync(
            cancellationToken,
            "write",
            root,
            Runs.ToString(CultureInfo.InvariantCulture),
            recordsAMinute.ToString(CultureInfo.InvariantCulture),
            seconds.ToString(CultureInfo.InvariantCulture));
        using var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = Path.Combine(root, SampledRun) });
        Dictionary<string, string> runs = await ListAsync(server, cancellationToken);
        var delay = new RecordDelay(server.Client, runs[SampledRun], monitor);
        string[] live = [.. runs.Where(run => run.Key != SampledRun).Select(run => run.Value)];
        OpenPage[] open = [.. Enumerable.Range(0, pages).Select(page => new OpenPage(server.Client, live[page % live.Length]))];

        // The compiler's work on the first requests is no part of what pages cost in the long run.
        await delay.SampleAsync(3, TimeSpan.Zero, cancellationToken);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task following = Task.WhenAll(open.Select(page => page.FollowAsync(closing.Token)));

        TimeSpan used = server.ProcessorTime;
        long start = Stopwatch.GetTimestamp();
        writers.Begin();
        double[] delays = await delay.SampleAsync(Samples, TimeSpan.FromSeconds((double)seconds / Samples), cancellationToken);
        double[] written = await writers.EndAsync(cancellationToken);
        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        used = server.ProcessorTime - used;
        await closing.CancelAsync();
        await following;

        string key = $"serving.{name}";
        Facts.Write($"{key}.pages", pages);
        Facts.Write($"{key}.runs", Runs);
        Facts.Write($"{key}.recordsAMinute", Math.Round(written[0] * 60 / written[1]));
        Facts.Write($"{key}.cores", Math.Round(used.TotalSeconds / elapsed, 3));
        Facts.Write($"{key}.MiB", server.PeakMiB);
        Facts.Write($"{key}.delay.median", Math.Round(delays.Order().ElementAt(Samples / 2), 3));
        Facts.Write($"{key}.delay.longest", Math.Round(delays.Max(), 3));
        if (pages == 0)
            return;
        Facts.Write($"{key}.eventsASecond", Math.Round(open.Sum(page => page.Events) / elapsed, 1));
        Facts.Write($"{key}.documentsASecond", Math.Round(open.Sum(page => page.Documents) / elapsed, 1));
        Facts.Write($"{key}.unchangedASecond", Math.Round(open.Sum(page => page.Unchanged) / elapsed, 1));
    }

    /// <summary>Ids of the runs by their names, once the server has found and read all.</summary>
    private static async Task<Dictionary<string, string>> ListAsync(AfterimageServer server, CancellationToken cancellationToken)
    {
        while (true)
        {
            byte[] answer = await server.Client.GetByteArrayAsync("api/v1/runs?state=live", cancellationToken);
            using JsonDocument list = JsonDocument.Parse(answer);
            JsonElement[] runs = [.. list.RootElement.GetProperty("runs").EnumerateArray()];
            if (runs.Length == Runs + 1 && runs.All(run => run.GetProperty("is_read").GetBoolean()))
                return runs.ToDictionary(run => run.GetProperty("name").GetString()!, run => run.GetProperty("id").GetString()!);
            await Task.Delay(AskAgain, cancellationToken);
        }
    }
}
