using System.Globalization;
using System.Text;
using Afterimage.Cli.CommandLine;
using Afterimage.Cli.Simulation;

namespace Afterimage.Fuzz.Tests;

/// <summary>Whatever a file holds, its reader answers or says what is wrong, and loses count of nothing.</summary>
public sealed class FuzzTests : IDisposable
{
    private static readonly int[] List = [1, 2];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Readers_of_records_count_every_line_alike()
    {
        byte[][] seeds = [OwnLines(), Text(ForeignLines)];
        CancellationToken token = TestContext.Current.CancellationToken;
        string log = Path.Combine(_directory.Path, "log");
        int input = 0;
        await FuzzLoop.Run("records", seeds, async bytes =>
        {
            Directory.CreateDirectory(log);
            File.WriteAllBytes(Path.Combine(log, "metrics.jsonl"), bytes);
            LogDirectory directory = LogDirectory.Open(log);
            RunSummary summary = directory.Summarize(token);

            // Opening a database takes a hundred times as long.
            if (input++ % 10 == 0)
            {
                using LogQuery query = directory.Query("SELECT count(*) FROM generations", token);
                Assert.True(query.Reader.Read());
                Assert.Equal(
                    (summary.Generations, summary.SkippedLines),
                    (Convert.ToInt64(query.Reader.GetValue(0), CultureInfo.InvariantCulture), query.SkippedLines));
                CompactionResult compacted = await directory.CompactAsync(cancellationToken: token);
                if (compacted.CompactedFiles > 0)
                {
                    Assert.Equal(Lines(bytes), compacted.Records + compacted.SkippedLines);
                    Assert.Equal(summary.SkippedLines, compacted.SkippedLines);
                    RunSummary again = directory.Summarize(token);
                    Assert.Equal((summary.Generations, summary.SkippedLines), (again.Generations, again.SkippedLines));
                }
            }

            Directory.Delete(log, recursive: true);
        });
    }

    [Fact]
    public async Task Readers_of_alerts_and_of_the_log_count_every_line()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        byte[][] seeds = [Text(Notes)];
        await FuzzLoop.Run("notes", seeds, bytes =>
        {
            File.WriteAllBytes(Path.Combine(_directory.Path, "alerts.jsonl"), bytes);
            File.WriteAllBytes(Path.Combine(_directory.Path, "afterimage.log"), bytes);
            LogDirectory directory = LogDirectory.Open(_directory.Path);
            AlertHistory history = directory.ReadAlerts(cancellationToken: token);
            Assert.Equal(Lines(bytes), history.Alerts.Count + history.SkippedLines);
            using LogQuery query = directory.Query("SELECT count(*) FROM logs", token);
            Assert.True(query.Reader.Read());
            Assert.Equal(Lines(bytes), Convert.ToInt64(query.Reader.GetValue(0), CultureInfo.InvariantCulture) + query.SkippedLines);
        });
    }

    [Fact]
    public Task Prices_are_read_or_refused_with_a_sentence() =>
        FuzzLoop.Run("prices", [Text(OwnPrices), Text(LiteLlmPrices)], bytes =>
        {
            string path = Path.Combine(_directory.Path, "prices.json");
            File.WriteAllBytes(path, bytes);
            try
            {
                ModelPricing.Load(path).Find("gpt-4o-2024-08-06")?.Cost(1_000_000, 1_000_000);
            }
            catch (FormatException)
            {
                // What is documented.
            }
        });

    [Theory]
    [InlineData("rules.json", RulesInJson)]
    [InlineData("rules.yaml", RulesInYaml)]
    public Task Rules_are_read_or_refused_with_a_sentence(string name, string rules) =>
        FuzzLoop.Run(name, [Text(rules)], bytes =>
        {
            string path = Path.Combine(_directory.Path, name);
            File.WriteAllBytes(path, bytes);
            try
            {
                SettingsFile.Read(path, AlertRule.Parse);
            }
            catch (InputException)
            {
                // What is documented.
            }
        });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task A_trace_is_read_or_refused_with_a_sentence(bool skipsInvalid) =>
        FuzzLoop.Run("trace", [Text(Trace)], bytes =>
        {
            string path = Path.Combine(_directory.Path, "trace.csv");
            File.WriteAllBytes(path, bytes);
            try
            {
                using TraceReader reader = TraceReader.Open(path, skipsInvalid);
                while (reader.TryRead(out _))
                {
                }
            }
            catch (InputException)
            {
                // What is documented.
            }
        });

    [Fact]
    public async Task An_import_takes_or_counts_every_line()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        string source = Path.Combine(_directory.Path, "python.jsonl");
        string log = Path.Combine(_directory.Path, "log");
        await FuzzLoop.Run("import", [Text(PythonPoints)], async bytes =>
        {
            File.WriteAllBytes(source, bytes);
            try
            {
                ImportResult result = await LogDirectory.ImportMetricsAsync(
                    source,
                    log,
                    TimeZoneInfo.Utc,
                    cancellationToken: token);
                RunSummary summary = result.LogDirectory.Summarize(token);
                Assert.Equal(0, summary.SkippedLines);
                Assert.Equal(result.Points, summary.Metrics.Values.Sum(metric => metric.Count) + summary.NonFinitePoints);
                Directory.Delete(log, recursive: true);
            }
            catch (IOException)
            {
                // What is documented.
            }
        });
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static long Lines(byte[] bytes)
    {
        ReadOnlySpan<byte> rest = bytes;
        if (rest.StartsWith(Encoding.UTF8.Preamble))
            rest = rest[Encoding.UTF8.Preamble.Length..];
        long lines = 0;
        foreach (Range line in rest.Split((byte)'\n'))
        {
            if (rest[line].ContainsAnyExcept(" \t\r"u8))
                lines++;
        }

        return lines;
    }

    /// <summary>What the library writes.</summary>
    private byte[] OwnLines()
    {
        string directory = Path.Combine(_directory.Path, "own");
        using (var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = directory }))
        {
            for (int i = 0; i < 10; i++)
            {
                monitor.TrackGeneration(
                    TimeSpan.FromSeconds(1.25),
                    i % 3 > 0,
                    new GenerationDetails
                    {
                        Id = $"chat-{i}",
                        ModelName = "gpt-4o",
                        RequestModel = "gpt",
                        PromptTokenCount = 100,
                        CompletionTokenCount = i,
                        CacheWriteTokenCount = 3,
                        FinishReason = "stop",
                        Error = i == 3 ? "größe \"\n" : null,
                        Tags = [new("tenant", "a"), new("list", List)],
                    });
                monitor.TrackEvaluation(
                    TimeSpan.FromSeconds(0.5),
                    true,
                    "judge",
                    new Dictionary<string, EvaluationScore> { ["clarity"] = new(0.5, "fair"), ["nan"] = new(double.NaN) },
                    new EvaluationDetails { GenerationId = $"chat-{i}" });
                monitor.RecordMetric("depth", i, new Dictionary<string, object?> { ["model_name"] = "m" });
            }
        }

        return File.ReadAllBytes(Path.Combine(directory, "metrics.jsonl"));
    }

    private const string ForeignLines = """
        { "event" : "generation" , "timestamp":"2026-11-23T14:25:38+02:00","success":true,"duration":1e0,"x":{"a":[1,{"b":null}]} }
        {"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1,"success":false,
        """ + """
        "error":"\u0022 \ud83d\ude00","tags":{"k":null}}
        {"timestamp":"2026-11-23T14:25:39Z","event":"evaluation","duration":0.5,"success":true,
        """ + """
        "evaluator_type":"j","scores":{"a":"NaN"},"feedback":{"a":"b"}}
        {"timestamp":"2026-11-23T14:25:40Z","event":"metric","metric_name":"m","value":"Infinity","metadata":{"model_name":"m"}}

        {"timestamp":"2026-11-23T14:25:41Z","event":"gen
        """;

    private const string Notes = """
        {"timestamp":"2026-11-23T14:25:38Z","name":"slow","level":"warning","message":"beyond","data":{"value":1,"text":"a","list":[1]}}
        {"timestamp":"2026-11-23T14:25:39.5+01:00","name":"slow","level":"info","message":"within","data":{"resolved":true}}
        {"timestamp":"2026-11-23T14:25:40Z","level":"error","message":"no","error":"e","error_type":"T","stack_trace":"at\nat"}
        torn
        """;

    private const string OwnPrices = """
        // per million
        {"models": [{"name": "gpt-4o", "input": 2.5, "output": 10, "cached_input": 1.25,
            "tiers": [{"above": 200000, "input": 5, "output": 20}]}, {"name": "m", "input": 0, "output": 0},]}
        """;

    private const string LiteLlmPrices = """
        {"sample_spec": {"input_cost_per_token": 0}, "gpt-4o": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": "1e-05",
            "cache_read_input_token_cost": 1.25e-06, "input_cost_per_token_above_200k_tokens": 5e-06, "mode": "chat"},
            "qwen": {"tiered_pricing": [{"range": [0, 256000.0], "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07}]},
            "rerank": {"input_cost_per_token": 0.0, "input_cost_per_query": 0.002}}
        """;

    private const string RulesInJson = """
        {"rules": [{"name": "slow", "metric": "generation_time", "aggregate": "quantile", "quantile": 0.95, "comparison": "above",
            "threshold": 20, "for": "00:02:00", "window": 600, "tag": {"key": "tenant", "value": "acme"}}]}
        """;

    private const string RulesInYaml = """
        # rules
        rules:
          - &slow
            name: slow
            metric: generation_time
            aggregate: quantile
            threshold: 20
            for: "00:02:00"
          - {name: fails, metric: success_rate, aggregate: mean, comparison: below, threshold: 0.9, level: error}
        """;

    private const string Trace = """
        TIMESTAMP,ContextTokens,GeneratedTokens
        2023-11-16 18:15:46.6805900,374,44
        2023-11-16 18:15:50.9951690,396,109
        "2023-11-16 18:15:51.2225670",879,55
        """;

    private const string PythonPoints = """
        {"metric": "generation_time", "value": 1.25, "timestamp": "2026-11-23T14:25:38.123456", "model_name": "gpt-4o"
        """ + """
        , "tags": ["a", {"b": 1}]}
        {"metric": "success_rate", "value": 1, "timestamp": "2026-11-23T14:25:39"}
        {"metric": "score", "value": NaN, "timestamp": "2026-11-23T14:25:40+02:00", "big": 123456789012345678901234567890}
        no line
        """;
}
