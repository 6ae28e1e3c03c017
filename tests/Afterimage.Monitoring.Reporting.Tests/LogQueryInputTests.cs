using System.Globalization;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>A statement is answered from those columns that it looks at. Beside it stands its answer from all of them: joined with
/// what looks at every column.</summary>
public sealed class LogQueryInputTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private LogDirectory Log => LogDirectory.Open(_directory.Path);

    private List<string> Query(string sql)
    {
        using LogQuery query = Log.Query(sql, Token);
        List<string> rows =
        [
            $"{query.SkippedLines} skipped: "
                + string.Join(
                    ", ",
                    Enumerable.Range(0, query.Reader.FieldCount).Select(i => $"{query.Reader.GetName(i)} {query.Reader.GetDataTypeName(i)}")
                ),
        ];
        while (query.Reader.Read())
            rows.Add(
                string.Join(
                    "|",
                    Enumerable
                        .Range(0, query.Reader.FieldCount)
                        .Select(i =>
                            query.Reader.IsDBNull(i) ? "NULL" : Convert.ToString(query.Reader.GetValue(i), CultureInfo.InvariantCulture))));
        return rows;
    }

    private List<string> QueryFromEverything(string sql) => Query(
        $"""
        SELECT answer.* FROM ({sql.Replace(';', ' ')}
        ) AS answer CROSS JOIN (SELECT (SELECT max(hash(g)) FROM generations AS g) AS g, (SELECT max(hash(e)) FROM evaluations AS e) AS e,
            (SELECT max(hash(p)) FROM points AS p) AS p) AS everything
        WHERE everything.g IS DISTINCT FROM 0 AND everything.e IS DISTINCT FROM 0 AND everything.p IS DISTINCT FROM 0
        """);

    /// <summary>Records in lines, in a compacted file and in a file that was compacted before costs were known, with every key in some of
    /// them and wrong types of each in others.</summary>
    private async Task WriteAsync()
    {
        string[] generations = [.. Enumerable.Range(0, 40).Select(Generation)];
        string[] others =
        [
            """{"timestamp":"2026-11-23T14:25:39Z","event":"evaluation","duration":2,"success":false,"evaluator_type":"judge","scores":"""
                + """{"s":0.75,"t":"NaN"},"feedback":{"s":"good"},"model_name":"m","total_token_count":9,"tags":{"a":1}}""",
            """{"timestamp":"2026-11-23T14:25:40Z","event":"evaluation","duration":3,"success":true,"evaluator_type":"other","scores":"""
                + """{"s":1},"error":"no","prompt_token_count":8,"cost_usd":0.5,"unpriced_token_count":1}""",
            """{"timestamp":"2026-11-23T14:25:41Z","event":"metric","metric_name":"own","value":"-Infinity","metadata":"""
                + """{"model_name":"m","k":1}}""",
            """{"timestamp":"2026-11-23T14:25:42Z","event":"metric","metric_name":"cost_usd","value":2}""",
            """{"timestamp":"2026-11-23T14:25:43Z","event":"generation","duration":"1","success":true,"provider":"p"}""",
            """{"timestamp":"2026-11-23T14:25:44Z","event":"generation","duration":1,"success":true"""
                + ""","time_to_first_token":"1","operation":"o"}""",
            "torn",
        ];
        _directory.Write("metrics.jsonl", generations[..20]);
        await Log.CompactAsync(progress: null, Token);
        _directory.Write("below/metrics.jsonl", others);
        await Log.CompactAsync(progress: null, Token);
        _directory.Write("metrics-000001.jsonl", generations[20..]);
        _directory.Write("beside/metrics.jsonl", others);
        _directory.Write(
            "afterimage.log",
            """
            {"timestamp":"2026-11-23T14:25:41Z","level":"warning","message":"hm","error":"x","error_type":"T",
            """ + """
            "stack_trace":"at","data":{"a":1}}
            """
        );
        _directory.Write(
            "alerts.jsonl",
            """{"timestamp":"2026-11-23T14:25:41Z","name":"slow","level":"warning","message":"hm","data":{"resolved":true}}"""
        );
    }

    private static string Generation(int i)
    {
        string[] optional =
        [
            ",\"model_name\":\"m" + i % 3 + "\"",
            ",\"prompt_token_count\":" + i,
            ",\"completion_token_count\":" + i * 2,
            ",\"total_token_count\":" + i * 4,
            ",\"cached_prompt_token_count\":" + i % 5,
            ",\"reasoning_token_count\":" + i % 7,
            ",\"cost_usd\":0." + i,
            ",\"unpriced_token_count\":" + i % 4,
            ",\"finish_reason\":\"stop\"",
            ",\"error\":\"E" + i % 2 + "\"",
            ",\"conversation_length\":" + i % 6,
            ",\"time_to_first_token\":0.0" + i,
            ",\"provider\":\"p\"",
            ",\"operation\":\"o\"",
            ",\"tags\":{\"k\":[" + i + "]}",
        ];
        return string.Create(
                CultureInfo.InvariantCulture,
                $"{{\"timestamp\":\"2026-11-23T14:{i:00}:00.1234567Z\",\"event\":\"generation\","
                + $"\"duration\":{i}.5,\"success\":{(i % 3 == 0 ? "true" : "false")}"
            )
            + string.Concat(optional.Where((_, key) => (i + key) % 4 != 0))
            + "}";
    }

    [Theory]
    [InlineData("generations")]
    [InlineData("evaluations")]
    [InlineData("points")]
    [InlineData("logs")]
    [InlineData("alerts")]
    [InlineData("record")]
    public async Task Each_column_is_read_where_it_is_looked_at(string view)
    {
        await WriteAsync();
        string[] columns = [.. Query($"DESCRIBE {view}").Skip(1).Select(row => row.Split('|')[0])];

        Assert.NotEmpty(columns);
        foreach (string column in columns)
        {
            foreach (string sql in (string[])
            [
                $"SELECT {column} FROM {view}", $"SELECT count(*) FROM {view} WHERE {column} IS NOT NULL",
            ])
            {
                // A join gives no order.
                Assert.Equal(QueryFromEverything(sql).Order(StringComparer.Ordinal), Query(sql).Order(StringComparer.Ordinal));
            }
        }

        Assert.Equal(
            QueryFromEverything($"FROM {view}").Order(StringComparer.Ordinal),
            Query($"FROM {view}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("SELECT 1")]
    [InlineData("SELECT count(*) FROM generations")]
    [InlineData("-- first\nSELECT count(*), sum(duration) FROM generations /* no */ ; -- last")]
    [InlineData(
        "SELECT model_name, date_trunc('minute', timestamp) AS minute, quantile_disc(duration, 0.95) "
            + "FROM generations GROUP BY ALL ORDER BY ALL"
    )]
    [InlineData("SELECT model_name FROM (FROM generations ORDER BY duration DESC, provider LIMIT 3)")]
    [InlineData("FROM generations ORDER BY duration DESC LIMIT 3")]
    [InlineData("WITH g AS (FROM generations) SELECT model_name, (SELECT max(error) FROM g) FROM g ORDER BY ALL")]
    [InlineData(
        "WITH g AS MATERIALIZED (FROM generations) SELECT a.model_name, round(sum(b.cost_usd), 6) "
            + "FROM g a JOIN g b USING (finish_reason) GROUP BY ALL ORDER BY ALL"
    )]
    [InlineData(
        "WITH RECURSIVE n(i, d) AS (SELECT 0, 0.0 UNION ALL SELECT i + 1, "
            + "(SELECT max(duration) FROM generations WHERE prompt_token_count = i) FROM n WHERE i < 5) FROM n ORDER BY i"
    )]
    [InlineData("SELECT provider, evaluator_type FROM generations POSITIONAL JOIN evaluations")]
    [InlineData(
        "SELECT (SELECT e.evaluator_type FROM evaluations e WHERE e.model_name = left(g.model_name, 1) ORDER BY ALL LIMIT 1) "
            + "FROM generations g"
    )]
    [InlineData("SELECT g.timestamp, e.duration FROM generations g ASOF JOIN evaluations e ON g.timestamp >= e.timestamp ORDER BY ALL")]
    [InlineData("SELECT metric, avg(value) FROM points WHERE isfinite(value) GROUP BY ALL ORDER BY ALL")]
    [InlineData("SELECT avg(value) FROM points WHERE metric = 'success_rate'")]
    [InlineData("SELECT sum(value), max(feedback) FROM points WHERE metric IN ('total_token_count', 'evaluation_score_s')")]
    [InlineData("SELECT model_name, value FROM points WHERE starts_with(metric, 'model_usage') ORDER BY ALL")]
    [InlineData("SELECT value, rank() OVER (PARTITION BY model_name ORDER BY value) FROM points WHERE metric = 'cost_usd' ORDER BY ALL")]
    [InlineData("SELECT key, value FROM evaluations, json_each(scores) ORDER BY ALL")]
    [InlineData("SELECT tags ->> '$.k[0]' FROM generations WHERE tags IS NOT NULL ORDER BY ALL")]
    [InlineData("SELECT model_name FROM generations UNION SELECT message FROM logs UNION SELECT name FROM alerts ORDER BY ALL")]
    [InlineData("SELECT model_name FROM generations EXCEPT SELECT model_name FROM evaluations ORDER BY ALL")]
    [InlineData("SELECT count(*) FROM generations WHERE EXISTS (FROM evaluations e WHERE e.error <> generations.error)")]
    [InlineData("SELECT count(DISTINCT g) FROM generations g")]
    [InlineData("SELECT COLUMNS('.*token.*') FROM generations")]
    [InlineData("FROM query_table('evaluations') ORDER BY ALL")]
    [InlineData("SELECT max(ticks), min(event) FROM record")]
    [InlineData("DESCRIBE points")]
    [InlineData("SUMMARIZE evaluations")]
    [InlineData("PIVOT generations ON finish_reason USING sum(duration) GROUP BY model_name ORDER BY model_name")]
    [InlineData("FROM (PIVOT generations ON success IN (true, false) USING avg(cost_usd) GROUP BY model_name) ORDER BY ALL")]
    [InlineData("FROM (UNPIVOT (SELECT duration, cost_usd FROM generations) ON COLUMNS(*)) ORDER BY ALL")]
    [InlineData("SELECT error, count(*) FROM generations GROUP BY GROUPING SETS ((error), ()) ORDER BY ALL")]
    [InlineData("SELECT duration FROM generations QUALIFY row_number() OVER (PARTITION BY provider ORDER BY duration) = 1 ORDER BY ALL")]
    [InlineData("SELECT arg_max(operation, duration), arg_min(provider, duration) FROM generations")]
    [InlineData("SELECT list(reasoning_token_count ORDER BY duration)::VARCHAR FROM generations")]
    [InlineData("SELECT count(*) FROM generations WHERE error = 'provider'")]
    [InlineData("SELECT false AND success FROM generations")]
    public async Task The_answer_is_that_from_everything(string sql)
    {
        await WriteAsync();

        // A join gives no order.
        bool isOrdered = sql.Contains("ORDER BY", StringComparison.Ordinal);
        Assert.Equal(Rows(QueryFromEverything(sql)), Rows(Query(sql)));

        IEnumerable<string> Rows(IEnumerable<string> rows) => isOrdered ? rows : rows.Order(StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("SELECT nothing FROM generations")]
    [InlineData("FROM generatons")]
    public async Task What_is_no_statement_is_so_in_the_same_words(string sql)
    {
        await WriteAsync();

        Assert.Equal(
            Assert.Throws<ArgumentException>(() => QueryFromEverything(sql)).Message,
            Assert.Throws<ArgumentException>(() => Query(sql)).Message);
    }
}
