using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Compactions as real processes, killed with SIGKILL: at each of their steps, and at random moments.</summary>
/// <remarks>AFTERIMAGE_SEED repeats the random ones, as far as the scheduler lets it.</remarks>
public sealed class CompactionKillTests
{
    private static readonly int Seed = EnvironmentNumber.Of("AFTERIMAGE_SEED", Random.Shared.Next());

    [Fact]
    public async Task A_kill_at_any_step_leaves_every_record_once()
    {
        using var directory = new TemporaryDirectory();
        Fill(directory.Path, 0, 3);
        await CompactAsync(directory.Path);
        int files = 3;

        // Behind each step that there is, whichever comes when: one more a round, over a compacted file and new ones, until a compaction
        // ends before it would be killed.
        var killedAt = new List<string>();
        for (int steps = 1; ; steps++)
        {
            Fill(directory.Path, files, 3);
            files += 3;
            string expected = Summary(directory.Path);
            if (await KillAsync(directory.Path, steps) is not { } step)
                break;

            killedAt.Add(step);
            Assert.Equal(expected, Summary(directory.Path));
            RecordOne(directory.Path);
            files = NextNumber(directory.Path);
            expected = Summary(directory.Path);
            if (steps % 2 == 0)
            {
                await CompactAsync(directory.Path);
                Assert.Equal(expected, Summary(directory.Path));
            }
        }

        Assert.Equal(
            ["Claimed", "Cleaned", "Named", "Read", "Removed", "Synced", "Written"],
            killedAt.Distinct().Order(StringComparer.Ordinal));
        string last = Summary(directory.Path);
        await CompactAsync(directory.Path);
        Assert.Equal(last, Summary(directory.Path));
        Assert.Single(Directory.GetFiles(directory.Path, "*metrics*"));
    }

    [Fact]
    public async Task A_kill_at_any_moment_leaves_every_record_once()
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(Seed);
        for (int kill = 0; kill < 10; kill++)
        {
            Fill(directory.Path, NextNumber(directory.Path), 10);
            string expected = Summary(directory.Path);
            using (Child child = Child.Start("compact", directory.Path))
            {
                string? step = await child.ReadLineAsync();
                Task answering = AnswerAsync(child, step);
                await Task.WhenAny(answering, Task.Delay(random.Next(150), Limits.Token));
                await child.EndAsync();
                await answering;
            }

            Assert.True(expected == Summary(directory.Path), $"AFTERIMAGE_SEED={Seed}, kill {kill}");
        }

        string last = Summary(directory.Path);
        await CompactAsync(directory.Path);
        Assert.Equal(last, Summary(directory.Path));
        Assert.Single(Directory.GetFiles(directory.Path, "*metrics*"));
    }

    [Theory]
    [InlineData(1, 3, 0)] // the new file's content
    [InlineData(2, 3, 1)] // its name
    public async Task A_disk_that_does_not_take_the_new_file_keeps_its_sources(int failing, int sources, int compacted)
    {
        using var directory = new TemporaryDirectory();
        string log = Path.Combine(directory.Path, "log");
        Directory.CreateDirectory(log);
        Fill(log, 0, 3);
        string expected = Summary(log);

        using (Child child = Strace.Start(Path.Combine(directory.Path, "trace"), Strace.FailSync(failing), "compact", log))
            Assert.Matches(@"IOException: '[^']*' cannot be synced: Input/output error", await child.FailAsync());

        Assert.Equal(
            (sources, compacted),
            (Directory.GetFiles(log, "metrics*.jsonl").Length, Directory.GetFiles(log, "metrics*.parquet").Length));
        Assert.Equal(expected, Summary(log));
        await CompactAsync(log);
        Assert.Equal(expected, Summary(log));
        Assert.Single(Directory.GetFiles(log, "*metrics*"));
    }

    private static async Task AnswerAsync(Child child, string? step)
    {
        try
        {
            while (step is not null)
                step = await child.AskAsync("on");
        }
        catch (Exception e) when (e is IOException or Xunit.Sdk.XunitException)
        {
            // Its end, by itself or killed.
        }
    }

    /// <summary>Lets a compaction take a number of steps and kills it there.</summary>
    /// <returns>The step, or null if it ended before.</returns>
    private static async Task<string?> KillAsync(string directory, int steps)
    {
        using Child child = Child.Start("compact", directory);
        string? step = await child.ReadLineAsync();
        for (int i = 1; i < steps && step is not null; i++)
        {
            await child.WriteLineAsync("on");
            step = await child.ReadLineAsync();
        }

        if (step is not null)
            await child.KillAsync();
        return step;
    }

    private static Task<CompactionResult> CompactAsync(string directory) =>
        LogDirectory.Open(directory).CompactAsync(progress: null, Limits.Token);

    private static void Fill(string directory, int first, int count)
    {
        for (int file = first; file < first + count; file++)
        {
            string name = file == 0 ? "metrics.jsonl" : string.Create(CultureInfo.InvariantCulture, $"metrics-{file:000000}.jsonl");
            File.WriteAllText(
                Path.Combine(directory, name),
                string.Concat(
                    Enumerable
                        .Range(0, 50)
                        .Select(i =>
                            $$"""{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":{{(file * 50) + i}}.5"""
                            + ""","success":true}"""
                            + "\n")) + "{\"torn\":");
        }
    }

    private static void RecordOne(string directory)
    {
        using var monitor = new GenerationMonitor(MonitorUse.In(directory));
        monitor.RecordMetric("m", 1);
    }

    private static int NextNumber(string directory) =>
        Directory
            .GetFiles(directory, "metrics*")
            .Select(path =>
                Path.GetFileNameWithoutExtension(path).Split('-') is [_, .., string number]
                    ? int.Parse(number, CultureInfo.InvariantCulture)
                    : 0)
            .DefaultIfEmpty(-1)
            .Max() + 1;

    /// <summary>What a reader sees, and what a budget goes on from.</summary>
    private static string Summary(string directory)
    {
        using var elsewhere = new TemporaryDirectory();
        GenerationMonitorOptions options = MonitorUse.In(elsewhere.Path).UseCompactedFiles();
        options.Budgets.Add(new Budget { Name = "calls", Unit = BudgetUnit.Generations, Limit = 1e9m, ResumeFrom = directory });
        using var monitor = new GenerationMonitor(options);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            LogDirectory.Open(directory).Summarize(Limits.Token).WriteProperties(writer);
            writer.WriteEndObject();
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{monitor.GetBudgets()[0].Spent} spent, {System.Text.Encoding.UTF8.GetString(stream.ToArray())}");
    }
}
