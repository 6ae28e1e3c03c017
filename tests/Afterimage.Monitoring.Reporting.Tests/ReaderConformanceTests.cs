using System.Globalization;
using System.Text;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Every reader judges a line alike, and none loses count of one.</summary>
public sealed class ReaderConformanceTests : IDisposable
{
    private const string Start = """{"timestamp":"2026-11-23T14:25:38.1234567Z","event":""";
    private const string Call = Start + "\"generation\",\"duration\":1,\"success\":true";
    private const string Good = Call + ",\"total_token_count\":1}";

    private readonly TemporaryDirectory _directory = new();

    /// <summary>What a line, or several, are called, and how many of them are records.</summary>
    private static readonly Dictionary<string, (byte[] Lines, int Records)> Cases = new(StringComparer.Ordinal)
    {
        ["a record"] = (Utf8(Good), 1),
        ["white space around"] = (Utf8("  " + Good + " \t"), 1),
        ["white space within"] = (Utf8(Good.Replace(",", " , ", StringComparison.Ordinal)), 1),
        ["keys in another order"] =
            (Utf8("""{"success":true,"total_token_count":1,"duration":1,"event":"generation","timestamp":"2026-11-23T14:25:38Z"}"""), 1),
        ["an unknown key"] = (Utf8(Call + ""","total_token_count":1,"x":{"duration":"no"}}"""), 1),
        ["a key of another event, of any type"] = (Utf8(Call + ""","total_token_count":1,"metric_name":"m"}"""), 1),
        ["an escaped key"] = (Utf8(Call + ""","total_token_\u0063ount":1}"""), 1),
        ["an escaped text"] = (Utf8(Call + ""","total_token_count":1,"error":"\u0022 \ud83d\ude00 \n"}"""), 1),
        ["text that is not ASCII"] = (Utf8(Call + ""","model_name":"größe 😀","total_token_count":1}"""), 1),
        ["a carriage return"] = (Utf8(Good + "\r"), 1),
        ["an offset"] = (Utf8(Good.Replace("567Z", "567+02:00", StringComparison.Ordinal)), 1),
        ["blank lines"] = (Utf8("\n \n\t\r\n" + Good + "\n\n"), 1),
        ["torn"] = (Utf8(Call + ",\"total_tok"), 0),
        ["torn within a number"] = (Utf8(Call + ",\"total_token_count\":1"), 0),
        ["two records in a line"] = (Utf8(Good + Good), 0),
        ["something behind"] = (Utf8(Good + "x"), 0),
        ["text"] = (Utf8("hello"), 0),
        ["a lone bracket"] = (Utf8("["), 0),
        ["an array over several lines"] = (Utf8("[\n" + Good + ",\n" + Good + "\n]"), 1),
        ["an object over several lines"] = (Utf8("{\n\"timestamp\":\n\"2026-11-23T14:25:38Z\"\n}"), 0),
        ["an array in a line"] = (Utf8("[" + Good + "]"), 0),
        ["null"] = (Utf8("null"), 0),
        ["NULs"] = (new byte[10_000], 0),
        ["invalid UTF-8"] = ([.. Utf8(Call + ",\"error\":\""), 0xFF, .. Utf8("\"}")], 0),
        ["a lone surrogate"] = (Utf8(Call + ""","error":"\ud83d"}"""), 0),
        ["a lone surrogate in a tag"] = (Utf8(Call + ""","tags":{"k":"\ud83d"}}"""), 0),
        ["a control character in a text"] = (Utf8(Call + ",\"error\":\"\u0001\"}"), 0),
        ["an unknown event"] = (Utf8(Start + "\"x\"}"), 0),
        ["no event"] = (Utf8("""{"timestamp":"2026-11-23T14:25:38Z","duration":1,"success":true}"""), 0),
        ["no time"] = (Utf8("""{"event":"generation","duration":1,"success":true}"""), 0),
        ["a time without an offset"] = (Utf8(Good.Replace("567Z", "567", StringComparison.Ordinal)), 0),
        ["a day that there is not"] = (Utf8(Good.Replace("11-23", "02-30", StringComparison.Ordinal)), 0),
        ["eight digits of a second"] = (Utf8(Good.Replace("567Z", "5678Z", StringComparison.Ordinal)), 0),
        ["a duplicate key"] = (Utf8(Call + ",\"duration\":2}"), 0),
        ["no duration"] = (Utf8(Start + "\"generation\",\"success\":true}"), 0),
        ["a negative duration"] = (Utf8(Start + "\"generation\",\"duration\":-1,\"success\":true}"), 0),
        ["NaN as duration"] = (Utf8(Start + "\"generation\",\"duration\":\"NaN\",\"success\":true}"), 0),
        ["a number with a zero in front"] = (Utf8(Start + "\"generation\",\"duration\":01,\"success\":true}"), 0),
        ["a number that ends with a point"] = (Utf8(Start + "\"generation\",\"duration\":1.,\"success\":true}"), 0),
        ["a negative count"] = (Utf8(Call + ",\"total_token_count\":-1}"), 0),
        ["a count with a fraction"] = (Utf8(Call + ",\"total_token_count\":1.5}"), 0),
        ["a count beyond 64 bits"] = (Utf8(Call + ",\"total_token_count\":9223372036854775808}"), 0),
        ["a count of 10^15"] = (Utf8(Call + ",\"total_token_count\":1,\"cached_prompt_token_count\":1000000000000000}"), 1),
        ["a count above 10^15"] = (Utf8(Call + ",\"total_token_count\":1,\"cached_prompt_token_count\":1000000000000001}"), 0),
        ["a count above 10^15, white space within"] =
            (Utf8(Call + ", \"total_token_count\": 1, \"cached_prompt_token_count\": 1000000000000001}"), 0),
        ["a count above 10^15 that most records do not have"] =
            (Utf8(Call + ",\"total_token_count\":1,\"cache_write_token_count\":9223372036854775807}"), 0),
        ["unpriced tokens of two sides of 10^15"] =
            (Utf8(Call + ",\"total_token_count\":1,\"unpriced_token_count\":2000000000000000}"), 1),
        ["unpriced tokens above two sides of 10^15"] =
            (Utf8(Call + ",\"total_token_count\":1,\"unpriced_token_count\":2000000000000001}"), 0),
        ["NaN as cost"] = (Utf8(Call + ",\"cost_usd\":\"NaN\"}"), 0),
        ["a negative cost"] = (Utf8(Call + ",\"cost_usd\":-1}"), 0),
        ["an evaluation"] =
            (Utf8(Start + "\"evaluation\",\"duration\":1,\"success\":true,\"total_token_count\":1,\"scores\":{\"a\":\"NaN\"}}"), 1),
        ["a score that is a text"] = (Utf8(Start + "\"evaluation\",\"duration\":1,\"success\":true,\"scores\":{\"a\":\"b\"}}"), 0),
        ["a point"] = (Utf8(Start + "\"metric\",\"metric_name\":\"total_token_count\",\"value\":1}"), 1),
        ["a point of NaN"] = (Utf8(Start + "\"metric\",\"metric_name\":\"total_token_count\",\"value\":\"NaN\"}"), 1),
        ["a point without a name"] = (Utf8(Start + "\"metric\",\"value\":1}"), 0),
        ["a line of 17 MiB"] = (Utf8(Call + ",\"tags\":{\"k\":\"" + new string('x', 17 << 20) + "\"}}"), 0),
        ["64 MiB of NULs"] = (new byte[64 << 20], 0),
    };

    public static TheoryData<string> Names => new(Cases.Keys.Concat(WrongTypes().Select(pair => pair.Name)));

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task All_readers_judge_a_line_alike(string name)
    {
        (byte[] lines, int records) = Cases.TryGetValue(name, out var known) ? known : WrongTypes().Single(pair => pair.Name == name).Case;
        string file = Path.Combine(_directory.Path, "metrics.jsonl");
        File.WriteAllBytes(file, [.. Utf8(Good + "\n"), .. lines, .. Utf8("\n" + Good + "\n")]);
        long all = File.ReadLines(file, Encoding.Latin1).Count(line => line.Trim(' ', '\t', '\r').Length > 0);
        (long, long) expected = (records + 2, all - records - 2);

        Assert.Equal(expected, BySummary());
        Assert.Equal(expected, ByQuery());
        Assert.Equal(expected.Item2, SkippedByResume());

        CompactionResult compacted = await LogDirectory.Open(_directory.Path).CompactAsync(null, TestContext.Current.CancellationToken);
        if (compacted.OtherFiles == 0)
            Assert.Equal((1, expected.Item1, expected.Item2), (compacted.CompactedFiles, compacted.Records, compacted.SkippedLines));
        Assert.Equal(expected, BySummary());
        Assert.Equal(expected, ByQuery());
        Assert.Equal(expected.Item2, SkippedByResume());
    }

    [Fact]
    public void A_byte_order_mark_is_passed_over()
    {
        File.WriteAllBytes(Path.Combine(_directory.Path, "metrics.jsonl"), [0xEF, 0xBB, 0xBF, .. Utf8(Good + "\r\n" + Good)]);

        Assert.Equal((2L, 0L), BySummary());
        Assert.Equal((2L, 0L), ByQuery());
        Assert.Equal(0, SkippedByResume());
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>A known key with a value of each other type.</summary>
    private static IEnumerable<(string Name, (byte[] Lines, int Records) Case)> WrongTypes()
    {
        string[] values = ["null", "true", "1", "\"x\"", "[]", "{}"];
        (string Key, string[] Right)[] keys =
        [
            ("model_name", ["\"x\""]),
            ("prompt_token_count", ["1"]),
            ("cost_usd", ["1"]),
            ("conversation_length", ["1"]),
            ("time_to_first_token", ["1"]),
            ("request_model", ["\"x\""]),
            ("cache_write_token_count", ["1"]),
            ("id", ["\"x\""]),
            ("usage_missing", ["true"]),
            ("error", ["\"x\""]),
            ("tags", ["{}"]),
        ];
        return keys.SelectMany(key => values.Select(value => (
            $"{key.Key} is {value}",
            (Utf8($"{Call},\"{key.Key}\":{value}}}"), key.Right.Contains(value) ? 1 : 0))));
    }

    private (long Records, long Skipped) BySummary()
    {
        RunSummary summary = LogDirectory.Open(_directory.Path).Summarize(TestContext.Current.CancellationToken);
        long points = summary.NonFinitePoints + (summary.Metrics.GetValueOrDefault("total_token_count")?.Count ?? 0);
        long calls = summary.Generations + summary.Evaluations;

        // Points of the metric that every case uses: what is not of a call is a record of its own.
        long paid = Query("SELECT count(*) FROM calls WHERE total_token_count IS NOT NULL");
        long scores = Query("SELECT count(*) FROM points WHERE metric LIKE 'evaluation_score_%' AND NOT isfinite(value)");
        return (calls + points - paid - scores, summary.SkippedLines);
    }

    private (long Records, long Skipped) ByQuery()
    {
        using LogQuery query = LogDirectory.Open(_directory.Path)
            .Query(
                "SELECT (SELECT count(*) FROM calls) + (SELECT count(*) FROM points WHERE event = 'metric')",
                TestContext.Current.CancellationToken);
        Assert.True(query.Reader.Read());
        return (Convert.ToInt64(query.Reader.GetValue(0), CultureInfo.InvariantCulture), query.SkippedLines);
    }

    private long Query(string sql)
    {
        using LogQuery query = LogDirectory.Open(_directory.Path).Query(sql, TestContext.Current.CancellationToken);
        Assert.True(query.Reader.Read());
        return query.Reader.GetInt64(0);
    }

    /// <summary>As a budget says that goes on from the directory.</summary>
    private long SkippedByResume()
    {
        using var live = new TemporaryDirectory();
        var options = new GenerationMonitorOptions { LogDirectory = Path.Combine(live.Path, "run") };
        options.Budgets.Add(new Budget { Name = "b", Unit = BudgetUnit.Tokens, Limit = 1_000_000, ResumeFrom = _directory.Path });
        options.UseCompactedFiles();
        using (new GenerationMonitor(options))
        {
        }

        string log = File.ReadAllText(Path.Combine(live.Path, "run", "afterimage.log"));
        int end = log.IndexOf(" invalid lines skipped", StringComparison.Ordinal);
        return end < 0
            ? 0
            : long.Parse(log[(log.LastIndexOf(' ', end - 1) + 1)..end], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }
}
