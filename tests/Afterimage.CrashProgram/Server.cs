using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring;

namespace Afterimage.CrashProgram;

/// <summary>Does what standard input asks for, a line each, and answers each with a line.</summary>
internal static class Server
{
    public static async Task<int> RunAsync(GenerationMonitorOptions options)
    {
        var monitor = new GenerationMonitor(options);
        Console.Out.Write(monitor.LogDirectory! + "\n");
        while (await Console.In.ReadLineAsync() is { } request)
            Console.Out.Write(await AnswerAsync(monitor, request.Split(' ')) + "\n");
        return 0;
    }

    private static async Task<string> AnswerAsync(GenerationMonitor monitor, string[] request)
    {
        switch (request)
        {
            case ["record", string model, string count]:
                for (int i = 1; i <= int.Parse(count, CultureInfo.InvariantCulture); i++)
                    monitor.TrackGeneration(
                        TimeSpan.FromMilliseconds(i % 1000),
                        success: true,
                        new GenerationDetails { ModelName = model, PromptTokenCount = i });
                return "recorded";
            case ["occupy", string workers]:
                // Each waits for the others, so that the thread pool has that many.
                using (var all = new Barrier(int.Parse(workers, CultureInfo.InvariantCulture)))
                    await Task.WhenAll(Enumerable.Range(0, all.ParticipantCount).Select(_ => Task.Run(() => all.SignalAndWait())));
                return "occupied";
            case ["flush"]:
                try
                {
                    await monitor.FlushAsync();
                    return "flushed";
                }
                catch (IOException e)
                {
                    return $"failed {e.Message}";
                }

            case ["statistics"]:
                return JsonSerializer.Serialize(monitor.GetStatistics());
            case ["budgets"]:
                return string.Join(' ', monitor.GetBudgets().Select(b => b.Spent.ToString(CultureInfo.InvariantCulture)));
            case ["dispose"]:
                await monitor.DisposeAsync();
                return "disposed";
            default:
                throw new ArgumentException($"Unknown request: {string.Join(' ', request)}");
        }
    }
}
