using System.Collections;
using System.Globalization;
using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Monitoring.Tests.Log;

/// <summary>The lines of docs/log-format.md: these keys in this order, and no others.</summary>
public sealed class LogFormatTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromTicks(12_500_001);

    public static TheoryData<string> HostileNames => new(
        "quote \" backslash \\ slash /",
        "line\nbreak\r\nand\ttab and \0 null and \u2028 separator",
        "emoji 🦜 and Ünïcödé 漢字",
        "../../etc/passwd",
        "<script>alert('x')</script> & {} [] , :",
        "=1+1",
        "'; DROP TABLE metrics; --",
        " ",
        new string('x', 300));

    [Fact]
    public void A_generation_with_everything_has_every_key()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(Duration, true, new GenerationDetails
        {
            ModelName = "gpt-4o",
            PromptTokenCount = 374,
            CompletionTokenCount = 44,
            TotalTokenCount = 500,
            CachedPromptTokenCount = 128,
            ReasoningTokenCount = 8,
            FinishReason = "stop",
            Error = "late",
            ConversationLength = 2,
            TimeToFirstToken = TimeSpan.FromMilliseconds(250),
            Provider = "openai",
            Operation = "chat",
            Timestamp = new DateTimeOffset(2026, 11, 23, 15, 25, 38, TimeSpan.FromHours(1)).AddTicks(1_234_567),
            Tags = [new("task", "qa"), new("attempt", 2)],
        });

        Assert.Equal(
            """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.2500001,"success":true"""
                + ""","model_name":"gpt-4o","prompt_token_count":374,"completion_token_count":44,"total_token_count":500"""
                + ""","cached_prompt_token_count":128,"reasoning_token_count":8,"finish_reason":"stop","conversation_length":2"""
                + ""","time_to_first_token":0.25,"provider":"openai","operation":"chat","error":"late","tags":"""
                + """{"task":"qa","attempt":2}}""",
            Assert.Single(run.Records()).GetRawText());
    }

    [Fact]
    public void A_generation_with_nothing_has_only_what_every_generation_has()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(Duration, false);

        Assert.Equal(
            """{"timestamp":"2026-11-23T14:00:00Z","event":"generation","duration":1.2500001,"success":false}""",
            Assert.Single(run.Records()).GetRawText());
    }

    [Theory]
    [InlineData("model_name")]
    [InlineData("prompt_token_count")]
    [InlineData("completion_token_count")]
    [InlineData("total_token_count")]
    [InlineData("cached_prompt_token_count")]
    [InlineData("reasoning_token_count")]
    [InlineData("finish_reason")]
    [InlineData("error")]
    [InlineData("conversation_length")]
    [InlineData("time_to_first_token")]
    [InlineData("provider")]
    [InlineData("operation")]
    [InlineData("tags")]
    public void Each_detail_of_a_generation_has_its_key_and_no_other(string key)
    {
        GenerationDetails details = key switch
        {
            "model_name" => new() { ModelName = "x" },
            "prompt_token_count" => new() { PromptTokenCount = 0 },
            "completion_token_count" => new() { CompletionTokenCount = 0 },
            "total_token_count" => new() { TotalTokenCount = 0 },
            "cached_prompt_token_count" => new() { CachedPromptTokenCount = 0 },
            "reasoning_token_count" => new() { ReasoningTokenCount = 0 },
            "finish_reason" => new() { FinishReason = "x" },
            "error" => new() { Error = "x" },
            "conversation_length" => new() { ConversationLength = 0 },
            "time_to_first_token" => new() { TimeToFirstToken = TimeSpan.Zero },
            "provider" => new() { Provider = "x" },
            "operation" => new() { Operation = "x" },
            _ => new() { Tags = [new("x", null)] },
        };
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(Duration, true, details);

        Assert.Equal(["timestamp", "event", "duration", "success", key], Assert.Single(run.Records()).Keys());
    }

    [Fact]
    public void An_evaluation_with_everything_has_every_key()
    {
        using var run = new MonitorRun();
        var details = new EvaluationDetails
        {
            ModelName = "judge",
            PromptTokenCount = 1,
            CompletionTokenCount = 2,
            TotalTokenCount = 4,
            Error = "late",
            Tags = [new("a", true)],
        };
        run.Monitor.TrackEvaluation(
            Duration,
            false,
            "rubric",
            new Dictionary<string, EvaluationScore> { ["tone"] = new(0.5, "a \"bit\" dry"), ["facts"] = new(double.PositiveInfinity) },
            details);
        run.Monitor.TrackEvaluation(Duration, true, "rubric", new Dictionary<string, double>());
        run.Monitor.TrackEvaluation(Duration, true, "rubric", new Dictionary<string, double> { ["tone"] = 1 });

        var lines = run.Records();
        Assert.Equal(
            """{"timestamp":"2026-11-23T14:00:00Z","event":"evaluation","duration":1.2500001,"success":false"""
                + ""","model_name":"judge","prompt_token_count":1,"completion_token_count":2,"total_token_count":4"""
                + ""","evaluator_type":"rubric","scores":{"tone":0.5,"facts":"Infinity"}"""
                + ""","feedback":{"tone":"a \u0022bit\u0022 dry"},"error":"late","tags":{"a":true}}""",
            lines[0].GetRawText());
        Assert.Equal(["timestamp", "event", "duration", "success", "evaluator_type", "scores"], lines[1].Keys());
        Assert.Empty(lines[1].GetProperty("scores").Keys());
        Assert.Equal(["timestamp", "event", "duration", "success", "evaluator_type", "scores"], lines[2].Keys());
    }

    [Fact]
    public void A_metric_has_name_value_and_metadata()
    {
        using var run = new MonitorRun();
        run.Monitor.RecordMetric("gpu", 0.1);
        run.Monitor.RecordMetric(
            "gpu",
            -1e300,
            new Dictionary<string, object?> { ["model_name"] = "m", ["none"] = null },
            MonitorRun.Start.ToOffset(TimeSpan.FromHours(-5)));
        run.Monitor.RecordMetric("gpu", 1, new Dictionary<string, object?>());

        Assert.Equal(
            [
                """{"timestamp":"2026-11-23T14:00:00Z","event":"metric","metric_name":"gpu","value":0.1}""",
                """{"timestamp":"2026-11-23T14:00:00Z","event":"metric","metric_name":"gpu","value":-1E+300"""
                    + ""","metadata":{"model_name":"m","none":null}}""",
                """{"timestamp":"2026-11-23T14:00:00Z","event":"metric","metric_name":"gpu","value":1}""",
            ],
            run.Records().Select(r => r.GetRawText()));
    }

    [Theory]
    [MemberData(nameof(HostileNames))]
    public void Names_and_texts_of_any_content_come_back_as_they_were(string hostile)
    {
        var handler = new PointHandler();
        using var run = new MonitorRun(o =>
        {
            o.MetricHandlers.Add(handler);
            o.MetricHandlers.Add(new FileMetricHandler(o.LogDirectory!));
        });
        KeyValuePair<string, object?>[] tags = [new(hostile, hostile)];
        run.Monitor.TrackGeneration(Duration, true, new GenerationDetails
        {
            ModelName = hostile,
            FinishReason = hostile,
            Error = hostile,
            Provider = hostile,
            Operation = hostile,
            PromptTokenCount = 1,
            Tags = tags,
        });
        run.Monitor.TrackEvaluation(Duration, true, hostile, new Dictionary<string, EvaluationScore> { [hostile] = new(1, hostile) });
        run.Monitor.RecordMetric(hostile, 1, new Dictionary<string, object?>(tags));
        run.Monitor.LogError(hostile, new InvalidOperationException(hostile), new Dictionary<string, object?>(tags));

        Assert.Equal(hostile, Assert.Single(run.Monitor.GetTotalTokenUsage().ByModel).ModelName);
        Assert.Equal(1, run.Monitor.GetMetrics($"model_usage:{hostile}").Count);
        Assert.Equal(1, run.Monitor.GetMetrics($"evaluation_score_{hostile}").Count);
        Assert.Equal(1, run.Monitor.GetMetrics(hostile).Count);
        Assert.NotEqual(default, JsonFile.Object(run.Monitor.SaveMetrics()).GetProperty("metrics").GetProperty(hostile));

        var records = run.Records();
        Assert.Equal(3, records.Count);
        Assert.All(
            (string[])["model_name", "finish_reason", "error", "provider", "operation"],
            key => Assert.Equal(hostile, records[0].Text(key)));
        Assert.Equal(hostile, records[0].GetProperty("tags").Text(hostile));
        Assert.Equal(hostile, records[1].Text("evaluator_type"));
        Assert.Equal(1, records[1].GetProperty("scores").GetProperty(hostile).GetInt32());
        Assert.Equal(hostile, records[1].GetProperty("feedback").Text(hostile));
        Assert.Equal(hostile, records[2].Text("metric_name"));
        Assert.Equal(hostile, records[2].GetProperty("metadata").Text(hostile));
        JsonElement entry = Assert.Single(run.LogEntries());
        Assert.Equal((hostile, hostile, hostile), (entry.Text("message"), entry.Text("error"), entry.GetProperty("data").Text(hostile)));
        Assert.Contains(handler.Points, p => p.MetricName == hostile);

        // No name is a path.
        Assert.Equal(
            [".locks"],
            Directory.EnumerateDirectories(run.Monitor.LogDirectory!, "*", SearchOption.AllDirectories).Select(Path.GetFileName));
        Assert.Equal(4, Directory.EnumerateFiles(run.Monitor.LogDirectory!).Count());
    }

    [Fact]
    public void Unpaired_surrogates_become_replacement_characters_and_break_nothing()
    {
        const string Torn = "a\uD800b";
        const string Replaced = "a\uFFFDb";
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(
            Duration,
            true,
            new GenerationDetails
            {
                ModelName = Torn,
                FinishReason = Torn,
                Error = Torn,
                Provider = Torn,
                Tags = [new(Torn, Torn)],
            });
        run.Monitor.TrackEvaluation(Duration, true, Torn, new Dictionary<string, EvaluationScore> { [Torn] = new(1, Torn) });
        run.Monitor.RecordMetric(Torn, 1);
        run.Monitor.LogInfo(Torn);

        Assert.Equal(1, run.Monitor.GetMetrics(Torn).Count);
        run.Monitor.SaveMetrics();
        var records = run.Records();
        Assert.Equal(3, records.Count);
        Assert.All((string[])["model_name", "finish_reason", "error", "provider"], key => Assert.Equal(Replaced, records[0].Text(key)));
        Assert.Equal(Replaced, records[0].GetProperty("tags").Text(Replaced));
        Assert.Equal(Replaced, records[1].Text("evaluator_type"));
        Assert.Equal(Replaced, records[2].Text("metric_name"));
        Assert.Equal(Replaced, Assert.Single(run.LogEntries()).Text("message"));
        Assert.Equal(0, run.Monitor.GetStatistics().Failed);
    }

    [Fact]
    public void Of_a_tag_that_is_given_twice_the_last_value_counts()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(Duration, true, new GenerationDetails { Tags = [new("a", 1), new("b", 2), new("a", 3)] });

        Assert.Equal("""{"a":3,"b":2}""", Assert.Single(run.Records()).GetProperty("tags").GetRawText());
    }

    [Theory]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(100)]
    public void Of_many_tags_each_has_the_place_of_its_first_value_and_the_last_value(int count)
    {
        using var run = new MonitorRun();
        KeyValuePair<string, object?>[] tags =
        [
            .. Enumerable.Range(0, count - 1).Select(i => KeyValuePair.Create<string, object?>($"k{i}", i)),
            new("k3", "last"),
        ];
        run.Monitor.TrackGeneration(Duration, true, new GenerationDetails { Tags = tags });

        JsonElement written = Assert.Single(run.Records()).GetProperty("tags");
        Assert.Equal(
            Enumerable.Range(0, count - 1).Select(i => i == 3 ? "k3=last" : $"k{i}={i}"),
            written.EnumerateObject().Select(tag => $"{tag.Name}={tag.Value}"));
    }

    [Fact]
    public void Of_tags_that_are_more_than_their_count_says_all_are_written()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(Duration, true, new GenerationDetails { Tags = new GrowingTags() });

        Assert.Equal("""{"a":1,"b":2,"c":3}""", Assert.Single(run.Records()).GetProperty("tags").GetRawText());
    }

    [Fact]
    public void Details_given_in_any_order_are_written_in_the_order_of_the_format()
    {
        using var run = new MonitorRun();
        var details = new GenerationDetails
        {
            SpanId = "1111111111111111",
            Id = "i",
            CacheWriteTokenCount = 3,
            TraceId = "22222222222222222222222222222222",
            RequestModel = "r",
        };
        run.Monitor.TrackGeneration(Duration, true, details);
        run.Monitor.TrackGeneration(Duration, true, details with { Id = null, CacheWriteTokenCount = 4, UsageMissing = true });

        string[] keys = ["cache_write_token_count", "request_model", "id", "trace_id", "span_id", "usage_missing"];
        var records = run.Records();
        Assert.Equal(keys[..^1], records[0].EnumerateObject().Select(p => p.Name).Where(keys.Contains));
        Assert.Equal(keys.Where(key => key != "id"), records[1].EnumerateObject().Select(p => p.Name).Where(keys.Contains));
        Assert.Equal(4, records[1].GetProperty("cache_write_token_count").GetInt32());
    }

    [Fact]
    public void Values_that_are_no_scalars_are_written_as_their_invariant_text()
    {
        var values = new (object? Value, string Json)[]
        {
            (null, "null"),
            (true, "true"),
            ((byte)1, "1"),
            ((sbyte)-1, "-1"),
            ((short)2, "2"),
            ((ushort)3, "3"),
            (4, "4"),
            (5u, "5"),
            (long.MinValue, "-9223372036854775808"),
            (ulong.MaxValue, "18446744073709551615"),
            (1.5m, "1.5"),
            (0.1f, "0.1"),
            (0.1, "0.1"),
            ((Half)0.5, "0.5"),
            (double.NaN, "\"NaN\""),
            (float.NegativeInfinity, "\"-Infinity\""),
            ('c', "\"c\""),
            (AlertLevel.Error, "\"Error\""),
            (TimeSpan.FromSeconds(90), "\"00:01:30\""),
            (Guid.Empty, "\"00000000-0000-0000-0000-000000000000\""),
            (new Version(1, 2), "\"1.2\""),
            (new Uri("http://x/"), "\"http://x/\""),
            (new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), "\"2026-01-02T03:04:05.0000000Z\""),
            (new Nameless(), "null"),
        };
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(
            Duration,
            true,
            new GenerationDetails { Tags = [.. values.Select((v, i) => KeyValuePair.Create(Key(i), v.Value))] });
        run.Monitor.RecordMetric("m", 1, values.Select((v, i) => (v, i)).ToDictionary(x => Key(x.i), x => x.v.Value));

        var records = run.Records();
        foreach (JsonElement written in new[] { records[0].GetProperty("tags"), records[1].GetProperty("metadata") })
            Assert.Equal(values.Select(v => v.Json), values.Select((_, i) => written.GetProperty(Key(i)).GetRawText()));

        static string Key(int i) => i.ToString(CultureInfo.InvariantCulture);
    }

    [Fact]
    public void What_the_caller_changes_afterwards_is_not_in_the_record()
    {
        using var run = new MonitorRun();
        var metadata = new Dictionary<string, object?> { ["a"] = 1 };
        run.Monitor.RecordMetric("m", 1, metadata);
        run.Monitor.LogInfo("m", metadata);
        metadata["a"] = 2;
        metadata["b"] = 3;

        Assert.Equal("""{"a":1}""", Assert.Single(run.Records()).GetProperty("metadata").GetRawText());
        Assert.Equal("""{"a":1}""", Assert.Single(run.LogEntries()).GetProperty("data").GetRawText());
    }

    [Fact]
    public void Log_entries_have_level_message_error_and_data()
    {
        using var run = new MonitorRun();
        run.Monitor.LogInfo("one");
        run.Monitor.LogWarning("two", new Dictionary<string, object?> { ["k"] = 1 });
        run.Monitor.LogError("three");
        run.Monitor.LogError("four", new InvalidOperationException("never thrown"), new Dictionary<string, object?> { ["k"] = double.NaN });
        run.Monitor.LogError("five", Thrown());

        var entries = run.LogEntries();
        Assert.Equal(
            [
                """{"timestamp":"2026-11-23T14:00:00Z","level":"info","message":"one"}""",
                """{"timestamp":"2026-11-23T14:00:00Z","level":"warning","message":"two","data":{"k":1}}""",
                """{"timestamp":"2026-11-23T14:00:00Z","level":"error","message":"three"}""",
                """
                {"timestamp":"2026-11-23T14:00:00Z","level":"error","message":"four","error":"never thrown",
                """ + """
                "error_type":"System.InvalidOperationException","data":{"k":"NaN"}}
                """,
            ],
            entries.Take(4).Select(e => e.GetRawText()));
        Assert.Equal(["timestamp", "level", "message", "error", "error_type", "stack_trace"], entries[4].Keys());
        Assert.Contains(nameof(Thrown), entries[4].Text("stack_trace"), StringComparison.Ordinal);
        Assert.Empty(run.Records());
    }

    [Fact]
    public void A_log_handler_gets_the_entry_whole()
    {
        var handler = new EntryHandler();
        using var run = new MonitorRun(o => o.LogHandlers.Add(handler));
        var exception = new InvalidOperationException();
        run.Monitor.LogError("m", exception, new Dictionary<string, object?> { ["k"] = 1, ["version"] = new Version(1, 2) });
        run.Monitor.Dispose();

        LogEntry entry = Assert.Single(handler.Entries);
        Assert.Equal((MonitorRun.Start, Microsoft.Extensions.Logging.LogLevel.Error, "m"), (entry.Timestamp, entry.Level, entry.Message));
        Assert.Same(exception, entry.Exception);
        Assert.Equal(new Dictionary<string, object?> { ["k"] = 1L, ["version"] = "1.2" }, entry.Data);
    }

    [Fact]
    public void Times_of_a_clock_with_any_zone_are_written_as_utc()
    {
        using var directory = new TemporaryDirectory();
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 10, 25, 2, 30, 0, TimeSpan.FromHours(2)));
        clock.SetLocalTimeZone(TimeZoneInfo.CreateCustomTimeZone("test", TimeSpan.FromHours(2), "test", "test"));
        using (
            var monitor = new GenerationMonitor(
                new GenerationMonitorOptions { LogDirectory = directory.Path, ShutdownTimeout = Limits.Generous },
                clock))
        {
            monitor.TrackGeneration(Duration, true);
            monitor.LogInfo("m");
            Assert.EndsWith("metrics_20261025_003000.json", monitor.SaveMetrics(), StringComparison.Ordinal);
        }

        Assert.Equal("2026-10-25T00:30:00Z", Assert.Single(JsonFile.Lines(directory.File("metrics.jsonl"))).Text("timestamp"));
        Assert.Equal("2026-10-25T00:30:00Z", Assert.Single(JsonFile.Lines(directory.File("afterimage.log"))).Text("timestamp"));
        Assert.Equal("2026-10-25T00:30:00Z", JsonFile.Object(directory.File("run.json")).Text("start"));
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("thrown");
        }
        catch (InvalidOperationException e)
        {
            return e;
        }
    }

    /// <summary>A list that another thread adds to while it is read.</summary>
    private sealed class GrowingTags : IReadOnlyList<KeyValuePair<string, object?>>
    {
        private readonly KeyValuePair<string, object?>[] _tags = [new("a", 1), new("b", 2), new("c", 3)];

        public int Count => 1;

        public KeyValuePair<string, object?> this[int index] => _tags[index];

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _tags.AsEnumerable().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class Nameless
    {
        public override string? ToString() => null;
    }
}
