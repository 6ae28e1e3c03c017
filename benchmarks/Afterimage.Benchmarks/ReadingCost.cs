using System.Diagnostics;
using System.Globalization;
using Afterimage.Monitoring;
using DuckDB.NET.Data;

namespace Afterimage.Benchmarks;

/// <summary>
/// What it costs to read a log directory: <c>reading make DIR GENERATIONS</c>, then in a process each <c>reading afterimage|duckdb
/// summary|p95 DIR</c> and <c>reading resume DIR</c>; <c>reading compact DIR</c>, and the same again from Parquet. <c>reading make-small
/// DIR FILES</c> and <c>reading open DIR</c> are about a directory of many small files.
/// </summary>
/// <remarks>Once each: they take long. The facts are seconds, and the most memory of the process that was resident.</remarks>
internal static class ReadingCost
{
    private const int Models = 10;

    private const string P95 =
        "SELECT model_name, date_trunc('minute', timestamp) AS minute, quantile_cont(duration, 0.95) AS p95 "
        + "FROM generations GROUP BY ALL ORDER BY ALL";

    /// <summary>What of a summary SQL says in one statement: counts, tokens and the times by model.</summary>
    private const string Summary =
        """
        SELECT model_name, count(*), count(*) FILTER (NOT success), min(timestamp), max(timestamp),
            sum(prompt_token_count), sum(completion_token_count), sum(total_token_count),
            min(duration), max(duration), avg(duration), stddev_samp(duration), approx_quantile(duration, [0.5, 0.95, 0.99])
        FROM generations GROUP BY ALL ORDER BY ALL
        """;

    public static int Run(string[] args)
    {
        switch (args)
        {
            case ["make", string directory, string generations]:
                Make(directory, int.Parse(generations, CultureInfo.InvariantCulture));
                return 0;
            case ["make-small", string directory, string files]:
                MakeSmall(directory, int.Parse(files, CultureInfo.InvariantCulture));
                return 0;
            case ["open", string directory]:
                Measure(directory, "open", () => LogDirectory.Open(directory).Summarize());
                return 0;
            case ["resume", string directory]:
                Measure(directory, "resume", () => Resume(directory));
                return 0;
            case ["compact", string directory]:
                Measure(directory, "compact", () => LogDirectory.Open(directory).CompactAsync().GetAwaiter().GetResult());
                return 0;
            case ["afterimage", "summary", string directory]:
                Measure(directory, "summary.afterimage", () => LogDirectory.Open(directory).Summarize());
                return 0;
            case ["afterimage", "p95", string directory]:
                Measure(directory, "p95.afterimage", () =>
                {
                    using LogQuery query = LogDirectory.Open(directory).Query(P95);
                    while (query.Reader.Read())
                        _ = query.Reader.GetDouble(2);
                });
                return 0;
            case ["duckdb", "summary", string directory]:
                Measure(directory, "summary.duckdb", () => ByDuckDb(directory, Summary));
                return 0;
            case ["duckdb", "p95", string directory]:
                Measure(directory, "p95.duckdb", () => ByDuckDb(directory, P95));
                return 0;
            case ["duckdb", "compact", string directory]:
                Measure(directory, "compact.duckdb", () => CompactByDuckDb(directory));
                return 0;
            default:
                Console.Error.WriteLine(
                    "reading make DIR GENERATIONS | make-small DIR FILES | open DIR | resume DIR | compact DIR "
                    + "| afterimage summary DIR | afterimage p95 DIR | duckdb summary DIR | duckdb p95 DIR | duckdb compact DIR"
                );
                return 2;
        }
    }

    /// <summary>Ten models in turn, ten hours in all.</summary>
    private static void Make(string directory, int generations)
    {
        string[] models = [.. Enumerable.Range(0, Models).Select(i => $"{Sample.Model}-{i}")];
        var clock = new Clock(TimeSpan.FromHours(10) / generations);
        var options = new GenerationMonitorOptions { LogDirectory = directory };
        options.LogFiles.MaxFileSize = 256 << 20;
        using var monitor = new GenerationMonitor(options, timeProvider: clock);
        for (int i = 0; i < generations; i++)
        {
            clock.Advance();
            monitor.TrackGeneration(Sample.Duration(i), true, Sample.Details(i) with { ModelName = models[i % Models] });
        }

        monitor.FlushAsync().AsTask().GetAwaiter().GetResult();
        Facts.Write("reading.generations", generations);
    }

    /// <summary>As writers leave it that rotate often: ten generations a file.</summary>
    private static void MakeSmall(string directory, int files)
    {
        const int GenerationsInFile = 10;
        Make(directory, files * GenerationsInFile);
        string written = Directory.GetFiles(directory, "metrics*.jsonl").Single();
        int number = 0;
        foreach (string[] lines in File.ReadLines(written).Chunk(GenerationsInFile))
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"metrics-{++number:000000}.jsonl");
            File.WriteAllLines(Path.Combine(directory, name), lines);
        }

        File.Delete(written);
        Facts.Write("reading.small.files", number);
    }

    private static void Resume(string directory)
    {
        GenerationMonitorOptions options = new GenerationMonitorOptions { WriteFiles = false }.UseCompactedFiles();
        options.Budgets.Add(new() { Name = "tokens", Unit = BudgetUnit.Tokens, Limit = 1e15m, ResumeFrom = directory });
        using var monitor = new GenerationMonitor(options);
        _ = monitor.GetBudgets()[0].Spent;
    }

    private static bool IsCompacted(string directory) => Directory.EnumerateFiles(directory, "*.parquet").Any();

    private static void ByDuckDb(string directory, string sql)
    {
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        string rows = IsCompacted(directory)
            ? $"read_parquet('{directory}/metrics*.parquet')"
            : $"""
                read_json('{directory}/metrics*.jsonl', format = 'newline_delimited',
                    columns = {"{"}timestamp: 'TIMESTAMPTZ', duration: 'DOUBLE', success: 'BOOLEAN', model_name: 'VARCHAR',
                    prompt_token_count: 'BIGINT', completion_token_count: 'BIGINT', total_token_count: 'BIGINT'{"}"})
                """;
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"WITH generations AS (FROM {rows}) {sql}";
        using DuckDBDataReader reader = command.ExecuteReader();
        while (reader.Read())
            _ = reader.GetValue(0);
    }

    /// <summary>Into one file, without a check of what was read and written, and without a sync.</summary>
    private static void CompactByDuckDb(string directory)
    {
        string target = Path.Combine(directory, "all.tmp");
        using var connection = new DuckDBConnection("Data Source=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"""
            COPY (FROM read_json('{directory}/metrics*.jsonl', format = 'newline_delimited', columns = {"{"}
                timestamp: 'TIMESTAMPTZ', event: 'VARCHAR', duration: 'DOUBLE', success: 'BOOLEAN', model_name: 'VARCHAR',
                prompt_token_count: 'BIGINT', completion_token_count: 'BIGINT', total_token_count: 'BIGINT', finish_reason: 'VARCHAR'
            {"}"})) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
            """;
        command.ExecuteNonQuery();
        File.Delete(target);
    }

    private static void Measure(string directory, string name, Action run)
    {
        string key = $"reading.{(IsCompacted(directory) ? "parquet" : "jsonl")}.{name}";
        long start = Stopwatch.GetTimestamp();
        run();
        Facts.Write($"{key}.seconds", Math.Round(Stopwatch.GetElapsedTime(start).TotalSeconds, 3));
        Facts.Write($"{key}.MiB", Math.Round(ProcessFigures.PeakResident / 1024.0 / 1024.0, 1));
    }

    /// <summary>A clock that goes on by the same step at each record.</summary>
    private sealed class Clock(TimeSpan step) : TimeProvider
    {
        private readonly DateTimeOffset _start = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);
        private long _ticks;

        public override DateTimeOffset GetUtcNow() => _start.AddTicks(Volatile.Read(ref _ticks));

        public void Advance() => Volatile.Write(ref _ticks, _ticks + step.Ticks);
    }
}
