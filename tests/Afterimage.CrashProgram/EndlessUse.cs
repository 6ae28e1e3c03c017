using System.Globalization;
using Afterimage.Monitoring;

namespace Afterimage.CrashProgram;

/// <summary>Does with a log directory all that others do with it, in any order, until it is killed.</summary>
/// <remarks>Behind each it says on standard output what it was. What goes wrong ends the process.</remarks>
internal static class EndlessUse
{
    /// <param name="directory">The directory.</param>
    /// <param name="work">Where its output goes; <c>python.jsonl</c> in it is what is imported, to <c>imported</c>.</param>
    /// <param name="seed">Of the order.</param>
    public static async Task RunAsync(string directory, string work, int seed)
    {
        (string Name, Func<Task> Run)[] uses =
        [
            ("compact", () => CompactAsync(directory)),
            ("summary", () => Task.FromResult(LogDirectory.Open(directory).Summarize())),
            ("report", () => LogDirectory.Open(directory).WriteReportAsync(Path.Combine(work, "report.html"))),
            ("export", () => LogDirectory.Open(directory).ExportMetricsAsync(
                Path.Combine(work, "records.json"),
                ExportFormat.Json,
                new ExportOptions { Shape = ExportShape.Records })),
            ("resume", () => ResumeAsync(directory)),
            ("import", () => ImportAsync(work)),
        ];
        var random = new Random(seed);
        while (true)
        {
            (string name, Func<Task> run) = uses[random.Next(uses.Length)];
            await run();
            Console.Out.Write(name + "\n");
        }
    }

    private static async Task CompactAsync(string directory)
    {
        try
        {
            await LogDirectory.Open(directory).CompactAsync();
        }
        catch (IOException e) when (e.Message.Contains("Another process is compacting", StringComparison.Ordinal))
        {
            // As it should be.
        }
    }

    private static async Task ResumeAsync(string directory)
    {
        GenerationMonitorOptions options = Settings.Parse("-", [string.Create(CultureInfo.InvariantCulture, $"BudgetFrom={directory}")]);
        options.WriteFiles = false;
        await using var monitor = new GenerationMonitor(options.UseCompactedFiles());
        _ = monitor.GetBudgets();
    }

    private static async Task ImportAsync(string work)
    {
        string target = Path.Combine(work, "imported");
        if (Directory.Exists(target))
            Directory.Delete(target, recursive: true);
        await LogDirectory.ImportMetricsAsync(Path.Combine(work, "python.jsonl"), target);
    }
}
