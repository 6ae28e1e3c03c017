using System.Data.Common;
using System.Globalization;
using Afterimage.Monitoring.DurabilityTests.Support;

namespace Afterimage.Monitoring.DurabilityTests;

/// <summary>
/// One directory with a crowd of processes: two that record, two that compact, export, report, sum up, resume budgets and import. One after
/// the other is killed, or stopped for a while, and started again.
/// </summary>
/// <remarks>AFTERIMAGE_CROWD_KILLS says how often one is killed (20), AFTERIMAGE_SEED repeats a failure as far as the scheduler lets
/// it.</remarks>
public sealed class CrowdTests : IDisposable
{
    private const int Points = 5_000;

    private static readonly int Kills = EnvironmentNumber.Of("AFTERIMAGE_CROWD_KILLS", 20);
    private static readonly int Seed = EnvironmentNumber.Of("AFTERIMAGE_SEED", Random.Shared.Next());

    private readonly TemporaryDirectory _directory = new();
    private readonly Random _random = new(Seed);
    private readonly List<Recorder> _ended = [];
    private int _started;

    private string Log => _directory.File("log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_crowd_of_processes_that_are_killed_and_stopped_loses_and_doubles_nothing()
    {
        Need.Linux();
        await RunAsync(Kills);
        AssertNoFault();
        await LogDirectory.Open(Log).CompactAsync(progress: null, Limits.Token);

        AssertNoFault();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"seed {Seed}: {_started} processes, {_ended.Sum(recorder => recorder.Flushed.Sum())} records acknowledged");

        void AssertNoFault() => Assert.True(Faults() is [], $"AFTERIMAGE_SEED={Seed}: {string.Join('\n', Faults())}");
    }

    [Fact]
    public async Task A_record_that_is_taken_away_or_doubled_is_found()
    {
        Need.Linux();
        await RunAsync(kills: 2);
        Assert.Empty(Faults());
        string file = LogFiles.Metrics(Log).First(path => File.ReadLines(path).Count() > 2);
        string[] lines = File.ReadAllLines(file);

        File.WriteAllLines(file, [lines[0], .. lines[2..]]);
        Assert.Single(Faults());

        File.WriteAllLines(file, [.. lines, lines[1]]);
        Assert.Single(Faults());
    }

    /// <summary>Ends when so many were killed and all others too.</summary>
    private async Task RunAsync(int kills)
    {
        Directory.CreateDirectory(Log);
        Member[] crowd = [StartRecorder(), StartRecorder(), StartUser(), StartUser()];
        try
        {
            await Task.WhenAll(crowd.Select(member => member.Begun));
            for (int killed = 0; killed < kills;)
            {
                int victim = _random.Next(crowd.Length);
                int other = (victim + 1 + _random.Next(crowd.Length - 1)) % crowd.Length;
                bool isStopped = _random.Next(2) == 0;

                // One that stands still in the middle of anything, while another dies.
                if (isStopped)
                    crowd[other].Child.Stop();
                await Task.Delay(_random.Next(5, 250), Limits.Token);
                await crowd[victim].Child.KillAsync();
                killed++;
                await EndAsync(crowd[victim]);
                crowd[victim].Child.Dispose();
                crowd[victim] = victim < 2 ? StartRecorder() : StartUser();
                if (isStopped)
                    crowd[other].Child.Continue();
                await crowd[victim].Begun;
            }

            foreach (Member member in crowd)
            {
                await member.Child.KillAsync();
                await EndAsync(member);
            }
        }
        finally
        {
            foreach (Member member in crowd)
                member.Child.Dispose();
        }
    }

    private async Task EndAsync(Member member)
    {
        long[] flushed = await member.Said;
        if (member.Number is { } number)
            _ended.Add(new Recorder(number, flushed));
    }

    private Member StartRecorder()
    {
        int number = _started++;
        return new Member(number, Child.Start("record", Log, Text(number), Text(_random.Next()), "calmly", "MaxFileSize=65536"));
    }

    private Member StartUser()
    {
        string work = _directory.File($"work-{_started++}");
        Directory.CreateDirectory(work);
        File.WriteAllLines(
            Path.Combine(work, "python.jsonl"),
            Enumerable.Range(0, Points).Select(i =>
                $$"""{"metric": "m", "value": {{i}}, "timestamp": "2026-11-23T14:{{i / 60 % 60:00}}:{{i % 60:00}}+00:00"}"""));
        return new Member(null, Child.Start("use", Log, work, Text(_random.Next())));
    }

    /// <summary>Where a thread's records are not 1, 2, 3 … once each, and at least as many as were acknowledged.</summary>
    private List<string> Faults()
    {
        Dictionary<string, (long Count, long Distinct, long Last)> found = [];
        using (LogQuery query = LogDirectory.Open(Log).Query(
            "SELECT model_name, count(*), count(DISTINCT prompt_token_count), max(prompt_token_count) FROM generations GROUP BY ALL",
            Limits.Token))
        {
            DbDataReader row = query.Reader;
            while (row.Read())
                found[row.GetString(0)] = (row.GetInt64(1), row.GetInt64(2), row.GetInt64(3));
        }

        List<string> faults =
        [
            .. found
                .Where(thread => thread.Value.Count != thread.Value.Last || thread.Value.Distinct != thread.Value.Last)
                .Select(thread => $"{thread.Key} has {thread.Value}"),
        ];
        foreach (Recorder recorder in _ended)
        {
            for (int thread = 1; thread < recorder.Flushed.Length; thread++)
            {
                string name = $"run-{recorder.Number}-thread-{thread - 1}";
                if (found.GetValueOrDefault(name).Last < recorder.Flushed[thread])
                    faults.Add($"{name}: {recorder.Flushed[thread]} acknowledged, {found.GetValueOrDefault(name).Last} found");
            }
        }

        foreach (string imported in Directory.GetDirectories(_directory.Path, "imported", SearchOption.AllDirectories))
        {
            long points = LogDirectory.Open(imported).Summarize(Limits.Token).Metrics["m"].Count;
            if (points != Points)
                faults.Add($"{imported} has {points} points");
        }

        return faults;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A recorder that was killed, and what it had been promised: log entries, then each thread's records.</summary>
    private sealed record Recorder(int Number, long[] Flushed);

    /// <summary>A process of the crowd, whose output is read as it comes.</summary>
    private sealed class Member
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Member(int? number, Child child)
        {
            Number = number;
            Child = child;
            Said = ReadAsync();
        }

        /// <summary>Of a recorder.</summary>
        public int? Number { get; }

        public Child Child { get; }

        /// <summary>Ends when it has done something, or has ended.</summary>
        public Task Begun => _begun.Task;

        /// <summary>What was flushed last, when it has ended.</summary>
        public Task<long[]> Said { get; }

        private async Task<long[]> ReadAsync()
        {
            long[] last = [];
            while (await Child.ReadLineAsync() is { } line)
            {
                _begun.TrySetResult();
                if (line.Split(' ') is ["flushed", .. string[] numbers, ";"])
                    last = [.. numbers.Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
            }

            _begun.TrySetResult();
            return last;
        }
    }
}
