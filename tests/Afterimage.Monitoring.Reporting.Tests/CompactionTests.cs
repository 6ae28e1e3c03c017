using System.Globalization;
using System.Text;
using System.Text.Json;
using DuckDB.NET.Data;

namespace Afterimage.Monitoring.Reporting.Tests;

public sealed class CompactionTests : IDisposable
{
    private const string Good =
        """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.25,"success":true,"model_name":"m"}""";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private LogDirectory Log => LogDirectory.Open(_directory.Path);

    private Task<CompactionResult> CompactAsync() => Log.CompactAsync(progress: null, Token);

    private string[] Files(string pattern) =>
        [
            .. Directory
                .GetFiles(_directory.Path, pattern, SearchOption.AllDirectories)
                .Where(file => !file.Contains(".locks", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>All that can be read of the directory, as text.</summary>
    private string Content() => ContentOf(Log);

    private static string ContentOf(LogDirectory log)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            log.Summarize(Token).WriteProperties(writer);
            writer.WriteEndObject();
        }

        var text = new StringBuilder(Encoding.UTF8.GetString(stream.ToArray()));
        foreach (string view in (string[])["generations", "evaluations", "points", "record"])
        {
            using LogQuery query = log.Query($"SELECT * FROM {view} ORDER BY ALL", Token);
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"{view}, {query.SkippedLines} skipped");
            while (query.Reader.Read())
            {
                text.AppendLine();
                for (int i = 0; i < query.Reader.FieldCount; i++)
                    text.Append(CultureInfo.InvariantCulture, $"{(query.Reader.IsDBNull(i) ? null : query.Reader.GetValue(i))}|");
            }
        }

        return text.ToString();
    }

    /// <summary>The lines that a compacted file keeps as they are.</summary>
    private static List<byte[]> KeptLines(string file)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SELECT line FROM read_parquet('{file}') WHERE line IS NOT NULL";
        using DuckDBDataReader reader = command.ExecuteReader();
        var lines = new List<byte[]>();
        while (reader.Read())
        {
            using Stream line = reader.GetStream(0);
            using var bytes = new MemoryStream();
            line.CopyTo(bytes);
            lines.Add(bytes.ToArray());
        }

        return lines;
    }

    [Fact]
    public async Task What_the_library_wrote_needs_no_line_as_it_is_and_reads_the_same()
    {
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(_directory.Path)))
        {
            var start = new DateTimeOffset(2026, 11, 23, 14, 25, 38, TimeSpan.Zero);
            for (int i = 0; i < 2000; i++)
            {
                monitor.TrackGeneration(
                    TimeSpan.FromTicks(12_345_678 + (i * 7919)),
                    i % 7 != 0,
                    new GenerationDetails
                    {
                        ModelName = $"model/{i % 5}",
                        PromptTokenCount = i,
                        CompletionTokenCount = i / 3,
                        CachedPromptTokenCount = i / 4,
                        ReasoningTokenCount = i / 5,
                        FinishReason = "stop",
                        Error = i % 7 == 0 ? "HTTP 429: it's \"full\"\n<again> + & `so`\\" : null,
                        ConversationLength = i % 4,
                        TimeToFirstToken = TimeSpan.FromTicks(1_234_567 + i),
                        Provider = "p",
                        Operation = "chat",
                        Timestamp = start.AddTicks(i * 1_234_567L),
                        Tags = [new("k", i), new("flag", true), new("none", null), new("text", "plain")],
                    });
                monitor.TrackEvaluation(
                    TimeSpan.FromSeconds(1 + i),
                    true,
                    "judge",
                    new Dictionary<string, EvaluationScore> { ["a"] = new(i / 8.0, "fine"), ["b"] = new(i) });
                monitor.RecordMetric("queue depth", i - 1000.5, new Dictionary<string, object?> { ["model_name"] = "m", ["n"] = i }, start);
                monitor.RecordMetric("none", i % 2 == 0 ? double.NaN : double.NegativeInfinity);
            }
        }

        string before = Content();
        CompactionResult result = await CompactAsync();

        Assert.Equal(
            (1, 8000L, 0L, 0, 0),
            (result.CompactedFiles, result.Records, result.SkippedLines, result.OpenFiles, result.OtherFiles));
        Assert.Equal(result.Files, Files("metrics*"));
        Assert.Equal("metrics-000000-000000.parquet", Path.GetFileName(Assert.Single(result.Files)));
        Assert.Equal(before, Content());
        Assert.Empty(KeptLines(result.Files[0]));
        Assert.InRange(result.BytesAfter, 1, result.BytesBefore / 5);
    }

    [Fact]
    public async Task A_file_without_a_single_record_is_compacted_and_its_lines_still_count()
    {
        _directory.Write("metrics.jsonl", "torn", "[]");

        await LogDirectory.Open(_directory.Path).CompactAsync(progress: null, TestContext.Current.CancellationToken);

        RunSummary summary = LogDirectory.Open(_directory.Path).Summarize(TestContext.Current.CancellationToken);
        Assert.Equal((0, 2), (summary.Generations, summary.SkippedLines));
    }

    [Fact]
    public async Task Every_line_that_the_columns_would_not_give_back_is_kept_byte_for_byte()
    {
        byte[][] kept =
        [
            .. new[]
            {
                Good[..^1] + ",\"new\":{\"a\":[1]}}",
                Good.Replace(":1.25", ":1.250", StringComparison.Ordinal),
                Good.Replace(",\"success\"", " , \"success\"", StringComparison.Ordinal),
                Good.Replace("\"m\"", "\"\"", StringComparison.Ordinal),
                Good.Replace("\"m\"", "\"\\u006d\"", StringComparison.Ordinal),
                Good.Replace("\"m\"", "\"\\u00FC\"", StringComparison.Ordinal),
                Good.Replace(".1234567Z", ".12345670Z", StringComparison.Ordinal)
                    .Replace("70Z", "7Z", StringComparison.Ordinal)
                    .Replace("Z", "+00:00", StringComparison.Ordinal),
                Good[..^1] + ",\"model_name\":\"again\"}",
                Good[..^1] + ",\"tags\":{\"d\":\"\\u00FC\"}}",
                Good[..^1] + ",\"value\":3,\"provider\":7}",
                Good[..40],
                "!",
                "[1]",
                "{}",
                Good.Replace("true", "1", StringComparison.Ordinal),
                Good + "\r",
                "{\"timestamp\":",
                Good.Replace("\"2026", "\"0000", StringComparison.Ordinal),
            }.Select(Encoding.UTF8.GetBytes),
            [0, 0, 0],
            [.. "{\"timestamp\":\"\u00ff"u8[..^1]],
        ];
        byte[] good = Encoding.UTF8.GetBytes(Good);
        await using (FileStream file = File.Create(Path.Combine(_directory.Path, "metrics.jsonl")))
        {
            foreach (byte[] line in kept)
                file.Write([.. good, (byte)'\n', .. line, (byte)'\n']);
            file.Write("\n  \n"u8);
            file.Write(good.AsSpan(0, 30));
        }

        string before = Content();
        CompactionResult result = await CompactAsync();

        Assert.Equal(before, Content());
        Assert.Equal(
            [.. kept.Select(Encoding.Latin1.GetString), Good[..30]],
            KeptLines(Assert.Single(result.Files)).Select(Encoding.Latin1.GetString));
    }

    [Fact]
    public async Task Many_small_files_become_few_and_a_second_time_there_is_nothing_to_do()
    {
        _directory.Write("metrics.jsonl", Good, "torn");
        for (int i = 1; i < 260; i++)
            _directory.Write(string.Create(CultureInfo.InvariantCulture, $"metrics-{i:000000}.jsonl"), Good);
        string before = Content();

        CompactionResult first = await CompactAsync();
        CompactionResult second = await CompactAsync();

        Assert.Equal("metrics-000000-000259.parquet", Path.GetFileName(Assert.Single(first.Files)));
        Assert.Equal((260, 260L, 1L), (first.CompactedFiles, first.Records, first.SkippedLines));
        Assert.Empty(Files("*.jsonl"));
        Assert.Empty(second.Files);
        Assert.Equal(0, second.CompactedFiles);
        Assert.Equal(before, Content());
    }

    [Fact]
    public async Task Each_directory_below_is_compacted_by_itself_and_other_files_are_left_alone()
    {
        foreach (
            string name in (string[])
                ["a/metrics.jsonl", "a/metrics-000003.jsonl", "b/c/metrics.jsonl", "a/metrics1.jsonl", "a/metrics[1].jsonl"])
            _directory.Write(name, Good);
        _directory.Write("a/metrics-x.parquet", "no Parquet, and not the library's");
        string before = Content();

        CompactionResult result = await CompactAsync();

        Assert.Equal((3, 2), (result.CompactedFiles, result.OtherFiles));
        Assert.Equal(
            ["a/metrics-000000-000003.parquet", "b/c/metrics-000000-000000.parquet"],
            result.Files.Select(file => Path.GetRelativePath(_directory.Path, file).Replace('\\', '/')));
        Assert.Equal(before, Content());
    }

    [Fact]
    public async Task A_run_goes_on_while_its_finished_files_are_compacted_again_and_again()
    {
        const int Rounds = 10;
        const int Batch = 500;
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path);
        options.LogFiles.MaxFileSize = 32_768;
        using var monitor = new GenerationMonitor(options);

        // A round's batches fill files, which are compacted in that round or, while further batches are written, in the next.
        using var mayWrite = new SemaphoreSlim(0);
        using var written = new SemaphoreSlim(0);
        long begun = 0;
        long flushed = 0;
        Task recording = Task.Run(
            async () =>
            {
                for (int round = 0; round < Rounds; round++)
                {
                    await mayWrite.WaitAsync(Token);
                    for (int batch = 0; batch < 4; batch++)
                    {
                        Volatile.Write(ref begun, begun + Batch);
                        for (int i = 0; i < Batch; i++)
                            monitor.TrackGeneration(
                                TimeSpan.FromSeconds(1),
                                true,
                                new GenerationDetails { ModelName = "m", PromptTokenCount = 1 });
                        await monitor.FlushAsync(Token);
                        Volatile.Write(ref flushed, begun);
                    }

                    written.Release();
                }
            },
            Token);

        // Nothing counted twice, nothing gone, whatever moment it is read at.
        int compacted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            mayWrite.Release();
            compacted += (await CompactAsync()).CompactedFiles;
            Assert.True(compacted > 0 || round == 0);
            long least = Volatile.Read(ref flushed);
            long seen = Log.Summarize(Token).Generations;
            Assert.InRange(seen, least, Volatile.Read(ref begun));
            await await Task.WhenAny(written.WaitAsync(Token), recording);
        }

        await recording;
        CompactionResult last = await CompactAsync();
        Assert.Equal(1, last.OpenFiles);
        Assert.Single(Files("*.jsonl"));
        Assert.Equal((begun, begun), (Log.Summarize(Token).Generations, Log.Summarize(Token).Tokens.TotalPromptTokens));
    }

    [Fact]
    public async Task A_reader_that_reads_all_the_time_sees_every_record_once()
    {
        for (int round = 1; round <= 4; round++)
        {
            for (int i = 0; i < 20; i++)
                _directory.Write(string.Create(CultureInfo.InvariantCulture, $"metrics-{(round * 20) + i:000000}.jsonl"), Good, Good);
            Task<CompactionResult> compacting = CompactAsync();
            do Assert.Equal(round * 40, Log.Summarize(Token).Generations);
            while (!compacting.IsCompleted);
            Assert.Single((await compacting).Files);
        }
    }

    [Fact]
    public async Task A_later_run_in_the_directory_writes_beside_what_is_compacted()
    {
        for (int run = 0; run < 3; run++)
        {
            using (var monitor = new GenerationMonitor(PatientMonitor.Options(_directory.Path)))
                monitor.TrackGeneration(TimeSpan.FromSeconds(1), true);
            Assert.Equal($"metrics{(run == 0 ? "" : $"-{run:000000}")}.jsonl", Path.GetFileName(Assert.Single(Files("*.jsonl"))));
            await CompactAsync();
            Assert.Equal($"metrics-000000-{run:000000}.parquet", Path.GetFileName(Assert.Single(Files("metrics*"))));
            Assert.Equal(run + 1, Log.Summarize(Token).Generations);
        }
    }

    [Fact]
    public async Task What_a_killed_compaction_has_left_counts_once_and_is_removed_by_the_next()
    {
        _directory.Write("metrics.jsonl", Good);
        _directory.Write("metrics-000001.jsonl", Good);
        byte[] first = File.ReadAllBytes(Files("metrics.jsonl")[0]);
        await CompactAsync();
        byte[] small = File.ReadAllBytes(Files("metrics*.parquet")[0]);
        _directory.Write("metrics-000002.jsonl", Good);
        await CompactAsync();
        string before = Content();
        File.WriteAllBytes(Path.Combine(_directory.Path, "metrics.jsonl"), first);
        File.WriteAllBytes(Path.Combine(_directory.Path, "metrics-000000-000001.parquet"), small);
        File.WriteAllBytes(Path.Combine(_directory.Path, ".metrics-000000-000007.parquet.unfinished"), small);

        Assert.Equal(before, Content());
        Assert.Equal(3, Log.Summarize(Token).Generations);
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(_directory.Path)))
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true);
        Assert.Equal(4, Log.Summarize(Token).Generations);

        CompactionResult result = await CompactAsync();
        Assert.Equal("metrics-000000-000003.parquet", Path.GetFileName(Assert.Single(result.Files)));
        Assert.Equal(result.Files, Directory.GetFiles(_directory.Path, "*metrics*"));
        Assert.Equal(4, Log.Summarize(Token).Generations);
    }

    [Fact]
    public async Task Retention_neither_counts_nor_deletes_what_is_compacted()
    {
        _directory.Write("metrics.jsonl", Enumerable.Repeat(Good, 10_000));
        await CompactAsync();
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path);
        options.LogFiles.MaxFileSize = 4096;
        options.LogFiles.MaxTotalSize = 12_288;
        options.LogFiles.MinRetention = TimeSpan.Zero;
        using (var monitor = new GenerationMonitor(options))
        {
            for (int i = 0; i < 100; i++)
            {
                monitor.RecordMetric("m", i);
                for (int j = 0; j < 4; j++)
                    monitor.RecordMetric("filler", j, new Dictionary<string, object?> { ["text"] = new string('x', 100) });
                await monitor.FlushAsync(Token);
            }
        }

        RunSummary summary = Log.Summarize(Token);

        Assert.Equal(10_000, summary.Generations);
        Assert.InRange(Files("*.jsonl").Sum(file => new FileInfo(file).Length), 4097, 12_288);
        Assert.Equal(99, summary.Metrics["m"].Max);
    }

    [Fact]
    public async Task A_second_compaction_of_a_directory_is_refused_while_the_first_is_at_work()
    {
        _directory.Write("metrics.jsonl", Good);
        Directory.CreateDirectory(Path.Combine(_directory.Path, ".locks"));
        await using var other = new FileStream(
            Path.Combine(_directory.Path, ".locks", "compact.lock"),
            FileMode.OpenOrCreate,
            FileAccess.ReadWrite,
            FileShare.None);

        var exception = await Assert.ThrowsAsync<IOException>(CompactAsync);

        Assert.Contains(_directory.Path, exception.Message, StringComparison.Ordinal);
        Assert.Single(Files("metrics*"));
    }

    [Fact]
    public async Task A_cancelled_compaction_leaves_everything_as_it_was()
    {
        _directory.Write("metrics.jsonl", Enumerable.Repeat(Good, 200_000));
        using var stop = new CancellationTokenSource();
        var progress = new Stop(stop);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Log.CompactAsync(progress, stop.Token));

        Assert.Equal(["metrics.jsonl"], Directory.GetFiles(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Empty_files_stay()
    {
        _directory.Write("metrics.jsonl");

        Assert.Empty((await CompactAsync()).Files);
        Assert.Single(Files("metrics.jsonl"));
    }

    [Fact]
    public async Task Exports_are_those_of_the_files_that_were_compacted()
    {
        _directory.Write(
            "metrics.jsonl",
            Enumerable
                .Range(0, 5000)
                .Select(i =>
                    $$"""{"timestamp":"2026-11-23T14:25:38.{{9_999_999 - i:0000000}}Z","event":"generation","duration":{{i}}.5"""
                    + ""","success":true}"""
                ));
        _directory.Write("metrics-000001.jsonl", Good);
        string json = Path.Combine(_directory.Path, "out.json");
        var options = new ExportOptions
        {
            Shape = ExportShape.Records,
            Since = new DateTimeOffset(2026, 11, 23, 14, 25, 38, 999, TimeSpan.Zero),
        };
        await CompactAsync();
        ExportSummary after = await Log.ExportMetricsAsync(json, ExportFormat.Json, options, cancellationToken: Token);

        // Lines are in their order, though it is not that of time.
        double[] durations =
        [
            .. JsonDocument
                .Parse(File.ReadAllText(json))
                .RootElement.EnumerateArray()
                .Select(row => row.GetProperty("duration").GetDouble()),
        ];
        Assert.Equal(5000, after.Rows);
        Assert.Equal(durations.Order(), durations);
    }

    private sealed class Stop(CancellationTokenSource source) : IProgress<double>
    {
        public void Report(double value) => source.Cancel();
    }
}
