using System.Globalization;
using System.Text;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Lines of alerts and of the log are judged by the rule for records, and none is lost count of.</summary>
public sealed class NoteConformanceTests : IDisposable
{
    private const string Stamp = """{"timestamp":"2026-11-23T14:25:38.1234567Z",""";
    private const string Alert = Stamp + "\"name\":\"slow\",\"level\":\"warning\",\"message\":\"beyond\",\"data\":{\"value\":1}}";
    private const string Entry = Stamp + "\"level\":\"warning\",\"message\":\"hm\",\"error\":\"no\",\"data\":{\"value\":1}}";

    private static readonly Dictionary<string, (byte[] Bytes, int Alerts, int Entries)> Cases = new(StringComparer.Ordinal)
    {
        ["keys in another order"] = (Utf8("""{"message":"m","level":"info","name":"n","timestamp":"2026-11-23T14:25:38Z"}"""), 1, 1),
        ["an unknown key"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"m\",\"x\":[]}"), 1, 1),
        ["an escaped text"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"\\u0022 \\ud83d\\ude00 \\n\"}"), 1, 1),
        ["a carriage return"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"m\"}\r"), 1, 1),
        ["no name"] = (Utf8(Stamp + "\"level\":\"info\",\"message\":\"m\"}"), 0, 1),
        ["an unknown level"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"trace\",\"message\":\"m\"}"), 0, 1),
        ["no message"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\"}"), 0, 0),
        ["an empty message"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"\"}"), 0, 0),
        ["a message that is a number"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":1}"), 0, 0),
        ["data that is a list"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"m\",\"data\":[]}"), 0, 0),
        ["a duplicate key"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"m\",\"message\":\"n\"}"), 0, 0),
        ["no time"] = (Utf8("""{"name":"n","level":"info","message":"m"}"""), 0, 0),
        ["a time without an offset"] = (
            Utf8("""{"timestamp":"2026-11-23T14:25:38","name":"n","level":"info","message":"m"}"""), 0, 0),
        ["torn"] = (Utf8(Stamp + "\"name\":\"n\",\"lev"), 0, 0),
        ["a lone bracket"] = (Utf8("["), 0, 0),
        ["an array over several lines"] = (Utf8("[\n" + Alert + ",\n" + Alert + "\n]"), 1, 1),
        ["two in a line"] = (Utf8(Alert + Alert), 0, 0),
        ["NULs"] = (new byte[10_000], 0, 0),
        ["invalid UTF-8"] = ([.. Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\""), 0xFF, .. Utf8("\"}")], 0, 0),
        ["a lone surrogate"] = (Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"\\ud83d\"}"), 0, 0),
        ["a line of 17 MiB"] = (
            Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"" + new string('x', 17 << 20) + "\"}"), 0, 0),
        ["a line of 34 MB within a limit of 64"] = (
            Utf8(Stamp + "\"name\":\"n\",\"level\":\"info\",\"message\":\"" + new string('x', 34_000_000) + "\"}"), 1, 1),
    };

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string> Names => new(Cases.Keys);

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Alerts_and_log_entries_are_judged_by_one_rule(string name)
    {
        (byte[] bytes, int alerts, int entries) = Cases[name];
        File.WriteAllBytes(Path.Combine(_directory.Path, "alerts.jsonl"), [.. Utf8(Alert + "\n"), .. bytes, .. Utf8("\n" + Alert + "\n")]);
        File.WriteAllBytes(
            Path.Combine(_directory.Path, "afterimage.log"),
            [.. Utf8(Entry + "\n"), .. bytes, .. Utf8("\n" + Entry + "\n")]);
        long all = File.ReadLines(Path.Combine(_directory.Path, "alerts.jsonl"), Encoding.Latin1).Count();
        LogDirectory log = LogDirectory.Open(_directory.Path);
        if (name.Contains("limit of 64", StringComparison.Ordinal))
            log = log.WithMaxLineLength(64 << 20);

        AlertHistory history = log.ReadAlerts(cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal((alerts + 2, all - alerts - 2), (history.Alerts.Count, history.SkippedLines));
        Assert.Equal((alerts + 2, all - alerts - 2), Counts(log, "alerts"));
        Assert.Equal((entries + 2, all - entries - 2), Counts(log, "logs"));
    }

    [Fact]
    public void The_limit_of_a_line_holds_for_every_reader()
    {
        const string Record = """{"timestamp":"2026-11-23T14:25:38Z","event":"metric","metric_name":"m","value":1}""";
        string padded = Record[..^1] + ",\"x\":\"" + new string('x', 2000) + "\"}";
        _directory.Write("metrics.jsonl", Record, padded);
        LogDirectory log = LogDirectory.Open(_directory.Path);

        Assert.Equal(0, log.Summarize(TestContext.Current.CancellationToken).SkippedLines);
        Assert.Equal(1, log.WithMaxLineLength(1024).Summarize(TestContext.Current.CancellationToken).SkippedLines);
        Assert.Equal((1, 1), Counts(log.WithMaxLineLength(1024), "points"));
        Assert.Equal((1, 1), Counts(log.WithMaxLineLength(1024).Between(DateTimeOffset.UnixEpoch), "points"));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.WithMaxLineLength(1023));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.WithMaxLineLength(int.MaxValue));
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static (long Rows, long Skipped) Counts(LogDirectory log, string view)
    {
        using LogQuery query = log.Query($"SELECT count(*) FROM {view}", TestContext.Current.CancellationToken);
        Assert.True(query.Reader.Read());
        return (Convert.ToInt64(query.Reader.GetValue(0), CultureInfo.InvariantCulture), query.SkippedLines);
    }
}
