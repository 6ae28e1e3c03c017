using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>Real processes, killed with SIGKILL at random moments and started again on the same directory.</summary>
/// <remarks>AFTERIMAGE_KILLS says how often (50), AFTERIMAGE_SEED repeats a failure as far as the scheduler lets it.</remarks>
public sealed class CrashTests
{
    private const int KillsPerDirectory = 10;
    private const int Lanes = 2;

    private static readonly int Kills = EnvironmentNumber.Of("AFTERIMAGE_KILLS", 50);
    private static readonly int Seed = EnvironmentNumber.Of("AFTERIMAGE_SEED", Random.Shared.Next());

    [Fact]
    public async Task Acknowledged_and_earlier_records_survive_a_kill_exactly_once()
    {
        var found = new ConcurrentBag<Findings>();
        var directories = new ConcurrentQueue<int>(Enumerable.Range(0, (Kills + KillsPerDirectory - 1) / KillsPerDirectory));
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(async () =>
        {
            while (directories.TryDequeue(out int number))
            {
                int kills = Math.Min(KillsPerDirectory, Kills - (number * KillsPerDirectory));
                found.Add(await KillInOneDirectoryAsync(kills, Seed + number, writersAtOnce: number % 3 == 2 ? 2 : 1));
            }
        })));

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"seed {Seed}: {found.Sum(f => f.Kills)} kills, {found.Sum(f => f.Acknowledged)} records acknowledged, "
            + $"{found.Sum(f => f.Records)} found, {found.Sum(f => f.TornLines)} torn lines, {found.Sum(f => f.Files)} files");
        Assert.Equal(Kills, found.Sum(f => f.Kills));
    }

    [Fact]
    public async Task What_is_older_than_a_second_survives_the_kill_without_a_flush()
    {
        // Side by side: each has to grow old enough first.
        await Task.WhenAll(
            Enumerable
                .Range(0, Math.Clamp(Kills / 12, 2, 16))
                .Chunk(4)
                .Select(
                    (group, i) =>
                        Task.Run(async () =>
                        {
                            var random = new Random(Seed + i);
                            foreach (int run in group)
                            {
                                for (
                                    int attempts = 1;
                                    !await KillUnflushedAsync(run, random, TimeSpan.FromMilliseconds(random.Next(1800, 2600) * attempts));

                                )
                                    attempts++;
                            }
                        })));
    }

    private static async Task<Findings> KillInOneDirectoryAsync(int kills, int seed, int writersAtOnce)
    {
        using var directory = new TemporaryDirectory();
        var random = new Random(seed);
        string[] settings =
        [
            $"MaxFileSize={random.Next(4096, 65_536)}",
            $"Durability={(random.Next(4) == 0 ? Durability.Synced : Durability.Buffered)}",
        ];
        var before = new FileContent();
        long acknowledged = 0;
        long halfLines = 0;
        for (int run = 0; run < kills; run += writersAtOnce)
        {
            int firstRun = run;
            Run[] runs = await Task.WhenAll(
                Enumerable
                    .Range(run, Math.Min(writersAtOnce, kills - run))
                    .Select(number =>
                        RecordAndKillAsync(
                            directory.Path,
                            number,
                            random.Next(),
                            delay: TimeSpan.FromMilliseconds(random.Next(5, 151)),
                            settings)));
            FileContent content = FileContent.Read(directory.Path);
            try
            {
                foreach (Run killed in runs)
                    killed.CheckAcknowledged(content);
                content.CheckEarlierRuns(before, firstRun);
                content.CheckLines();

                // Replaced whole, so that no kill leaves half of it.
                foreach (string runFile in LogFiles.Of(directory.Path, "run.json"))
                    JsonElement.Parse(File.ReadAllText(runFile));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(
                    $"AFTERIMAGE_SEED={Seed}, directory seed {seed}, runs from {firstRun}, {string.Join(' ', settings)}: {e.Message}",
                    e);
            }

            acknowledged += runs.Sum(r => r.Acknowledged.Sum());
            before = content;
            if (random.Next(2) == 0 && LeaveHalfALine(directory.Path, random))
                halfLines++;
        }

        before = FileContent.Read(directory.Path);
        Assert.True(before.TornRecords >= halfLines);
        RunSummary summary = LogDirectory.Open(directory.Path).Summarize(Limits.Token);
        Assert.Equal(before.Records, summary.Generations);
        Assert.Equal(before.TornRecords, summary.SkippedLines);
        return new Findings(kills, acknowledged, before.Records, before.TornRecords, before.Files);
    }

    // What a kill in the middle of a write leaves. The kernel rarely lets one happen: a write is short.
    private static bool LeaveHalfALine(string directory, Random random)
    {
        const string Line =
            """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.25,"success":true,"model_name":"torn"}""";
        if (LogFiles.Metrics(directory) is not [.., string last])
            return false;
        using var stream = new FileStream(last, FileMode.Open, FileAccess.ReadWrite);
        if (stream.Length == 0)
            return false;
        stream.Seek(-1, SeekOrigin.End);
        if (stream.ReadByte() != '\n')
            return false;

        stream.Write(Encoding.UTF8.GetBytes(Line[..random.Next(1, Line.Length)]));
        return true;
    }

    private static async Task<Run> RecordAndKillAsync(string directory, int number, int seed, TimeSpan delay, string[] settings)
    {
        using Child child = Child.Start(["record", directory, Text(number), Text(seed), "true", .. settings]);
        string? first = await child.ReadLineAsync();
        await Task.Delay(delay, Limits.Token);
        await child.KillAsync();

        var run = new Run(number, Numbers(first) ?? []);
        while (await child.ReadLineAsync() is { } line)
            run = run with { Acknowledged = Numbers(line) ?? run.Acknowledged };
        return run;
    }

    /// <returns>Whether anything was old enough when it was killed.</returns>
    private static async Task<bool> KillUnflushedAsync(int number, Random random, TimeSpan age)
    {
        using var directory = new TemporaryDirectory();
        using Child child = Child.Start("record", directory.Path, Text(number), Text(random.Next()), "false", "MaxFileSize=1000000");
        var recorded = new ConcurrentQueue<(long At, long[] Numbers)>();
        Task reading = Task.Run(async () =>
        {
            while (await child.ReadLineAsync() is { } line)
            {
                if (Numbers(line) is { } numbers)
                    recorded.Enqueue((Stopwatch.GetTimestamp(), numbers));
            }
        });

        // The age of the records is what this is about.
        await Limits.Until(() => recorded.Any(r => r.Numbers.All(n => n > 0)), "every thread has recorded");
        await Task.Delay(age, Limits.Token);
        long killedAt = Stopwatch.GetTimestamp();
        await child.KillAsync();
        await reading;

        // While the machine or its disk stood still nothing could be written, and nothing reported.
        long[] times = [.. recorded.Select(r => r.At).TakeWhile(at => at < killedAt), killedAt];
        TimeSpan stoodStill = times.Zip(times.Skip(1), Stopwatch.GetElapsedTime).Max();
        long[]? old = recorded
            .LastOrDefault(r => Stopwatch.GetElapsedTime(r.At, killedAt) > TimeSpan.FromSeconds(1.5) + (2 * stoodStill))
            .Numbers;
        if (old is null || old.Contains(0))
            return false;

        new Run(number, old).CheckAcknowledged(FileContent.Read(directory.Path));
        return true;
    }

    // Null for a line that the kill cut off.
    private static long[]? Numbers(string? line) =>
        line?.Split(' ') is [_, .. string[] numbers, ";"] ? [.. numbers.Select(n => long.Parse(n, CultureInfo.InvariantCulture))] : null;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Findings(int Kills, long Acknowledged, long Records, long TornLines, int Files);

    /// <summary>A process that was killed, and what it had been promised: log entries, then each thread's records.</summary>
    private sealed record Run(int Number, long[] Acknowledged)
    {
        public void CheckAcknowledged(FileContent content)
        {
            for (int i = 0; i < Acknowledged.Length; i++)
            {
                string source = i == 0 ? $"run-{Number}" : $"run-{Number}-thread-{i - 1}";
                long last = content.LastNumber.GetValueOrDefault(source);
                Assert.True(last >= Acknowledged[i], $"{source}: {Acknowledged[i]} acknowledged, {last} found.");
            }
        }
    }

    /// <summary>All that the files of a directory hold.</summary>
    private sealed class FileContent
    {
        private readonly List<string> _faults = [];

        public Dictionary<string, long> LastNumber { get; } = [];

        public int Files { get; private set; }

        public long Records { get; private set; }

        public long TornRecords { get; private set; }

        public static FileContent Read(string directory)
        {
            var content = new FileContent();
            string[] metrics = LogFiles.Metrics(directory);
            foreach (string file in metrics)
                content.ReadFile(
                    file,
                    record => (record.GetProperty("model_name").GetString()!, record.GetProperty("prompt_token_count").GetInt64()),
                    isMetrics: true);
            foreach (string file in LogFiles.Of(directory, "afterimage.log"))
            {
                content.ReadFile(
                    file,
                    entry =>
                    {
                        string[] words = entry.GetProperty("message").GetString()!.Split(' ');
                        return (words[0], long.Parse(words[1], CultureInfo.InvariantCulture));
                    },
                    isMetrics: false);
            }

            content.Files = metrics.Length;
            return content;
        }

        public void CheckLines() => Assert.True(_faults.Count == 0, string.Join('\n', _faults.Take(10)));

        public void CheckEarlierRuns(FileContent before, int firstRun)
        {
            foreach ((string source, long number) in before.LastNumber)
            {
                Assert.True(RunOf(source) < firstRun);
                Assert.Equal((source, number), (source, LastNumber.GetValueOrDefault(source)));
            }
        }

        private static int RunOf(string source) => int.Parse(source.Split('-')[1], CultureInfo.InvariantCulture);

        private void ReadFile(string path, Func<JsonElement, (string Source, long Number)> identify, bool isMetrics)
        {
            var finishedRuns = new HashSet<int>();
            int? currentRun = null;
            bool wasTorn = false;
            string name = Path.GetFileName(path);
            foreach (string line in LogFiles.Lines(path))
            {
                if (LogFiles.Parse(line) is not { } record)
                {
                    wasTorn = true;
                    if (isMetrics)
                        TornRecords++;
                    continue;
                }

                (string source, long number) = identify(record);
                int run = RunOf(source);
                if (run != currentRun)
                {
                    // A run that comes back behind another wrote while the other did.
                    if (!finishedRuns.Add(run))
                        _faults.Add($"{name}: two writers, run {run} comes back.");
                    currentRun = run;
                }
                else if (wasTorn)
                {
                    _faults.Add($"{name}: run {run} goes on behind a torn line.");
                }

                wasTorn = false;

                // A thread's records are written in its order: without gap, without repetition.
                long last = LastNumber.GetValueOrDefault(source);
                if (number != last + 1)
                    _faults.Add($"{name}: {source} has {number} behind {last}.");
                LastNumber[source] = number;
                if (isMetrics)
                    Records++;
            }
        }
    }
}
