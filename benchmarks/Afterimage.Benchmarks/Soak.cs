using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring;

namespace Afterimage.Benchmarks;

/// <summary>Records for a long time and looks whether anything grows or gets lost: <c>soak [MINUTES [RECORDS_A_SECOND]]</c>.</summary>
/// <remarks>
/// Four threads record; each numbers its generations, in the cached prompt tokens, which no alert looks at, so that the files that
/// retention has left show whether any is missing in between or at the end.
/// </remarks>
internal static class Soak
{
    private const int Threads = 4;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    public static int Run(string[] args)
    {
        double minutes = args.Length > 0 ? double.Parse(args[0], CultureInfo.InvariantCulture) : 10;
        double rate = args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 200_000;
        using var directory = new TemporaryDirectory();
        var options = new GenerationMonitorOptions { LogDirectory = directory.Path };
        options.LogFiles.MaxFileSize = 64 << 20;
        options.LogFiles.MaxTotalSize = 256 << 20;
        options.LogFiles.MinRetention = TimeSpan.Zero;
        var monitor = new GenerationMonitor(options);

        TimeSpan length = TimeSpan.FromMinutes(minutes);
        long[] recorded = new long[Threads];
        Thread[] producers =
        [
            .. Enumerable
                .Range(0, Threads)
                .Select(number => new Thread(() => recorded[number] = Produce(monitor, number, length, rate / Threads))),
        ];
        foreach (Thread producer in producers)
            producer.Start();
        Samples samples = Watch(monitor, length);
        foreach (Thread producer in producers)
            producer.Join();
        monitor.FlushAsync().AsTask().GetAwaiter().GetResult();
        monitor.Dispose();

        MonitorStatistics statistics = monitor.GetStatistics();
        bool isFlat = samples.SayWhetherFlat();
        bool isComplete = SayWhetherComplete(statistics, recorded, directory);
        return isFlat && isComplete ? 0 : 1;
    }

    private static long Produce(GenerationMonitor monitor, int number, TimeSpan length, double rate)
    {
        string model = $"thread-{number}";
        var time = Stopwatch.StartNew();
        long count = 0;
        while (time.Elapsed < length)
        {
            for (long due = (long)(time.Elapsed.TotalSeconds * rate); count < due; count++)
            {
                bool success = count % 50 != 0;
                monitor.TrackGeneration(Sample.Duration((int)count), success, Sample.Details((int)count) with
                {
                    ModelName = model,
                    CachedPromptTokenCount = count,
                    Error = success ? null : "timeout",
                });
            }

            monitor.RecordMetric($"queue:{model}", count % 100);
            Thread.Sleep(Tick);
        }

        monitor.LogInfo($"{model} is done");
        return count;
    }

    private static Samples Watch(GenerationMonitor monitor, TimeSpan length)
    {
        var samples = new Samples();
        var time = Stopwatch.StartNew();
        int second = 0;
        Console.WriteLine("  time   resident  handles      recorded       written    waiting  failed  dropped  generation_time over 5 min");
        while (time.Elapsed < length)
        {
            Thread.Sleep(TimeSpan.FromSeconds(1));
            samples.Take();
            if (++second % 10 != 0)
                continue;

            MonitorStatistics statistics = monitor.GetStatistics();
            MetricAggregate aggregate = monitor.GetMetrics("generation_time");
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{time.Elapsed:mm\\:ss}  {samples.Last.Resident / 1048576.0,6:0.0} MiB  {samples.Last.Handles,7}  "
                    + $"{statistics.Recorded,12:n0}  {statistics.Written,12:n0}  {statistics.Handlers.Sum(h => h.Pending),9:n0}  "
                    + $"{statistics.Failed,6}  {statistics.Dropped,7}  {aggregate.Count:n0} points, mean {aggregate.Mean:0.000} s, "
                    + $"p95 {aggregate.Quantile(0.95):0.000} s"
                ));
        }

        return samples;
    }

    private static bool SayWhetherComplete(MonitorStatistics statistics, long[] recorded, TemporaryDirectory directory)
    {
        long[] expected = new long[Threads];
        Array.Fill(expected, -1);
        long gaps = 0;
        foreach (
            string file in Directory
                .GetFiles(directory.Path, "metrics*.jsonl")
                .OrderBy(f => f == directory.File("metrics.jsonl") ? "" : f, StringComparer.Ordinal))
        {
            foreach (string line in File.ReadLines(file))
            {
                using JsonDocument document = JsonDocument.Parse(line);
                if (!document.RootElement.TryGetProperty("cached_prompt_token_count", out JsonElement sequence))
                    continue;

                int thread = document.RootElement.GetProperty("model_name").GetString()![^1] - '0';
                if (expected[thread] >= 0 && sequence.GetInt64() != expected[thread])
                    gaps++;
                expected[thread] = sequence.GetInt64() + 1;
            }
        }

        bool isEnd = expected.SequenceEqual(recorded);
        bool isComplete =
            statistics.Failed == 0
            && statistics.Dropped == 0
            && statistics.Written == statistics.Recorded
            && statistics.Recorded >= recorded.Sum()
            && gaps == 0
            && isEnd;
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"lost: {(isComplete ? "nothing" : "SOMETHING")}: {recorded.Sum():n0} generations; "
                + $"of {statistics.Recorded:n0} records {statistics.Written:n0} written, {statistics.Failed} failed, "
                + $"{statistics.Dropped} dropped; in the files that are left {gaps} gaps, "
                + $"the last of each thread {(isEnd ? "there" : "MISSING")}"
            ));
        return isComplete;
    }

    private sealed class Samples
    {
        private readonly List<(long Resident, int Handles)> _samples = [];

        public (long Resident, int Handles) Last => _samples[^1];

        public void Take() => _samples.Add((ProcessFigures.Resident, ProcessFigures.Handles));

        /// <summary>Compares the second, third and last quarters: the first fills what is bounded.</summary>
        public bool SayWhetherFlat()
        {
            int quarter = Math.Max(1, _samples.Count / 4);
            double[] resident = [.. Enumerable.Range(1, 3).Select(i => Median(Quarter(i).Select(s => s.Resident)) / 1048576.0)];

            // Medians here too: for the moment of a rotation two files are open.
            long handlesBefore = Median(Quarter(1).Select(s => (long)s.Handles));
            long handlesAfter = Median(Quarter(3).Select(s => (long)s.Handles));

            // What the collector keeps to itself differs by some MiB from one moment to the next, and settles slowly: each quarter adds
            // less than the one before. A leak would add as much.
            bool isMemoryFlat = resident[2] <= resident[0] + Math.Max(8, resident[0] * 0.05);
            bool growsLess = resident[2] - resident[1] <= (resident[1] - resident[0]) * 2 / 3;
            bool areHandlesFlat = handlesAfter <= handlesBefore;
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"memory: {(isMemoryFlat ? "flat" : growsLess ? "grows less and less" : "GREW")}: "
                    + $"{resident[0]:0.0}, {resident[1]:0.0} and {resident[2]:0.0} MiB in the second, third and last quarter; "
                    + $"peak {ProcessFigures.PeakResident / 1048576.0:0.0} MiB"
                ));
            Console.WriteLine(
                $"handles: {(areHandlesFlat ? "flat" : "GREW")}: {handlesBefore} in the second quarter, {handlesAfter} in the last");
            return (isMemoryFlat || growsLess) && areHandlesFlat;

            IEnumerable<(long Resident, int Handles)> Quarter(int number) =>
                _samples.Skip(_samples.Count - ((4 - number) * quarter)).Take(quarter);
        }

        private static long Median(IEnumerable<long> values)
        {
            long[] ordered = [.. values.Order()];
            return ordered[ordered.Length / 2];
        }
    }
}
