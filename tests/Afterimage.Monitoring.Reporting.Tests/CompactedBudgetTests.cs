using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Log.Reading;
using DuckDB.NET.Data;
using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Budgets that resume from directories which were compacted.</summary>
public sealed class CompactedBudgetTests : IDisposable
{
    private const string Good =
        """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.25,"success":true,"total_token_count":1}""";

    private static readonly DateTimeOffset Start = new(2026, 11, 25, 14, 30, 0, TimeSpan.Zero);

    private static readonly ModelPricing Prices = new(new Dictionary<string, ModelPrice>
    {
        ["m"] = new()
        {
            Input = 1,
            Output = 10,
            CachedInput = 0.1m,
            Reasoning = 20,
            LongContext =
            [
                new LongContextPrice { AbovePromptTokenCount = 1000, Price = new() { Input = 2, Output = 20 } },
                new LongContextPrice { AbovePromptTokenCount = 5000, Price = new() { Input = 4, Output = 40, CachedInput = 0.7m } },
            ],
        },
        ["n"] = new() { Input = 0.37m, Output = 1.11m },
    });

    private readonly TemporaryDirectory _directory = new();
    private readonly FakeTimeProvider _clock = new(Start);
    private int _resumed;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Runs => Path.Combine(_directory.Path, "runs");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Every_unit_goes_on_and_dollars_of_runs_without_prices_by_the_tier_of_each_call()
    {
        using (GenerationMonitor priced = Monitor("runs/a", Prices))
        {
            _clock.Advance(TimeSpan.FromSeconds(100));
            priced.TrackGeneration(
                TimeSpan.FromSeconds(10),
                true,
                new()
                {
                    ModelName = "m",
                    PromptTokenCount = 100,
                    CompletionTokenCount = 20,
                    CachedPromptTokenCount = 40,
                    ReasoningTokenCount = 5,
                });
            priced.TrackGeneration(TimeSpan.Zero, false, new() { ModelName = "unpriced", TotalTokenCount = 30 });
            priced.TrackEvaluation(
                TimeSpan.Zero,
                true,
                "judge",
                new Dictionary<string, double> { ["s"] = 0.5 },
                new() { ModelName = "n", PromptTokenCount = 1_000_000 });
            priced.RecordMetric("total_token_count", 1e6);
        }

        using (GenerationMonitor unpriced = Monitor("runs/b", pricing: null))
        {
            unpriced.TrackGeneration(
                TimeSpan.Zero,
                true,
                new()
                {
                    ModelName = "vendor/m",
                    PromptTokenCount = 1000,
                    CompletionTokenCount = 100,
                });
            unpriced.TrackGeneration(
                TimeSpan.Zero,
                false,
                new()
                {
                    ModelName = "m",
                    PromptTokenCount = 1001,
                    CompletionTokenCount = 100,
                });
            unpriced.TrackGeneration(
                TimeSpan.Zero,
                false,
                new()
                {
                    ModelName = "m",
                    PromptTokenCount = 9000,
                    CompletionTokenCount = 100,
                    CachedPromptTokenCount = 8000,
                });
            unpriced.TrackGeneration(TimeSpan.Zero, false, new() { ModelName = "m", FinishReason = FinishReasons.Cancelled });
        }

        _clock.Advance(TimeSpan.FromSeconds(1000));
        Budget[] budgets =
        [
            Tokens(),
            Dollars(),
            Calls(),
            Failures(),
            Time(),
            Tokens() with
            {
                Name = "m",
                ModelName = "m",
            },
            Dollars() with
            {
                Name = "vendor/m",
                ModelName = "vendor/m",
            },
        ];
        BudgetStatus[] before = Resume(budgets);
        await CompactAsync(files: 2);

        const decimal Unpriced = (1000 + (100 * 10m) + (1001 * 2) + (100 * 20) + (1000 * 4) + (8000 * 0.7m) + (100 * 40)) / 1_000_000;
        const decimal Priced = ((60 * 1m) + (40 * 0.1m) + (15 * 10) + (5 * 20)) / 1_000_000;
        Assert.Equal([1_011_451m, 0.37m + Priced + Unpriced, 6m, 2m, 1010m, 10_321m, 0.002m], before.Select(budget => budget.Spent));
        Assert.Equal(30, before[1].UnpricedTokenCount);
        Assert.Equal(Start + TimeSpan.FromSeconds(90), before[0].PeriodStart);
        Assert.Equal(before, Resume(budgets));
    }

    [Theory]
    [InlineData(BudgetPeriod.Hour, "2026-11-25T14:00:00Z")]
    [InlineData(BudgetPeriod.Day, "2026-11-25T00:00:00Z")]
    [InlineData(BudgetPeriod.Week, "2026-11-23T00:00:00Z")]
    [InlineData(BudgetPeriod.Month, "2026-11-01T00:00:00Z")]
    public async Task A_calendar_window_takes_what_falls_into_it_to_the_tick(BudgetPeriod period, string start)
    {
        DateTimeOffset windowStart = DateTimeOffset.Parse(start, CultureInfo.InvariantCulture);
        using (GenerationMonitor monitor = Monitor("runs"))
        {
            foreach (
                (long tokens, DateTimeOffset at) in new[]
                {
                    (100L, windowStart - TimeSpan.FromTicks(1)),
                    (10, windowStart),
                    (1, Start),
                    (1000, windowStart - TimeSpan.FromDays(1)),
                })
                monitor.TrackGeneration(TimeSpan.FromHours(1), true, new() { TotalTokenCount = tokens, Timestamp = at });
        }

        await CompactAsync(files: 1);
        Assert.Equal([11m, 1111m], Resume(Tokens() with { Name = "window", Period = period }, Tokens()).Select(budget => budget.Spent));
        _clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal(0, Resume(Tokens() with { Period = period })[0].Spent);
    }

    [Fact]
    public async Task Later_files_count_behind_what_is_compacted_and_earlier_ones_before_it()
    {
        // The first file stays open, and is never compacted: in the order of lines it is before the second, of another writer, which is.
        using GenerationMonitor first = Monitor("runs");
        first.TrackGeneration(TimeSpan.Zero, false);
        first.TrackGeneration(TimeSpan.Zero, true);
        await first.FlushAsync(Token);
        using (GenerationMonitor second = Monitor("runs"))
        {
            second.TrackGeneration(TimeSpan.Zero, false);
            second.TrackGeneration(TimeSpan.Zero, false);
        }

        await CompactAsync(files: 1);
        Assert.Equal(["metrics-000001-000001.parquet", "metrics.jsonl"], Files("metrics*"));
        Assert.Equal([2m, 4m], Resume(Failures(), Calls()).Select(budget => budget.Spent));

        using (GenerationMonitor third = Monitor("runs"))
            third.TrackGeneration(TimeSpan.Zero, false);
        Assert.Equal([3m, 5m], Resume(Failures(), Calls()).Select(budget => budget.Spent));
        await CompactAsync(files: 1);
        Assert.Equal(["metrics-000001-000002.parquet", "metrics.jsonl"], Files("metrics*"));
        Assert.Equal([3m, 5m], Resume(Failures(), Calls()).Select(budget => budget.Spent));
    }

    [Fact]
    public async Task What_a_killed_compaction_has_left_counts_once()
    {
        _directory.Write("runs/metrics.jsonl", Good);
        _directory.Write("runs/metrics-000001.jsonl", Good, Good);
        byte[] source = File.ReadAllBytes(Path.Combine(Runs, "metrics-000001.jsonl"));
        await CompactAsync(files: 1);
        byte[] small = File.ReadAllBytes(Path.Combine(Runs, "metrics-000000-000001.parquet"));
        _directory.Write("runs/metrics-000002.jsonl", Good, Good, Good);
        await CompactAsync(files: 1);
        _directory.Write("runs/metrics-000003.jsonl", Good);

        File.WriteAllBytes(Path.Combine(Runs, "metrics-000001.jsonl"), source);
        File.WriteAllBytes(Path.Combine(Runs, "metrics-000000-000001.parquet"), small);
        File.WriteAllBytes(Path.Combine(Runs, ".metrics-000003-000003.parquet.unfinished"), small);
        Directory.CreateDirectory(Path.Combine(Runs, ".importing-x"));
        File.WriteAllBytes(Path.Combine(Runs, ".importing-x", "metrics.jsonl"), source);
        File.WriteAllBytes(Path.Combine(Runs, ".importing-x", "metrics-000001-000001.parquet"), small);

        Assert.Equal(7, Resume(Calls())[0].Spent);
    }

    [Fact]
    public async Task A_budget_that_resumes_while_its_directory_is_compacted_counts_everything_once()
    {
        for (int round = 1; round <= 3; round++)
        {
            for (int i = 0; i < 10; i++)
                _directory.Write(string.Create(CultureInfo.InvariantCulture, $"runs/metrics-{(round * 10) + i:000000}.jsonl"), Good, Good);
            Task<CompactionResult> compacting = LogDirectory.Open(Runs).CompactAsync(progress: null, Token);
            do
                Assert.Equal(round * 20, Resume(Calls())[0].Spent);
            while (!compacting.IsCompleted);
            Assert.Single((await compacting).Files);
        }
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_compaction_between_the_listing_and_the_reading_makes_it_count_anew(bool isReadBefore, bool areAllCompacted)
    {
        _directory.Write("runs/metrics.jsonl", Good, Good);
        await CompactAsync(files: 1);
        string later = areAllCompacted ? "elsewhere" : "runs";
        _directory.Write($"{later}/metrics-000001.jsonl", Good);
        _directory.Write($"{later}/metrics-000002.jsonl", Good);
        if (areAllCompacted)
        {
            CompactionResult second = await LogDirectory.Open(Path.Combine(_directory.Path, later)).CompactAsync(progress: null, Token);
            File.Move(second.Files[0], Path.Combine(Runs, Path.GetFileName(second.Files[0])));
        }

        GenerationMonitorOptions options = Options("new", Prices).UseCompactedFiles();
        CompactedFileReader read = options.CompactedFileReader!;
        List<string> asked = [];
        options.CompactedFileReader = (path, since, taker) =>
        {
            asked.Add(Path.GetFileName(path));

            // The first that is asked for is put together with those that were listed with it.
            if (asked.Count > 1 || isReadBefore)
                read(path, since, taker);
            if (asked.Count == 1)
                LogDirectory.Open(Runs).CompactAsync(progress: null, Token).GetAwaiter().GetResult();
            if (asked.Count == 1 && !isReadBefore)
                read(path, since, taker);
        };
        options.Budgets.Add(Calls());
        using var monitor = new GenerationMonitor(options, _clock);

        Assert.Equal(4, monitor.GetBudgets()[0].Spent);
        Assert.Equal(("metrics-000000-000000.parquet", "metrics-000000-000002.parquet"), (asked[0], asked[^1]));
        Assert.Equal($"Budgets resume from '{Runs}': 4 calls counted", FirstLogMessage(monitor));
    }

    [Fact]
    public async Task Torn_and_foreign_lines_are_skipped_and_said_as_before()
    {
        _directory.Write(
            "runs/metrics.jsonl",
            [
                Good,
                Good.Replace("}", ",\"tags\":{\"a\":[1,{\"total_token_count\":9}]},\"future_key\":null}", StringComparison.Ordinal),
                Good.Replace("generation", "metric", StringComparison.Ordinal)
                    .Replace("}", ",\"metric_name\":\"m\",\"value\":1}", StringComparison.Ordinal),
                Good.Replace(",\"event\"", " , \"event\"", StringComparison.Ordinal),
                "",
                Good[..^1],
                Good[..40] + "!",
                Good + "}",
                "[]",
                "\0\0\0",
                "{\"timestamp\":",
                Good.Replace("true", "1", StringComparison.Ordinal),
                Good.Replace(":1}", ":\"1\"}", StringComparison.Ordinal),
                Good.Replace(":1}", ":-1}", StringComparison.Ordinal),
                Good.Replace("}", ",\"cost_usd\":1e300}", StringComparison.Ordinal),
                Good.Replace("2026-11-23T14:25:38.1234567Z", "yesterday", StringComparison.Ordinal),
                Good.Replace(":1}", ":7,\"model_name\":\"\u00fc\u20ac\"}", StringComparison.Ordinal),
            ]);
        File.AppendAllText(Path.Combine(Runs, "metrics.jsonl"), Good);
        string before = ResumedMessage();
        await CompactAsync(files: 1);

        Assert.Equal($"Budgets resume from '{Runs}': 5 calls counted, 11 invalid lines skipped", before);
        Assert.Equal(before, ResumedMessage());
        Assert.Equal(
            [11m, 7m],
            Resume(Tokens(), Tokens() with { Name = "named", ModelName = "\u00fc\u20ac" }).Select(budget => budget.Spent));
    }

    [Fact]
    public async Task Without_a_reader_the_exception_says_what_to_call()
    {
        _directory.Write("runs/metrics.jsonl", Good);
        await CompactAsync(files: 1);
        GenerationMonitorOptions options = Options("new", Prices);
        options.Budgets.Add(Calls());

        string message = Assert.Throws<IOException>(() => new GenerationMonitor(options).Dispose()).Message;

        Assert.Contains(Path.Combine(Runs, "metrics-000000-000000.parquet"), message, StringComparison.Ordinal);
        Assert.Contains(typeof(CompactedFileExtensions).Assembly.GetName().Name!, message, StringComparison.Ordinal);
        Assert.Contains(nameof(CompactedFileExtensions.UseCompactedFiles), message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_directory.Path, "new")));
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("text")]
    [InlineData("half")]
    [InlineData("foreign")]
    public async Task An_unreadable_file_is_named_and_one_older_than_the_window_is_not_opened(string fault)
    {
        _directory.Write("runs/metrics.jsonl", Enumerable.Repeat(Good, 1000));
        await CompactAsync(files: 1);
        string path = Path.Combine(Runs, "metrics-000000-000000.parquet");
        byte[] content = File.ReadAllBytes(path);
        switch (fault)
        {
            case "empty":
                File.WriteAllBytes(path, []);
                break;
            case "text":
                File.WriteAllText(path, Good);
                break;
            case "half":
                File.WriteAllBytes(path, [.. content.AsSpan(0, content.Length / 2), .. content.AsSpan(content.Length - 8)]);
                break;
            default:
                WriteForeignParquet(path);
                break;
        }

        Assert.Contains(path, Assert.Throws<IOException>(() => Resume(Calls())).Message, StringComparison.Ordinal);
        Assert.Contains(
            path,
            Assert.Throws<IOException>(() => Resume(Calls() with { Period = BudgetPeriod.Day })).Message,
            StringComparison.Ordinal);
        File.SetLastWriteTimeUtc(path, Start.UtcDateTime.Date.AddDays(-1).AddTicks(-1));
        Assert.Equal(0, Resume(Calls() with { Period = BudgetPeriod.Day })[0].Spent);
        Assert.Contains(path, Assert.Throws<IOException>(() => Resume(Calls())).Message, StringComparison.Ordinal);
    }

    /// <summary>Whatever was called, in whatever runs and files, and whatever of it is compacted.</summary>
    [Property(MaxTest = 15)]
    public void A_log_leaves_of_a_budget_what_it_leaves_compacted(FsCheck.NonEmptyArray<FsCheck.NonEmptyArray<int>> runs, bool isWhole)
    {
        using var other = new CompactedBudgetTests();
        other.BudgetsAreTheSame([.. runs.Get.Select(calls => calls.Get)], isWhole);
    }

    private void BudgetsAreTheSame(int[][] runs, bool isWhole)
    {
        for (int run = 0; run < runs.Length; run++)
        {
            // Some in a directory that has one already, some without prices; files are small.
            int[] calls = runs[run];
            using GenerationMonitor monitor = Monitor($"runs/{Math.Abs((long)calls[0]) % 3}", calls.Length % 2 == 0 ? Prices : null);
            foreach (int call in calls)
                Call(monitor, new Random(call));
            if (!isWhole && run == runs.Length / 2)
            {
                monitor.Dispose();
                LogDirectory.Open(Runs).CompactAsync(progress: null, Token).GetAwaiter().GetResult();
            }
        }

        Budget[] budgets =
        [
            .. from budget in (Budget[])[Tokens(), Dollars(), Calls(), Failures()]
               from period in Enum.GetValues<BudgetPeriod>()
               from model in (string?[])[null, "m", "unknown"]
               select budget with { Name = $"{budget.Name} {period} {model}", Period = period, ModelName = model },
            Time(),
            Tokens() with { Name = "small", Limit = 500 },
        ];
        BudgetStatus[] before = Resume(budgets);
        LogDirectory.Open(Runs).CompactAsync(progress: null, Token).GetAwaiter().GetResult();
        Assert.Empty(Files("*.jsonl"));
        Assert.Equal(before, Resume(budgets));
    }

    private static void Call(GenerationMonitor monitor, Random random)
    {
        // Some at the very beginning of a window of the present, or a tick before; most at the present.
        DateTimeOffset?[] times =
        [
            null,
            null,
            null,
            null,
            Start.AddMinutes(-30),
            Start.AddMinutes(-30).AddTicks(-1),
            new(Start.Date, TimeSpan.Zero),
            Start.AddDays(-2).AddTicks(random.Next(1000)),
            Start.AddDays(-random.Next(40)),
        ];
        DateTimeOffset? time = times[random.Next(times.Length)];
        string? model = ((string?[])["m", "m", "n", "vendor/m", "other", null, "\u00fc\n"])[random.Next(7)];
        bool isSuccess = random.Next(3) == 0;
        if (random.Next(8) == 0)
        {
            monitor.TrackEvaluation(
                Duration(),
                isSuccess,
                "judge",
                new Dictionary<string, double> { ["s"] = random.NextDouble() },
                new()
                {
                    ModelName = model,
                    TotalTokenCount = Count(),
                    Timestamp = time,
                });
            return;
        }

        monitor.TrackGeneration(Duration(), isSuccess, new()
        {
            ModelName = model,
            PromptTokenCount = Count(),
            CompletionTokenCount = Count(),
            TotalTokenCount = Count(),
            CachedPromptTokenCount = Count(),
            ReasoningTokenCount = Count(),
            FinishReason = ((string?[])["stop", null, FinishReasons.Cancelled, FinishReasons.Abandoned])[random.Next(4)],
            Error = random.Next(4) == 0 ? "it's \"full\"\n" : null,
            TimeToFirstToken = random.Next(2) == 0 ? Duration() : null,
            Tags = random.Next(3) == 0 ? [new("k", random.NextDouble()), new("none", null)] : null,
            Timestamp = time,
        });

        TimeSpan Duration() => TimeSpan.FromTicks(random.NextInt64(TimeSpan.TicksPerHour));

        long? Count() => random.Next(3) == 0 ? null : random.Next(6000);
    }

    private static void WriteForeignParquet(string path)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"COPY (SELECT 1 AS a) TO '{path}' (FORMAT parquet)";
        command.ExecuteNonQuery();
    }

    private Budget From(BudgetUnit unit, decimal limit) => new() { Name = unit.ToString(), Unit = unit, Limit = limit, ResumeFrom = Runs };

    private Budget Tokens() => From(BudgetUnit.Tokens, 1e12m);

    private Budget Dollars() => From(BudgetUnit.Dollars, 1e9m);

    private Budget Calls() => From(BudgetUnit.Generations, 1e9m);

    private Budget Time() => From(BudgetUnit.WallTime, 1e8m);

    private Budget Failures() => From(BudgetUnit.ConsecutiveFailures, 1e9m);

    private GenerationMonitorOptions Options(string log, ModelPricing? pricing) => new()
    {
        LogDirectory = Path.Combine(_directory.Path, log),
        Pricing = pricing,
        MetricsInterval = TimeSpan.Zero,
        ShutdownTimeout = TimeSpan.FromMinutes(2),
    };

    private GenerationMonitor Monitor(string log, ModelPricing? pricing = null) => new(Options(log, pricing), _clock);

    private GenerationMonitor Resumed(params Budget[] budgets)
    {
        GenerationMonitorOptions options = Options($"resumed/{_resumed++}", Prices).UseCompactedFiles();
        foreach (Budget budget in budgets)
            options.Budgets.Add(budget);
        return new GenerationMonitor(options, _clock);
    }

    private BudgetStatus[] Resume(params Budget[] budgets)
    {
        using GenerationMonitor monitor = Resumed(budgets);
        return [.. monitor.GetBudgets()];
    }

    private string ResumedMessage() => FirstLogMessage(Resumed(Tokens()));

    private static string FirstLogMessage(GenerationMonitor monitor)
    {
        monitor.Dispose();
        return JsonDocument
            .Parse(File.ReadLines(Path.Combine(monitor.LogDirectory!, "afterimage.log")).First())
            .RootElement.GetProperty("message")
            .GetString()!;
    }

    private async Task CompactAsync(int files) =>
        Assert.Equal(files, (await LogDirectory.Open(Runs).CompactAsync(progress: null, Token)).Files.Count);

    private string[] Files(string pattern) =>
        [
            .. Directory
                .GetFiles(Runs, pattern, SearchOption.AllDirectories)
                .Where(file => !file.Contains(".locks", StringComparison.Ordinal))
                .Select(file => Path.GetFileName(file))
                .Order(StringComparer.Ordinal),
        ];
}
