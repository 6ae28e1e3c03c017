using System.Text.Json;

namespace Afterimage.Monitoring.Reporting.Tests;

public sealed class LogQueryTests : IDisposable
{
    private static readonly DateTime Time = new DateTime(2026, 11, 23, 14, 25, 38, DateTimeKind.Utc).AddTicks(1_234_560);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private List<object?[]> Query(string sql)
    {
        using LogQuery query = LogDirectory.Open(_directory.Path).Query(sql, TestContext.Current.CancellationToken);
        List<object?[]> rows = [];
        while (query.Reader.Read())
            rows.Add([
                .. Enumerable.Range(0, query.Reader.FieldCount).Select(i => query.Reader.IsDBNull(i) ? null : query.Reader.GetValue(i)),
            ]);
        return rows;
    }

    private void WriteOneOfEach()
    {
        _directory.Write(
            "metrics.jsonl",
            """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":"generation","duration":1.25,"success":true"""
                + ""","model_name":"m","prompt_token_count":3,"completion_token_count":4"""
                + ""","cached_prompt_token_count":1,"reasoning_token_count":2"""
                + ""","cost_usd":0.25,"finish_reason":"stop","error":"E","conversation_length":5"""
                + ""","time_to_first_token":0.5,"provider":"p","operation":"o","tags":{"k":[1]}}""",
            """{"timestamp":"2026-11-23T14:25:39Z","event":"evaluation","duration":2,"success":false,"evaluator_type":"judge","scores":"""
                + """{"s":0.75},"feedback":{"s":"good"},"model_name":"m","total_token_count":9}""",
            """{"timestamp":"2026-11-23T14:25:40Z","event":"metric","metric_name":"own","value":"-Infinity","metadata":"""
                + """{"model_name":"m","k":1}}""",
            "torn");
        _directory.Write(
            "afterimage.log",
            """
            {"timestamp":"2026-11-23T14:25:41Z","level":"warning","message":"hm","error":"x","error_type":"T",
            """ + """
            "stack_trace":"at","data":{"a":1}}
            """,
            "torn",
            """{"timestamp":"2026-11-23T14:25:41Z","level":"warning"}""");
    }

    [Fact]
    public void The_views_have_the_keys_of_the_format()
    {
        WriteOneOfEach();

        Assert.Equal(
            [Time, 1.25, true, "m", 3L, 4L, 7L, 0.25, null, 1L, 2L, "stop", 5L, 0.5, "p", "o", .. Nulls(10), "E", """{"k":[1]}"""],
            Assert.Single(Query("FROM generations")));
        Assert.Equal(
            [
                new DateTime(2026, 11, 23, 14, 25, 39),
                2.0,
                false,
                "m",
                null,
                null,
                9L,
                null,
                null,
                "judge",
                """{"s":0.75}""",
                """{"s":"good"}""",
                .. Nulls(8),
            ],
            Assert.Single(Query("FROM evaluations")));
        Assert.Equal(
            [new DateTime(2026, 11, 23, 14, 25, 41), "warning", "hm", "x", "T", "at", """{"a":1}"""],
            Assert.Single(Query("FROM logs")));
    }

    private static object?[] Nulls(int count) => new object?[count];

    [Fact]
    public void Points_carry_the_record_that_they_come_from()
    {
        WriteOneOfEach();

        List<object?[]> points = Query("SELECT metric, value, event, model_name, duration, feedback, metadata FROM points ORDER BY ALL");

        Assert.Equal(16, points.Count);
        Assert.Contains(
            points,
            point => point is ["own", double.NegativeInfinity, "metric", "m", null, null, """{"model_name":"m","k":1}"""]);
        Assert.Contains(points, point => point is ["evaluation_score_s", 0.75, "evaluation", "m", 2.0, "good", null]);
        Assert.Contains(points, point => point is ["total_token_count", 7.0, "generation", "m", 1.25, null, """{"k":[1]}"""]);
    }

    [Fact]
    public void Points_are_those_of_the_summary()
    {
        WriteOneOfEach();

        Assert.Equal(
            LogDirectory
                .Open(_directory.Path)
                .Summarize(TestContext.Current.CancellationToken)
                .Metrics.Select(metric => ((string?)metric.Key, (double?)metric.Value.Sum)),
            Query("SELECT metric, sum(value) FROM points WHERE isfinite(value) GROUP BY ALL ORDER BY ALL")
                .Select(row => ((string?)row[0], (double?)row[1])));
    }

    [Fact]
    public void Lines_that_were_skipped_are_counted()
    {
        WriteOneOfEach();

        using LogQuery query = LogDirectory.Open(_directory.Path).Query("SELECT 1", TestContext.Current.CancellationToken);

        Assert.Equal(1, query.SkippedLines);
    }

    [Fact]
    public void A_directory_without_files_has_empty_views()
    {
        Assert.Equal(
            [0L, 0L, 0L, 0L],
            Assert.Single(
                Query(
                    "SELECT (SELECT count(*) FROM generations), (SELECT count(*) FROM evaluations), "
                    + "(SELECT count(*) FROM points), (SELECT count(*) FROM logs)"
                )));
    }

    [Theory]
    [MemberData(nameof(HostileNames.All), MemberType = typeof(HostileNames))]
    public void Hostile_names_are_data(int index)
    {
        string name = HostileNames.Of(index);
        string text = JsonSerializer.Serialize(name);
        const string Stamp = """{"timestamp":"2026-11-23T14:25:38Z","event":""";
        _directory.Write(
            "metrics.jsonl",
            Stamp + $$""" "generation","duration":1,"success":true,"model_name":{{text}},"finish_reason":{{text}},"error":{{text}}}""",
            Stamp
                + $$$""" "evaluation","duration":1,"success":true,"evaluator_type":{{{text}}},"scores":{{{{text}}}:2},"feedback":"""
                + $$$"""{{{{text}}}:{{{text}}}}}""",
            Stamp + $$$""" "metric","metric_name":{{{text}}},"value":3,"metadata":{{{{text}}}:{{{text}}}}}""");

        Assert.Equal([name, name, name], Assert.Single(Query("SELECT model_name, finish_reason, error FROM generations")));
        Assert.Contains(
            Query("SELECT metric, value, evaluator_type, feedback FROM points"),
            row =>
                row is [string metric, 2.0, string evaluator, string feedback]
                && (metric, evaluator, feedback) == ("evaluation_score_" + name, name, name));
        string metadata = Assert.IsType<string>(Query("SELECT metadata FROM points WHERE value = 3")[0][0]);
        Assert.Equal(name, JsonDocument.Parse(metadata).RootElement.GetProperty(name).GetString());
    }

    [Theory]
    [InlineData("SELECT")]
    [InlineData("SELECT nothing FROM generations")]
    [InlineData("FROM nowhere")]
    [InlineData("-- nothing")]
    public void Sql_that_is_none_is_the_caller_s_mistake(string sql)
    {
        var exception = Assert.Throws<ArgumentException>(() => Query(sql));

        Assert.Equal("sql", exception.ParamName);
        Assert.DoesNotContain('\n', exception.Message);
    }

    [Fact]
    public void No_statement_reaches_a_file_or_a_setting()
    {
        WriteOneOfEach();
        string metrics = Path.Combine(_directory.Path, "metrics.jsonl");
        string before = File.ReadAllText(metrics);
        string other = Path.Combine(_directory.Path, "other");

        foreach (
            string sql in (string[])
                [
                    $"FROM read_text('{metrics}')",
                    $"FROM read_csv('{metrics}')",
                    $"FROM '{metrics}'",
                    $"FROM glob('{_directory.Path}/*')",
                    $"COPY points TO '{other}'",
                    $"COPY points TO '{metrics}'",
                    $"COPY log FROM '{metrics}'",
                    $"EXPORT DATABASE '{other}'",
                    $"ATTACH '{other}'",
                    $"FROM read_parquet('{metrics}')",
                    $"FROM read_json('{metrics}')",
                    $"FROM read_blob('{metrics}')",
                    $"FROM sniff_csv('{metrics}')",
                    "SELECT getenv('HOME')",
                    $"COPY (SELECT 1) TO '{other}' (FORMAT parquet)",
                    $"SET temp_directory = '{other}'",
                    "FROM 'https://localhost/a.parquet'",
                    "RESET enable_external_access",
                    "INSTALL httpfs",
                    "LOAD httpfs",
                    "SET enable_external_access = true",
                    "SET lock_configuration = false",
                    "SET memory_limit = '100GB'",
                    "CREATE PERSISTENT SECRET s (TYPE s3)",
                    $"WITH a AS (SELECT 1) SELECT * FROM a, read_text('{metrics}')",
                    "DELETE FROM record",
                    $"SELECT 1; COPY points TO '{other}'",
                    "SELECT 1; SELECT 2",
                    ";",
                    "CALL enable_logging()",
                    "FROM enable_logging()",
                    "SELECT * FROM (SELECT * FROM Enable_Logging('QueryLog'))",
                    "FROM query('FROM enable_logging()')",
                    "SELECT write_log('x')",
                    "EXPLAIN ANALYZE FROM enable_logging()",
                    "PIVOT (FROM enable_logging()) ON success USING count(*)",
                    "PIVOT generations ON success USING count(*); CALL enable_logging()",
                    "PRAGMA enable_logging",
                    "PRAGMA database_list",
                ])
        {
            Assert.True(Record.Exception(() => Query(sql)) is ArgumentException, sql);
        }

        Assert.Equal(before, File.ReadAllText(metrics));
        Assert.Equal(2, Directory.GetFileSystemEntries(_directory.Path).Length);
        Assert.Single(Query("FROM generations"));
    }

    [Fact]
    public async Task Cancelling_ends_a_query()
    {
        using var stop = new CancellationTokenSource();
        using LogQuery query = LogDirectory
            .Open(_directory.Path)
            .Query("SELECT a.range * b.range FROM range(10000000) a, range(10000000) b", stop.Token);
        Assert.True(query.Reader.Read());

        await stop.CancelAsync();

        Assert.ThrowsAny<Exception>(() =>
        {
            while (query.Reader.Read())
            {
            }
        });
    }

    [Fact]
    public async Task Judged_generations_have_a_row_for_each_evaluation_that_names_one()
    {
        using (var monitor = new GenerationMonitor(new GenerationMonitorOptions { LogDirectory = _directory.Path }))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { Id = "g1", ModelName = "a", TotalTokenCount = 7 });
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { Id = "g2", ModelName = "b" });
            Judge("user_feedback", "g1", 1, "helpful");
            Judge("coherence", "g1", 0.5, null);
            Judge("coherence", "somewhere else", 0.25, null);
            Judge("coherence", null, 0.25, null);

            void Judge(string evaluator, string? id, double score, string? feedback) => monitor.TrackEvaluation(
                TimeSpan.Zero,
                true,
                evaluator,
                new Dictionary<string, EvaluationScore> { ["thumbs"] = new(score, feedback) },
                new() { GenerationId = id, ModelName = "judge" });
        }

        Assert.Equal(
            [
                ["g1", "a", 7L, "coherence", "judge", "0.5", null],
                ["g1", "a", 7L, "user_feedback", "judge", "1", "helpful"],
            ],
            Query("""
                SELECT id, model_name, total_token_count, evaluator_type, evaluator_model_name, scores ->> '$.thumbs',
                    feedback ->> '$.thumbs'
                FROM judged_generations ORDER BY evaluator_type
                """));
        string report = Path.Combine(_directory.Path, "report.html");
        await LogDirectory.Open(_directory.Path).WriteReportAsync(report, TestContext.Current.CancellationToken);
        string page = await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken);
        Assert.Contains("Lowest scores of generations that evaluations name", page, StringComparison.Ordinal);
        Assert.Contains("somewhere else", page, StringComparison.Ordinal);
        Assert.Contains("helpful", page, StringComparison.Ordinal);
    }
}
