using System.Globalization;
using System.Text.Json;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Files of the Python module as log directories.</summary>
public sealed class ImportTests : IDisposable
{
    // How the Python module writes a line: json.dumps of a dict, the time naive.
    private const string Writer = """
        import datetime, json, sys
        names = json.load(open(sys.argv[1], encoding='utf-8')) + ['lone\ud83dsurrogate']
        with open(sys.argv[2], 'w') as out:
            for i, name in enumerate(names):
                time = datetime.datetime(2026, 1, 5, 10, 0, 0, i * 1000).isoformat()
                out.write(json.dumps({'metric': name, 'value': i + 0.5, 'text': name, name: 'key', 'timestamp': time}) + '\n')
            for value in (float('nan'), float('inf'), float('-inf')):
                out.write(json.dumps({'metric': 'special', 'value': value, 'also': value, 'text': 'NaN "NaN" Infinity',
                    'timestamp': '2026-01-05T11:00:00'}) + '\n')
        print(json.dumps(len(names) + 3))
        """;

    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Target => Path.Combine(_directory.Path, "runs", "python");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<ImportResult> ImportAsync(params string[] lines) => ImportInAsync(Berlin, lines);

    private Task<ImportResult> ImportInAsync(TimeZoneInfo? zone, params string[] lines) =>
        LogDirectory.ImportMetricsAsync(_directory.Write("metrics.jsonl", lines), Target, zone, cancellationToken: Cancel);

    private List<object?[]> Query(string sql)
    {
        using LogQuery query = LogDirectory.Open(Target).Query(sql, Cancel);
        List<object?[]> rows = [];
        while (query.Reader.Read())
            rows.Add([
                .. Enumerable.Range(0, query.Reader.FieldCount).Select(i => query.Reader.IsDBNull(i) ? null : query.Reader.GetValue(i)),
            ]);
        Assert.Equal(0, query.SkippedLines);
        return rows;
    }

    private string[] Times() =>
        [
            .. Query("SELECT timestamp FROM points ORDER BY value")
                .Select(row => ((DateTime)row[0]!).ToString("MM-dd HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture)),
        ];

    private static string Line(double value, string time) =>
        $$"""{"metric": "m", "value": {{value.ToString(CultureInfo.InvariantCulture)}}, "timestamp": "{{time}}"}""";

    [Fact]
    public async Task A_point_keeps_its_time_and_all_its_metadata()
    {
        ImportResult result = await ImportAsync(
            """{"metric": "generation_time", "value": 1.25, "model_name": "gpt-4o", "success": true, "n": 3, "big": 12345678901234567890"""
                + """, "huge": 123456789012345678901234567890, "x": 0.1, "none": null, "list": [1, {"a": "b"}]"""
                + """, "timestamp": "2026-07-05T12:00:00.123456"}""",
            """{"metric": "success_rate", "value": true, "timestamp": "2026-01-05T12:00:00"}""",
            """{"timestamp": "2026-01-05T12:00:00+05:30", "value": 3, "metric": "aware"}""",
            """{"metric": "aware", "value": 4, "timestamp": "2026-01-05T12:00:00Z"}""");

        Assert.Equal(
            (4, 0, null, 0, 0),
            (result.Points, result.SkippedLines, result.FirstSkipped, result.AmbiguousTimes, result.InvalidTimes));
        Assert.Equal((Target, Berlin), (result.LogDirectory.Path, result.TimeZone));
        object?[] row = Query("SELECT timestamp, value, event, model_name, metadata FROM points WHERE metric = 'generation_time'")[0];
        Assert.Equal(
            [
                new DateTime(2026, 7, 5, 10, 0, 0).AddMicroseconds(123456), 1.25, "metric", "gpt-4o",
                """{"model_name":"gpt-4o","success":true,"n":3,"big":12345678901234567890,"huge":"123456789012345678901234567890","x":0.1"""
                    + ""","none":null,"list":"[1, {\"a\": \"b\"}]"}""",
            ],
            row);
        Assert.Equal(
            [
                [1.0, new DateTime(2026, 1, 5, 11, 0, 0)],
            ],
            Query("SELECT value, timestamp FROM points WHERE metric = 'success_rate'"));
        Assert.Equal(
            [
                [new DateTime(2026, 1, 5, 6, 30, 0)],
                [new DateTime(2026, 1, 5, 12, 0, 0)],
            ],
            Query("SELECT timestamp FROM points WHERE metric = 'aware' ORDER BY value"));
        Assert.Equal(
            ["afterimage.log", "metrics.jsonl", "run.json"],
            Directory.GetFiles(Target).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
        Assert.NotNull(
            JsonDocument
                .Parse(await File.ReadAllTextAsync(Path.Combine(Target, "run.json"), Cancel))
                .RootElement.GetProperty("end")
                .GetString());
        Assert.Contains("Europe/Berlin", (string)Query("SELECT data FROM logs")[0][0]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_zone_is_this_machine_s_unless_another_is_given()
    {
        ImportResult result = await ImportInAsync(null, Line(1, "2026-01-05T12:00:00"));

        Assert.Equal(TimeZoneInfo.Local, result.TimeZone);
        Assert.Equal(
            TimeZoneInfo.ConvertTimeToUtc(new DateTime(2026, 1, 5, 12, 0, 0), TimeZoneInfo.Local),
            Query("SELECT timestamp FROM points")[0][0]);
    }

    [Fact]
    public async Task Of_a_time_that_was_there_twice_the_order_decides()
    {
        // In Berlin 25 October 2026 has the hour from two twice: from 00:00 and from 01:00 UTC.
        ImportResult result = await ImportAsync(
            Line(1, "2026-10-25T01:59:00"),
            Line(2, "2026-10-25T02:10:00"),
            Line(3, "2026-10-25T02:50:00"),
            Line(4, "2026-10-25T02:49:59.9"),
            Line(5, "2026-10-25T02:10:00"),
            Line(6, "2026-10-25T02:50:00"),
            Line(7, "2026-10-25T03:00:00"));

        Assert.Equal(
            [
                "10-24 23:59:00",
                "10-25 00:10:00",
                "10-25 00:50:00",
                "10-25 00:49:59.9",
                "10-25 01:10:00",
                "10-25 01:50:00",
                "10-25 02:00:00",
            ],
            Times());
        Assert.Equal((5, 0), (result.AmbiguousTimes, result.InvalidTimes));
    }

    [Fact]
    public async Task A_time_that_never_was_is_read_as_if_the_clock_had_stayed()
    {
        ImportResult result = await ImportAsync(
            Line(1, "2026-03-29T01:59:00"),
            Line(2, "2026-03-29T02:30:00"),
            Line(3, "2026-03-29T03:30:00"));

        Assert.Equal(["03-29 00:59:00", "03-29 01:30:00", "03-29 01:30:00"], Times());
        Assert.Equal((0, 1), (result.AmbiguousTimes, result.InvalidTimes));
    }

    [Fact]
    public async Task Lines_that_are_no_points_are_skipped_and_the_first_is_told()
    {
        ImportResult result = await ImportAsync(
            Line(1, "2026-01-05T12:00:00"),
            "",
            """{"metric": "m", "value": "x", "timestamp": "2026-01-05T12:00:00"}""",
            """{"metric": "", "value": 1, "timestamp": "2026-01-05T12:00:00"}""",
            """{"metric": "m", "value": 1, "timestamp": "yesterday"}""",
            """{"metric": "m", "value": 1}""",
            """{"metric": "m", "value": 1, "": 1, "timestamp": "2026-01-05T12:00:00"}""",
            """{"metric": "m", "value": 1, "timestamp": "0001-01-01T00:00:00"}""",
            "[1]",
            """{"metric": "m", "val""");

        Assert.Equal((1, 8, "line 3: the value is not a number"), (result.Points, result.SkippedLines, result.FirstSkipped));
    }

    [Fact]
    public async Task What_python_writes_comes_through_hostile_names_and_nan()
    {
        string names = _directory.Write("names.json", JsonSerializer.Serialize(HostileNames.List));
        string source = Path.Combine(_directory.Path, "python.jsonl");
        int count = (await OtherPrograms.PythonAsync(Writer, null, names, source)).GetInt32();

        ImportResult result = await LogDirectory.ImportMetricsAsync(source, Target, TimeZoneInfo.Utc, cancellationToken: Cancel);

        Assert.Equal((count, 0), (result.Points, result.SkippedLines));
        string[] expected = [.. HostileNames.List, HostileNames.UnpairedKept];
        List<object?[]> rows = Query("SELECT metric, value, metadata FROM points WHERE metric <> 'special' ORDER BY timestamp");
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal((expected[i], i + 0.5), ((string)rows[i][0]!, (double)rows[i][1]!));
            JsonElement metadata = JsonDocument.Parse((string)rows[i][2]!).RootElement;
            Assert.Equal((expected[i], "key"), (metadata.GetProperty("text").GetString(), metadata.GetProperty(expected[i]).GetString()));
        }

        List<object?[]> special = Query(
            "SELECT value, metadata ->> 'also', metadata ->> 'text' FROM points WHERE metric = 'special' ORDER BY value");
        Assert.Equal([double.NegativeInfinity, double.PositiveInfinity, double.NaN], special.Select(row => (double)row[0]!));
        Assert.Equal(["-Infinity", "Infinity", "NaN"], special.Select(row => (string)row[1]!));
        Assert.All(special, row => Assert.Equal("NaN \"NaN\" Infinity", row[2]));
        Assert.Equal(3, LogDirectory.Open(Target).Summarize(Cancel).NonFinitePoints);
    }

    [Fact]
    public async Task An_empty_file_makes_an_empty_run()
    {
        ImportResult result = await ImportAsync();

        Assert.Equal(0, result.Points);
        Assert.Empty(result.LogDirectory.Summarize(Cancel).Metrics);
    }

    [Fact]
    public async Task A_cancelled_import_leaves_nothing_and_can_be_repeated()
    {
        string source = _directory.Write("metrics.jsonl", Enumerable.Range(0, 20_000).Select(i => Line(i, "2026-01-05T12:00:00")));
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            LogDirectory.ImportMetricsAsync(source, Target, Berlin, new Tell(share => stop.Cancel()), stop.Token));

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(_directory.Path, "runs")));
        List<double> shares = [];
        Assert.Equal(20_000, (await LogDirectory.ImportMetricsAsync(source, Target, Berlin, new Tell(shares.Add), Cancel)).Points);
        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1]);
        Assert.Equal(
            ["python"],
            Directory.EnumerateFileSystemEntries(Path.Combine(_directory.Path, "runs")).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task A_place_that_is_taken_or_a_file_that_is_missing_is_named()
    {
        string source = _directory.Write("metrics.jsonl", Line(1, "2026-01-05T12:00:00"));
        Directory.CreateDirectory(Target);
        await LogDirectory.ImportMetricsAsync(source, Target + "/", Berlin, cancellationToken: Cancel);

        var taken = await Assert.ThrowsAsync<IOException>(() =>
            LogDirectory.ImportMetricsAsync(source, Target, Berlin, cancellationToken: Cancel));
        Assert.Contains(Target, taken.Message, StringComparison.Ordinal);
        Assert.Contains("must be empty", taken.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => LogDirectory.ImportMetricsAsync(source, source, Berlin, cancellationToken: Cancel));
        await Assert.ThrowsAsync<FileNotFoundException>(() =>
            LogDirectory.ImportMetricsAsync(source + "x", Target + "x", Berlin, cancellationToken: Cancel));
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.Combine(_directory.Path, "runs")));
    }

    [Fact]
    public async Task What_a_killed_import_left_is_no_run_and_the_next_one_removes_it()
    {
        ImportResult whole = await ImportAsync(Line(1, "2026-01-05T12:00:00"));
        string root = Path.Combine(_directory.Path, "runs");
        string other = Path.Combine(root, "other");
        string source = _directory.Write("metrics.jsonl", Line(1, "2026-01-05T12:00:00"), Line(2, "2026-01-05T12:00:00"));
        string? staging = null;
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => LogDirectory.ImportMetricsAsync(
            source,
            other,
            Berlin,
            new Tell(_ =>
            {
                staging = Directory.GetDirectories(root, ".importing-*").Single();
                stop.Cancel();
            }),
            stop.Token));

        _directory.Write(
            Path.Combine(Path.GetRelativePath(_directory.Path, staging!), "run", "metrics.jsonl"),
            File.ReadAllLines(Path.Combine(whole.LogDirectory.Path, "metrics.jsonl")));
        Assert.Equal(1, LogDirectory.Open(root).Summarize(Cancel).Metrics["m"].Count);

        await LogDirectory.ImportMetricsAsync(source, other, Berlin, cancellationToken: Cancel);
        Assert.Equal(3, LogDirectory.Open(root).Summarize(Cancel).Metrics["m"].Count);
        Assert.False(Directory.Exists(staging));
    }

    private sealed class Tell(Action<double> action) : IProgress<double>
    {
        public void Report(double value) => action(value);
    }
}
