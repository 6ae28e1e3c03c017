using System.Text.Json;

namespace Afterimage.Monitoring.Reporting.Tests;

public sealed class LogDirectoryTests : IDisposable
{
    private const string Time = "\"timestamp\":\"2026-11-23T14:25:38.1234567Z\"";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private RunSummary Summarize() => LogDirectory.Open(_directory.Path).Summarize(TestContext.Current.CancellationToken);

    [Fact]
    public void Open_says_which_directory_does_not_exist()
    {
        string path = Path.Combine(_directory.Path, "nowhere");

        var exception = Assert.Throws<DirectoryNotFoundException>(() => LogDirectory.Open(path));

        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_says_that_a_file_is_no_directory()
    {
        string path = _directory.Write("file");

        var exception = Assert.Throws<DirectoryNotFoundException>(() => LogDirectory.Open(path));

        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Open_wants_a_path(string? path) => Assert.ThrowsAny<ArgumentException>(() => LogDirectory.Open(path!));

    [Fact]
    public void A_directory_without_records_has_an_empty_summary()
    {
        RunSummary none = Summarize();
        _directory.Write("metrics.jsonl");
        RunSummary empty = Summarize();

        Assert.Empty(none.Files);
        Assert.Single(empty.Files);
        foreach (RunSummary summary in (RunSummary[])[none, empty])
        {
            Assert.Equal((0, 0, 0, 0), (summary.Generations, summary.Evaluations, summary.SkippedLines, summary.NonFinitePoints));
            Assert.Empty(summary.Metrics);
            Assert.Empty(summary.Tokens.ByModel);
            Assert.Null(summary.FirstTimestamp);
        }
    }

    [Fact]
    public void A_directory_of_many_small_files_is_read_whole_and_in_order()
    {
        const int Files = 1_500;
        for (int i = 0; i < Files; i++)
            _directory.Write(
                $"run-{i:0000}/metrics.jsonl",
                $$"""{{{Time}},"event":"generation","duration":{{i}},"success":true}""",
                "torn");

        RunSummary summary = Summarize();
        using LogQuery query = LogDirectory
            .Open(_directory.Path)
            .Query("SELECT duration FROM generations", TestContext.Current.CancellationToken);
        List<double> durations = [];
        while (query.Reader.Read())
            durations.Add(query.Reader.GetDouble(0));

        Assert.Equal((Files, Files, Files), (summary.Files.Count, summary.Generations, summary.SkippedLines));
        Assert.Equal(Enumerable.Range(0, Files).Select(i => (double)i), durations);
    }

    [Fact]
    public void Points_are_derived_from_records_as_the_format_says()
    {
        _directory.Write(
            "metrics.jsonl",
            """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.25,"success":true"""
                + ""","model_name":"gpt-4o","prompt_token_count":374,"completion_token_count":44"""
                + ""","finish_reason":"stop","time_to_first_token":0.25,"conversation_length":3}""",
            """{"timestamp":"2026-11-23T14:25:39Z","event":"generation","duration":2,"success":false"""
                + ""","error":"TimeoutException","total_token_count":10}""",
            """{"timestamp":"2026-11-23T14:25:37.5Z","event":"evaluation","duration":0.5,"success":true"""
                + ""","evaluator_type":"judge","scores":{"clarity":0.75,"depth":2},"model_name":"gpt-4o","prompt_token_count":6}""",
            """{"timestamp":"2026-11-23T14:25:38.5Z","event":"metric","metric_name":"queue_depth","value":-7.5,"metadata":{"a":null}}""",
            """{"timestamp":"2026-11-23T14:25:38.5Z","event":"metric","metric_name":"prompt_token_count","value":100"""
                + ""","metadata":{"model_name":"m"}}"""
        );

        RunSummary summary = Summarize();

        Assert.Equal(2, summary.Generations);
        Assert.Equal(1, summary.Evaluations);
        Assert.Equal(0, summary.SkippedLines);
        Assert.Equal(DateTimeOffset.Parse("2026-11-23T14:25:37.5Z", null), summary.FirstTimestamp);
        Assert.Equal(DateTimeOffset.Parse("2026-11-23T14:25:39Z", null), summary.LastTimestamp);
        Assert.Equal(
            new Dictionary<string, (long Count, double Sum, double Min, double Max)>
            {
                ["completion_token_count"] = (1, 44, 44, 44),
                ["conversation_length"] = (1, 3, 3, 3),
                ["error_rate"] = (2, 1, 0, 1),
                ["evaluation_error_rate"] = (1, 0, 0, 0),
                ["evaluation_score_clarity"] = (1, 0.75, 0.75, 0.75),
                ["evaluation_score_depth"] = (1, 2, 2, 2),
                ["evaluation_time"] = (1, 0.5, 0.5, 0.5),
                ["finish_reason:stop"] = (1, 1, 1, 1),
                ["generation_time"] = (2, 3.25, 1.25, 2),
                ["model_usage:gpt-4o"] = (1, 1, 1, 1),
                ["prompt_token_count"] = (3, 480, 6, 374),
                ["queue_depth"] = (1, -7.5, -7.5, -7.5),
                ["success_rate"] = (2, 1, 0, 1),
                ["time_to_first_token"] = (1, 0.25, 0.25, 0.25),
                ["total_token_count"] = (3, 434, 6, 418),
            },
            summary.Metrics.ToDictionary(m => m.Key, m => (m.Value.Count, m.Value.Sum, m.Value.Min, m.Value.Max)));
        Assert.Equal(
            [
                new ModelTokenUsage { ModelName = "gpt-4o", PromptTokens = 380, CompletionTokens = 44, TotalTokens = 424 },
                new ModelTokenUsage { ModelName = "m", PromptTokens = 100, CompletionTokens = 0, TotalTokens = 0 },
                new ModelTokenUsage { ModelName = "unknown", PromptTokens = 0, CompletionTokens = 0, TotalTokens = 10 },
            ],
            summary.Tokens.ByModel);
        Assert.Equal((480, 44, 434), (summary.Tokens.TotalPromptTokens, summary.Tokens.TotalCompletionTokens, summary.Tokens.TotalTokens));
    }

    [Theory]
    [InlineData("torn in the middle", """{"timestamp":"2026-11-23T14:25:38.1Z","event":"gener""")]
    [InlineData("no object", "[1,2]")]
    [InlineData("no record", "{}")]
    [InlineData("no timestamp", """{"event":"metric","metric_name":"m","value":1}""")]
    [InlineData("no date", """{"timestamp":"2026-13-45T14:25:38Z","event":"metric","metric_name":"m","value":1}""")]
    [InlineData("no zone", """{"timestamp":"2026-11-23T14:25:38","event":"metric","metric_name":"m","value":1}""")]
    [InlineData("timestamp a number", """{"timestamp":1795443938,"event":"metric","metric_name":"m","value":1}""")]
    [InlineData("unknown event", "{" + Time + ""","event":"party","duration":1,"success":true}""")]
    [InlineData("event an object", "{" + Time + ""","event":{"generation":1},"duration":1,"success":true}""")]
    [InlineData("no duration", "{" + Time + ""","event":"generation","success":true}""")]
    [InlineData("no success", "{" + Time + ""","event":"generation","duration":1}""")]
    [InlineData("duration a text", "{" + Time + ""","event":"generation","duration":"1","success":true}""")]
    [InlineData("success a number", "{" + Time + ""","event":"generation","duration":1,"success":1}""")]
    [InlineData("model a number", "{" + Time + ""","event":"generation","duration":1,"success":true,"model_name":4}""")]
    [InlineData("half a token", "{" + Time + ""","event":"generation","duration":1,"success":true,"prompt_token_count":3.5}""")]
    [InlineData("tokens a text", "{" + Time + ""","event":"generation","duration":1,"success":true,"prompt_token_count":"7"}""")]
    [InlineData(
        "tokens past 64 bits",
        "{" + Time + ""","event":"generation","duration":1,"success":true,"prompt_token_count":99999999999999999999}""")]
    [InlineData("score a text", "{" + Time + ""","event":"evaluation","duration":1,"success":true,"scores":{"a":1,"b":"good"}}""")]
    [InlineData("scores a list", "{" + Time + ""","event":"evaluation","duration":1,"success":true,"scores":[1]}""")]
    [InlineData("metric without a name", "{" + Time + ""","event":"metric","value":1}""")]
    [InlineData("metric without a value", "{" + Time + ""","event":"metric","metric_name":"m"}""")]
    [InlineData("value true", "{" + Time + ""","event":"metric","metric_name":"m","value":true}""")]
    public void A_line_that_is_no_valid_record_is_left_out_whole_and_counted(string what, string line)
    {
        string good = "{" + Time + ""","event":"generation","duration":1,"success":true}""";
        _directory.Write("metrics.jsonl", good, line, good);

        RunSummary summary = Summarize();

        Assert.True(summary.SkippedLines == 1, what);
        Assert.Equal(2, summary.Generations);
        Assert.Equal(["error_rate", "generation_time", "success_rate"], summary.Metrics.Keys);
        Assert.Equal(2, summary.Metrics["generation_time"].Sum);
    }

    [Fact]
    public void Keys_that_the_format_does_not_know_are_ignored()
    {
        _directory.Write(
            "metrics.jsonl",
            "{" + Time + ""","event":"generation","duration":1,"success":true,"new":{"a":[1]},"tags":{"duration":9}}""");

        RunSummary summary = Summarize();

        Assert.Equal((1, 0), (summary.Generations, summary.SkippedLines));
    }

    [Fact]
    public void A_torn_last_line_is_counted_in_each_file()
    {
        string good = "{" + Time + ""","event":"generation","duration":1,"success":true}""";
        foreach (string name in (string[])["metrics.jsonl", "metrics-000001.jsonl"])
            File.WriteAllText(Path.Combine(_directory.Path, name), good + "\n" + good[..40]);

        RunSummary summary = Summarize();

        Assert.Equal((2, 2), (summary.Generations, summary.SkippedLines));
    }

    [Fact]
    public void Zeros_left_by_a_crash_and_broken_text_are_skipped()
    {
        string good = "{" + Time + ""","event":"generation","duration":1,"success":true}""" + "\n";
        byte[] bytes = [.. "{\"timestamp\":\"\u00ff"u8[..^1], (byte)'\n', .. new byte[4096], (byte)'\n'];
        using (FileStream file = File.Create(Path.Combine(_directory.Path, "metrics.jsonl")))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(good));
            file.Write(bytes);
            file.Write(System.Text.Encoding.UTF8.GetBytes(good));
        }

        RunSummary summary = Summarize();

        Assert.Equal((2, 2), (summary.Generations, summary.SkippedLines));
    }

    [Fact]
    public void Values_that_are_not_finite_are_counted_and_kept_out()
    {
        _directory.Write(
            "metrics.jsonl",
            "{" + Time + ""","event":"metric","metric_name":"m","value":"NaN"}""",
            "{" + Time + ""","event":"metric","metric_name":"m","value":"Infinity"}""",
            "{" + Time + ""","event":"metric","metric_name":"m","value":4}""",
            "{" + Time + ""","event":"metric","metric_name":"never","value":"-Infinity"}""",
            "{" + Time + ""","event":"evaluation","duration":1,"success":true,"scores":{"s":"NaN","t":1}}""");

        RunSummary summary = Summarize();

        Assert.Equal(4, summary.NonFinitePoints);
        Assert.Equal(0, summary.SkippedLines);
        Assert.Equal(new MetricSummary
        {
            Count = 1,
            Sum = 4,
            Mean = 4,
            Min = 4,
            Max = 4,
            P50 = 4,
            P95 = 4,
            P99 = 4,
        }, summary.Metrics["m"]);
        Assert.Equal(["evaluation_error_rate", "evaluation_score_t", "evaluation_time", "m"], summary.Metrics.Keys);
    }

    [Fact]
    public void Hostile_names_are_data()
    {
        string[] names =
        [
            "'); DROP TABLE record; --",
            "\"quoted\"",
            "line\nbreak",
            "$.a[0]",
            "nul\0",
            "../../x",
            "${files}",
            "Ä€🙂",
            "{0}",
            "MODEL",
            "model",
        ];
        _directory.Write(
            "metrics.jsonl",
            names.SelectMany(name =>
            {
                string text = JsonSerializer.Serialize(name);
                return (string[])
                    [
                        "{"
                            + Time
                            + $$""","event":"generation","duration":1,"success":true,"model_name":{{text}},"prompt_token_count":5"""
                            + $$""","finish_reason":{{text}}}""",
                        "{" + Time + $$$""","event":"evaluation","duration":1,"success":true,"scores":{{{{text}}}:2}}""",
                        "{" + Time + $$""","event":"metric","metric_name":{{text}},"value":3}""",
                    ];
            }));

        RunSummary summary = Summarize();

        Assert.Equal(0, summary.SkippedLines);
        Assert.Equal(names.Order(StringComparer.Ordinal), summary.Tokens.ByModel.Select(model => model.ModelName));
        Assert.All(summary.Tokens.ByModel, model => Assert.Equal(5, model.PromptTokens));
        foreach (string name in names)
        {
            Assert.Equal(1, summary.Metrics["model_usage:" + name].Count);
            Assert.Equal(1, summary.Metrics["finish_reason:" + name].Count);
            Assert.Equal(2, summary.Metrics["evaluation_score_" + name].Sum);
            Assert.Equal(3, summary.Metrics[name].Sum);
        }
    }

    [Fact]
    public void Files_are_read_recursively_whatever_their_paths_hold()
    {
        string good = "{" + Time + ""","event":"generation","duration":1,"success":true}""";
        string[] names =
        [
            "metrics.jsonl",
            "metrics1.jsonl",
            "metrics[1].jsonl",
            "metrics-000001.jsonl",
            "a'b/metrics.jsonl",
            "[ab]/metrics.jsonl",
            "a/metrics.jsonl",
            "{x,y}/metrics.jsonl",
            "duration=5/metrics.jsonl",
            "a b/ü/metrics.jsonl",
            "**/metrics.jsonl",
            "?/metrics*.jsonl",
            "back\\slash/metrics.jsonl",
        ];
        if (OperatingSystem.IsWindows())
            names = [.. names.Where(name => name.AsSpan().IndexOfAny('*', '?', '\\') < 0)];
        foreach (string name in names)
            _directory.Write(name, good);
        _directory.Write("other.jsonl", good);
        _directory.Write("metrics.json", good);

        RunSummary summary = Summarize();

        Assert.Equal(names.Length, summary.Files.Count);
        Assert.Equal(names.Length, summary.Generations);
        Assert.Equal(names.Length, summary.Metrics["generation_time"].Sum);
    }

    [Fact]
    public void A_path_with_a_backslash_and_brackets_is_read_as_it_is()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "a backslash separates directories there");
        _directory.Write("[a]\\b/metrics.jsonl", "{" + Time + ""","event":"generation","duration":1,"success":true}""");

        Assert.Equal(1, Summarize().Generations);
    }

    [Fact]
    public void Sums_and_quantiles_are_exact()
    {
        var random = new Random(20261123);
        double[] values = [.. Enumerable.Range(0, 20_001).Select(_ => Math.Round(Math.Exp(random.NextDouble() * 20 - 10), 7)), 1e16, -1e16];
        random.Shuffle(values);
        _directory.Write("metrics.jsonl", values.Select(v =>
            "{" + Time + ",\"event\":\"metric\",\"metric_name\":\"m\",\"value\":" + JsonSerializer.Serialize(v) + "}"));

        MetricSummary metric = Summarize().Metrics["m"];

        double[] sorted = [.. values.Order()];
        decimal sum = values.Sum(v => (decimal)v);
        Assert.Equal(values.Length, metric.Count);
        Assert.Equal((double)sum, metric.Sum, 1e-9);
        Assert.Equal((sorted[0], sorted[^1]), (metric.Min, metric.Max));
        Assert.Equal(
            (
                sorted[(int)Math.Ceiling(0.5 * sorted.Length) - 1],
                sorted[(int)Math.Ceiling(0.95 * sorted.Length) - 1],
                sorted[(int)Math.Ceiling(0.99 * sorted.Length) - 1]),
            (metric.P50, metric.P95, metric.P99));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(20)]
    [InlineData(21)]
    [InlineData(100)]
    [InlineData(101)]
    public void A_quantile_is_the_smallest_value_with_its_share_at_or_below(int count)
    {
        _directory.Write("metrics.jsonl", Enumerable.Range(0, count).Select(i =>
            "{" + Time + $$""","event":"metric","metric_name":"m","value":{{i}}}"""));

        MetricSummary metric = Summarize().Metrics["m"];

        Assert.Equal(
            (Math.Ceiling(0.5 * count) - 1, Math.Ceiling(0.95 * count) - 1, Math.Ceiling(0.99 * count) - 1),
            (metric.P50, metric.P95, metric.P99));
    }

    [Fact]
    public void First_and_last_timestamps_keep_100_ns_and_are_utc()
    {
        _directory.Write(
            "metrics.jsonl",
            """{"timestamp":"2026-11-23T16:00:00.0000001+02:00","event":"metric","metric_name":"m","value":1}""",
            """{"timestamp":"2500-01-01T00:00:00.123456Z","event":"metric","metric_name":"m","value":1}""");

        RunSummary summary = Summarize();

        Assert.Equal(new DateTimeOffset(2026, 11, 23, 14, 0, 0, TimeSpan.Zero).AddTicks(1), summary.FirstTimestamp);
        Assert.Equal(TimeSpan.Zero, summary.FirstTimestamp!.Value.Offset);
        Assert.Equal(new DateTimeOffset(2500, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(1_234_560), summary.LastTimestamp);
    }

    [Fact]
    public async Task A_directory_is_readable_while_it_is_written()
    {
        string line = "{" + Time + ""","event":"generation","duration":1,"success":true,"prompt_token_count":2}""" + "\n";
        using var stop = new CancellationTokenSource();
        await using var writer = new StreamWriter(new FileStream(
            Path.Combine(_directory.Path, "metrics.jsonl"), FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 777));
        Task writing = Task.Run(
            async () =>
            {
                for (int i = 0; i < 200_000 && !stop.IsCancellationRequested; i++)
                    await writer.WriteAsync(line);
            },
            CancellationToken.None);

        long last = 0;
        for (int i = 0; i < 5; i++)
        {
            RunSummary summary = Summarize();
            Assert.InRange(summary.Generations, last, long.MaxValue);
            Assert.InRange(summary.SkippedLines, 0, 1);
            Assert.Equal(2 * summary.Generations, summary.Tokens.TotalPromptTokens);
            last = summary.Generations;
        }

        await stop.CancelAsync();
        await writing;
    }

    [Fact]
    public void A_cancelled_token_ends_the_work()
    {
        _directory.Write("metrics.jsonl");

        Assert.ThrowsAny<OperationCanceledException>(() =>
            LogDirectory.Open(_directory.Path).Summarize(new CancellationToken(canceled: true)));
    }

    [Fact]
    public void What_runs_say_they_lost_is_added_up_and_a_run_that_says_nothing_counts_nothing()
    {
        using var directory = new TemporaryDirectory();
        directory.Write(
            "a/run.json",
            """{"format_version":1,"end":"2026-11-23T14:25:38Z","recorded":9,"dropped":1,"written":5,"failed":3}"""
        );
        directory.Write(
            "a/run-000001.json",
            """{"format_version":1,"end":"2026-11-23T14:25:38Z","recorded":9,"dropped":10,"written":5,"failed":30}"""
        );
        directory.Write("b/run.json", """{"format_version":1}""");
        directory.Write("c/run.json", "[]");
        directory.Write("d/run.json", "{");
        directory.Write("e/runner.json", """{"dropped":"1","failed":0.5}""");
        directory.Write("a/.locks/run.json");
        directory.Write("a/.locks/metrics.jsonl");

        RunSummary summary = LogDirectory.Open(directory.Path).Summarize(TestContext.Current.CancellationToken);

        Assert.Equal((11, 33), (summary.DroppedRecords, summary.FailedRecords));
        Assert.Empty(summary.Files);
    }

    [Fact]
    public void Nothing_is_left_in_the_directory()
    {
        _directory.Write("metrics.jsonl", "{" + Time + ""","event":"generation","duration":1,"success":true}""");

        Summarize();

        Assert.Equal([Path.Combine(_directory.Path, "metrics.jsonl")], Directory.GetFileSystemEntries(_directory.Path));
    }
}
