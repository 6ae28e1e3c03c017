using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Parquet.Serialization;

namespace Afterimage.Monitoring.Reporting.Tests;

public sealed class ExportTests : IDisposable
{
    private const int MaxCell = 32_767;

    private const string Csv = """
        import csv, json, sys
        csv.field_size_limit(10**9)
        print(json.dumps([list(csv.DictReader(open(p, newline='', encoding='utf-8'))) for p in sys.argv[1:]]))
        """;

    // The escapes (_x001B_) are the format's own, ECMA-376 part 1, 22.9.2.19; openpyxl leaves them to its callers.
    private const string Workbook = """
        import datetime, json, openpyxl, openpyxl.utils.escape, sys
        book = openpyxl.load_workbook(sys.argv[1])
        show = lambda v: {'time': v.isoformat()} if isinstance(v, datetime.datetime) \
            else openpyxl.utils.escape.unescape(v) if isinstance(v, str) else v
        print(json.dumps([{'sheet': s.title, 'formulas': sum(c.data_type == 'f' for r in s.iter_rows() for c in r),
            'rows': [[show(c.value) for c in r] for r in s.iter_rows()]} for s in book]))
        """;

    // With one that looks like an escape of the workbook's.
    private static readonly string[] Hostile = [.. HostileNames.List, "_x0041_"];

    private static readonly DateTimeOffset Time = new DateTimeOffset(2026, 11, 23, 14, 25, 38, TimeSpan.Zero).AddTicks(1_234_560);

    private readonly TemporaryDirectory _directory = new();

    public static MatrixTheoryData<ExportFormat, ExportShape> FormatsAndShapes { get; } =
        new(Enum.GetValues<ExportFormat>(), Enum.GetValues<ExportShape>());

    private CancellationToken Cancel { get; } = TestContext.Current.CancellationToken;

    private string Log => Path.Combine(_directory.Path, "log");

    public void Dispose() => _directory.Dispose();

    private string Out(string name) => Path.Combine(_directory.Path, "out", name);

    private Task<ExportSummary> ExportAsync(string name, ExportFormat format, ExportOptions? options = null) =>
        LogDirectory.Open(Log).ExportMetricsAsync(Out(name), format, options, cancellationToken: Cancel);

    private string[] Left() =>
        [
            .. Directory
                .GetFileSystemEntries(Path.Combine(_directory.Path, "out"))
                .Select(path => Path.GetFileName(path))
                .Order(StringComparer.Ordinal),
        ];

    private GenerationMonitor Monitor(params IMetricHandler[]? handlers)
    {
        GenerationMonitorOptions options = PatientMonitor.Options(Log);
        options.WriteFiles = handlers is [];
        foreach (IMetricHandler handler in handlers ?? [])
            options.MetricHandlers.Add(handler);
        return new GenerationMonitor(options, new FakeTimeProvider(Time));
    }

    private void WriteHostile()
    {
        using GenerationMonitor monitor = Monitor();
        foreach (string name in Hostile)
        {
            KeyValuePair<string, object?>[] tags = [KeyValuePair.Create(name, (object?)name)];
            monitor.RecordMetric(name, 0.5, new Dictionary<string, object?> { [name] = name });
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(1.5),
                true,
                new GenerationDetails
                {
                    ModelName = name,
                    FinishReason = name,
                    Error = name,
                    Provider = name,
                    Operation = name,
                    Tags = tags,
                });
            monitor.TrackEvaluation(
                TimeSpan.FromSeconds(2),
                true,
                name,
                new Dictionary<string, EvaluationScore> { [name] = new(0.25, name) },
                new EvaluationDetails { Error = name, Tags = tags });
        }
    }

    [Theory]
    [InlineData(ExportFormat.Json)]
    [InlineData(ExportFormat.Csv)]
    [InlineData(ExportFormat.Excel)]
    [InlineData(ExportFormat.Parquet)]
    public async Task A_live_monitor_exports_what_it_has_recorded_until_now(ExportFormat format)
    {
        using GenerationMonitor monitor = Monitor();
        monitor.TrackGeneration(TimeSpan.FromSeconds(1.25), true, new GenerationDetails { ModelName = "m", PromptTokenCount = 3 });

        await monitor.ExportMetricsAsync(Out("x.out"), format, cancellationToken: Cancel);

        string[] metrics = ["error_rate", "generation_time", "model_usage_m", "prompt_token_count", "success_rate", "total_token_count"];
        Assert.Equal(format == ExportFormat.Csv ? metrics.Select(metric => $"x_{metric}.out") : ["x.out"], Left());
    }

    [Fact]
    public async Task A_window_is_of_the_monitor_s_clock()
    {
        var clock = new FakeTimeProvider(Time);
        using var monitor = new GenerationMonitor(PatientMonitor.Options(Log), clock);
        monitor.RecordMetric("m", 1);
        clock.Advance(TimeSpan.FromMinutes(2));
        monitor.RecordMetric("m", 2);

        await monitor.ExportMetricsAsync(Out("all.json"), cancellationToken: Cancel);
        await monitor.ExportMetricsAsync(Out("minute.json"), window: TimeSpan.FromMinutes(1), cancellationToken: Cancel);
        await monitor.ExportMetricsAsync(Out("edge.json"), window: TimeSpan.FromMinutes(2), cancellationToken: Cancel);

        Assert.Equal([1.0, 2.0], Values("all.json"));
        Assert.Equal([2.0], Values("minute.json"));
        Assert.Equal([1.0, 2.0], Values("edge.json"));
    }

    private double[] Values(string name) =>
        [
            .. JsonDocument
                .Parse(File.ReadAllText(Out(name)))
                .RootElement.EnumerateArray()
                .Select(row => row.GetProperty("value").GetDouble()),
        ];

    [Fact]
    public async Task A_monitor_that_keeps_no_log_exports_its_memory()
    {
        using GenerationMonitor monitor = Monitor(new FileMetricHandler(Path.Combine(_directory.Path, "elsewhere")));
        for (int i = 0; i < 5000; i++)
            monitor.TrackGeneration(TimeSpan.FromSeconds(i), true, new GenerationDetails { ModelName = "m" });
        monitor.RecordMetric("old", 1, timestamp: Time.AddHours(-1));

        await monitor.ExportMetricsAsync(Out("x.json"), window: TimeSpan.FromMinutes(1), cancellationToken: Cancel);

        JsonElement[] rows = [.. JsonDocument.Parse(await File.ReadAllTextAsync(Out("x.json"), Cancel)).RootElement.EnumerateArray()];
        Assert.Equal(20_000, rows.Length);
        Assert.Equal(
            Enumerable.Range(0, 5000).Select(i => (double)i),
            rows.Where(row => row.GetProperty("metric").ValueEquals("generation_time"))
                .Select(row => row.GetProperty("value").GetDouble())
                .Order());
        Assert.All(
            rows,
            row =>
                Assert.Equal(
                    ("m", "2026-11-23T14:25:38.123456Z"),
                    (row.GetProperty("model_name").GetString(), row.GetProperty("timestamp").GetString())));
    }

    [Fact]
    public async Task A_disposed_monitor_still_exports()
    {
        GenerationMonitor monitor = Monitor();
        monitor.RecordMetric("m", 1);
        monitor.Dispose();

        await monitor.ExportMetricsAsync(Out("x.json"), cancellationToken: Cancel);

        Assert.Equal([1.0], Values("x.json"));
    }

    [Fact]
    public async Task Json_is_an_array_of_rows_with_all_that_is_known()
    {
        using (GenerationMonitor monitor = Monitor())
        {
            monitor.RecordMetric("m", double.NegativeInfinity, new Dictionary<string, object?> { ["k"] = 1 });
            monitor.TrackEvaluation(
                TimeSpan.FromSeconds(2),
                false,
                "judge",
                new Dictionary<string, EvaluationScore> { ["s"] = new(0.25, "why") },
                new EvaluationDetails { Error = "E" });
        }

        await ExportAsync("p.json", ExportFormat.Json);
        ExportSummary records = await ExportAsync("r.json", ExportFormat.Json, new ExportOptions { Shape = ExportShape.Records });

        JsonElement rows = await OtherPrograms.PythonAsync(
            "import json, sys; print(json.dumps(json.load(open(sys.argv[1], encoding='utf-8'))))",
            null,
            Out("p.json"));
        JsonElement own = Assert.Single(rows.EnumerateArray(), row => row.GetProperty("metric").ValueEquals("m"));
        Assert.Equal("-Infinity", own.GetProperty("value").GetString());
        Assert.Equal(1, own.GetProperty("metadata").GetProperty("k").GetInt32());
        JsonElement score = Assert.Single(rows.EnumerateArray(), row => row.GetProperty("metric").ValueEquals("evaluation_score_s"));
        Assert.Equal(
            (0.25, "why", "judge", "E", 2.0, false),
            (
                score.GetProperty("value").GetDouble(),
                score.GetProperty("feedback").GetString(),
                score.GetProperty("evaluator_type").GetString(),
                score.GetProperty("error").GetString(),
                score.GetProperty("duration").GetDouble(),
                score.GetProperty("success").GetBoolean()));
        JsonElement record = Assert.Single(
            JsonDocument.Parse(await File.ReadAllTextAsync(Out("r.json"), Cancel)).RootElement.EnumerateArray());
        Assert.Equal(
            ("evaluation", 0.25),
            (record.GetProperty("event").GetString(), record.GetProperty("scores").GetProperty("s").GetDouble()));
        Assert.Equal(1, records.Rows);
    }

    [Theory]
    [MemberData(nameof(FormatsAndShapes))]
    public async Task Hostile_texts_come_back_as_they_were(ExportFormat format, ExportShape shape)
    {
        WriteHostile();

        ExportSummary result = await ExportAsync("x.xlsx", format, new ExportOptions { Shape = shape, SingleFile = true });

        IReadOnlyDictionary<string, string?>[] rows = await ReadAsync(result.Files[0], format);
        Assert.Equal(result.Rows, rows.Length);
        foreach (string name in Hostile)
        {
            if (shape == ExportShape.Records)
            {
                Check(
                    ("model_name", name),
                    [("finish_reason", name), ("error", name), ("provider", name), ("operation", name)],
                    [("tags", name)]);
                Check(("evaluator_type", name), [("error", name)], [("tags", name), ("feedback", name), ("scores", "0.25")]);
            }
            else
            {
                Check(("metric", name), [], [("metadata", name)]);
                foreach (string metric in (string[])["model_usage:", "finish_reason:"])
                {
                    Check(
                        ("metric", metric + name),
                        [("model_name", name), ("finish_reason", name), ("error", name), ("provider", name), ("operation", name)],
                        [("metadata", name)]);
                }

                Check(
                    ("metric", "evaluation_score_" + name),
                    [("evaluator_type", name), ("feedback", name), ("error", name)],
                    [("metadata", name)]);
            }

            void Check((string Column, string Text) key, (string Column, string Text)[] texts, (string Column, string Value)[] objects)
            {
                IReadOnlyDictionary<string, string?> row = Assert.Single(
                    rows,
                    row => row.GetValueOrDefault(key.Column) == Kept(key.Text, format));
                Assert.All(texts, expected => Assert.Equal(Kept(expected.Text, format), row[expected.Column]));
                Assert.All(objects, expected =>
                {
                    string json = row[expected.Column]!;
                    if (format == ExportFormat.Excel && name.Length > MaxCell / 2)
                    {
                        Assert.Equal(MaxCell, json.Length);
                        return;
                    }

                    JsonProperty own = Assert.Single(JsonDocument.Parse(json).RootElement.EnumerateObject());
                    Assert.Equal((name, expected.Value), (own.Name, own.Value.ToString()));
                });
            }
        }
    }

    /// <summary>The text as the format has it, by the documentation of <see cref="ExportFormat"/>.</summary>
    private static string Kept(string text, ExportFormat format) => format switch
    {
        ExportFormat.Csv when text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' => "'" + text,
        ExportFormat.Excel => text.Length <= MaxCell ? text : text[..(MaxCell - 1)] + "…",
        _ => text,
    };

    /// <summary>The rows of a file, read by a program that did not write it: each cell's text, and of an object its JSON.</summary>
    private async Task<IReadOnlyDictionary<string, string?>[]> ReadAsync(string path, ExportFormat format)
    {
        switch (format)
        {
            case ExportFormat.Json:
                JsonElement array = await OtherPrograms.PythonAsync(
                    "import json, sys; print(json.dumps(json.load(open(sys.argv[1], encoding='utf-8'))))",
                    null,
                    path);
                return
                [
                    .. array
                        .EnumerateArray()
                        .Select(row => row.EnumerateObject().ToDictionary(cell => cell.Name, cell => Text(cell.Value))),
                ];
            case ExportFormat.Csv:
                JsonElement files = await OtherPrograms.PythonAsync(Csv, null, path);
                return
                [
                    .. files[0]
                        .EnumerateArray()
                        .Select(row => row.EnumerateObject().ToDictionary(cell => cell.Name, cell => Text(cell.Value))),
                ];
            case ExportFormat.Excel:
                JsonElement sheets = await OtherPrograms.PythonAsync(Workbook, "openpyxl", path);
                return
                [
                    .. from sheet in sheets.EnumerateArray()
                    let table = sheet
                        .GetProperty("rows")
                        .EnumerateArray()
                        .Select(row => row.EnumerateArray().Select(Text).ToArray())
                        .ToArray()
                    from row in table[1..]
                    select table[0].Zip(row).ToDictionary(cell => cell.First!, cell => cell.Second),
                ];
            default:
                await using (FileStream file = File.OpenRead(path))
                {
                    DeserializationResult<Dictionary<string, object>> read = await ParquetSerializer.DeserializeUntypedAsync(
                        file,
                        cancellationToken: Cancel);
                    return
                    [
                        .. read.Data.Select(row =>
                            row.ToDictionary(
                                cell => cell.Key,
                                cell => cell.Value is byte[] json ? Encoding.UTF8.GetString(json) : cell.Value?.ToString())),
                    ];
                }
        }

        static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.Null ? null : value.ToString();
    }

    [Theory]
    [InlineData(ExportFormat.Json)]
    [InlineData(ExportFormat.Csv)]
    [InlineData(ExportFormat.Excel)]
    [InlineData(ExportFormat.Parquet)]
    public async Task Half_of_a_surrogate_pair_becomes_the_replacement_character(ExportFormat format)
    {
        using (GenerationMonitor monitor = Monitor())
            monitor.RecordMetric(
                HostileNames.Unpaired,
                1,
                new Dictionary<string, object?> { [HostileNames.Unpaired] = HostileNames.Unpaired });

        foreach (ExportShape shape in Enum.GetValues<ExportShape>())
            await ExportAsync($"{shape}.out", format, new ExportOptions { Shape = shape, SingleFile = true });

        using LogQuery query = LogDirectory.Open(Log).Query("SELECT metric, metadata FROM points", Cancel);
        Assert.True(query.Reader.Read());
        Assert.Equal(HostileNames.UnpairedKept, query.Reader.GetString(0));
        Assert.Equal(
            HostileNames.UnpairedKept,
            JsonDocument.Parse(query.Reader.GetString(1)).RootElement.GetProperty(HostileNames.UnpairedKept).GetString());
        Assert.Equal(["Points.out", "Records.out"], Left());
    }

    [Fact]
    public async Task Hostile_names_are_neither_paths_nor_formulas_in_csv()
    {
        WriteHostile();

        ExportSummary result = await ExportAsync("x.csv", ExportFormat.Csv);
        await ExportAsync("one.csv", ExportFormat.Csv, new ExportOptions { SingleFile = true });

        Assert.All(result.Files, file => Assert.Equal(Path.Combine(_directory.Path, "out"), Path.GetDirectoryName(file)));
        Assert.Equal(result.Files.Select(file => Path.GetFileName(file)).Append("one.csv").Order(StringComparer.Ordinal), Left());
        Assert.Equal(result.Files.Count, result.Files.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        JsonElement[][] files =
        [
            .. (await OtherPrograms.PythonAsync(Csv, null, [.. result.Files]))
                .EnumerateArray()
                .Select(file => file.EnumerateArray().ToArray()),
        ];
        JsonElement[] all = (await OtherPrograms.PythonAsync(Csv, null, Out("one.csv")))[0].EnumerateArray().ToArray();
        Assert.Equal(result.Rows, files.Sum(file => file.Length));
        Assert.Equal(result.Rows, all.Length);
        Assert.All(files, file => Assert.Single(file.Select(row => row.GetProperty("metric").GetString()).Distinct()));
        foreach (JsonElement row in files.SelectMany(file => file).Concat(all))
        {
            Assert.All(
                row.EnumerateObject().Where(cell => cell.Name is not ("value" or "duration")),
                cell => Assert.False(cell.Value.GetString() is ['=' or '+' or '-' or '@' or '\t' or '\r', ..], cell.Value.GetString()));
        }
    }

    [Fact]
    public async Task Many_metrics_keep_their_points_in_the_order_they_were_recorded_in()
    {
        const int Metrics = 400;
        const int Points = 4;
        using (GenerationMonitor monitor = Monitor())
        {
            // Names that are the same where a file's or a sheet's name ends, and whose cells have what ends a row elsewhere.
            for (int i = 0; i < Metrics * Points; i++)
                monitor.RecordMetric(string.Create(CultureInfo.InvariantCulture, $"{new string('n', 130)}\",\n{i * 7 % Metrics}"), i);
            for (int i = 0; i < Metrics; i++)
                monitor.RecordMetric("common", i);
        }

        ExportSummary csv = await ExportAsync("x.csv", ExportFormat.Csv);
        await ExportAsync("x.xlsx", ExportFormat.Excel);

        JsonElement files = await OtherPrograms.PythonAsync(Csv, null, [.. csv.Files]);
        Check(
            files
                .EnumerateArray()
                .Select(rows =>
                    rows.EnumerateArray()
                        .Select(row =>
                            (
                                row.GetProperty("metric").GetString()!,
                                double.Parse(row.GetProperty("value").GetString()!, CultureInfo.InvariantCulture)))
                        .ToArray()));
        JsonElement sheets = await OtherPrograms.PythonAsync(Workbook, "openpyxl", Out("x.xlsx"));
        Check(
            sheets
                .EnumerateArray()
                .Select(sheet =>
                    sheet.GetProperty("rows").EnumerateArray().Skip(1).Select(row => (row[0].GetString()!, row[2].GetDouble())).ToArray()));

        static void Check(IEnumerable<(string Metric, double Value)[]> parts)
        {
            (string Metric, double Value)[][] all = [.. parts];
            Assert.Equal(Metrics + 1, all.Length);
            Assert.Equal(Metrics + 1, all.Select(part => part[0].Metric).Distinct().Count());
            Assert.All(all, part =>
            {
                Assert.All(part, row => Assert.Equal(part[0].Metric, row.Metric));
                Assert.Equal(part[0].Metric == "common" ? Metrics : Points, part.Length);
                Assert.Equal(part.Select(row => row.Value).Order(), part.Select(row => row.Value));
            });
        }
    }

    [Fact]
    public async Task Numbers_in_csv_stay_numbers()
    {
        using (GenerationMonitor monitor = Monitor())
            monitor.RecordMetric("m", -1.5);

        await ExportAsync("x.csv", ExportFormat.Csv);

        Assert.Equal("-1.5", (await OtherPrograms.PythonAsync(Csv, null, Out("x_m.csv")))[0][0].GetProperty("value").GetString());
    }

    [Fact]
    public async Task Hostile_names_make_legal_sheets_without_formulas()
    {
        WriteHostile();

        await ExportAsync("x.xlsx", ExportFormat.Excel);

        JsonElement[] sheets = [.. (await OtherPrograms.PythonAsync(Workbook, "openpyxl", Out("x.xlsx"))).EnumerateArray()];
        string[] names = [.. sheets.Select(sheet => sheet.GetProperty("sheet").GetString()!)];
        Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(
            names,
            name =>
                Assert.True(
                    name.Length is > 0 and <= 31
                        && name.IndexOfAny(['[', ']', ':', '*', '?', '/', '\\']) < 0
                        && name[0] != '\''
                        && name[^1] != '\'',
                    name));
        Assert.All(sheets, sheet => Assert.Equal(0, sheet.GetProperty("formulas").GetInt32()));
    }

    [Fact]
    public async Task In_a_workbook_numbers_are_numbers_and_times_times()
    {
        using (GenerationMonitor monitor = Monitor())
        {
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(1.25),
                true,
                new GenerationDetails
                {
                    ModelName = "m",
                    PromptTokenCount = 3,
                    Error = new string('é', 40_000),
                });
            monitor.RecordMetric("m", double.NaN, timestamp: new DateTimeOffset(1890, 1, 1, 0, 0, 0, TimeSpan.Zero));
        }

        await ExportAsync("p.xlsx", ExportFormat.Excel);
        await ExportAsync("r.xlsx", ExportFormat.Excel, new ExportOptions { Shape = ExportShape.Records });

        JsonElement[] sheets = [.. (await OtherPrograms.PythonAsync(Workbook, "openpyxl", Out("r.xlsx"))).EnumerateArray()];
        Assert.Equal(["generations", "evaluations"], sheets.Select(sheet => sheet.GetProperty("sheet").GetString()));
        Dictionary<string, JsonElement> row = sheets[0]
            .GetProperty("rows")[0]
            .EnumerateArray()
            .Zip(sheets[0].GetProperty("rows")[1].EnumerateArray())
            .ToDictionary(cell => cell.First.GetString()!, cell => cell.Second);
        Assert.Equal((1.25, 3, true), (row["duration"].GetDouble(), row["prompt_token_count"].GetInt32(), row["success"].GetBoolean()));
        Assert.Equal(Time.UtcDateTime, row["timestamp"].GetProperty("time").GetDateTime(), TimeSpan.FromMilliseconds(1));
        Assert.Equal(32_767, row["error"].GetString()!.Length);
        JsonElement[] points = [.. (await OtherPrograms.PythonAsync(Workbook, "openpyxl", Out("p.xlsx"))).EnumerateArray()];
        JsonElement own = Assert.Single(points, sheet => sheet.GetProperty("sheet").ValueEquals("m")).GetProperty("rows")[1];
        Assert.Equal(("1890-01-01T00:00:00.000000Z", "NaN"), (own[1].GetString(), own[2].GetString()));
    }

    [Fact]
    public async Task A_workbook_has_characters_beyond_the_first_plane_themselves()
    {
        // So many that some lie across whatever is read at a time.
        string text = string.Concat(Enumerable.Repeat("🙂x𝄞", 5000)) + "_xD83D__xDE42_";
        using (GenerationMonitor monitor = Monitor())
            monitor.RecordMetric("m", 1, new Dictionary<string, object?> { ["k"] = text });

        await ExportAsync("x.xlsx", ExportFormat.Excel);

        JsonElement sheets = await OtherPrograms.PythonAsync(
            "import json, openpyxl, sys; print(json.dumps([[c.value for c in r if isinstance(c.value, str)] "
                + "for r in openpyxl.load_workbook(sys.argv[1]).active.iter_rows()]))",
            "openpyxl",
            Out("x.xlsx"));
        string json = sheets[1].EnumerateArray().Last().GetString()!;
        Assert.Equal(
            text.Replace("_x", "_x005F_x", StringComparison.Ordinal),
            JsonDocument.Parse(json).RootElement.GetProperty("k").GetString());
    }

    [Fact]
    public async Task LibreOffice_shows_names_and_runs_none()
    {
        // Of control characters LibreOffice shows the escape, and every line end it takes for a line feed.
        string[] names = [.. HostileNames.List.Where(name => !name.Any(c => c < ' ' && c is not ('\t' or '\n' or '\r'))), "=1+1", "$=1+1"];
        using (GenerationMonitor monitor = Monitor())
        {
            foreach (string name in names)
                monitor.TrackEvaluation(TimeSpan.FromSeconds(2), true, name, new Dictionary<string, double> { ["s"] = 0.25 });
        }

        await ExportAsync("x.xlsx", ExportFormat.Excel, new ExportOptions { MetricName = "evaluation_score_s" });
        await OtherPrograms.LibreOfficeCsvAsync(Out("x.xlsx"));

        JsonElement[] rows = [.. (await OtherPrograms.PythonAsync(Csv, null, Out("x.csv")))[0].EnumerateArray()];
        Assert.Equal(
            names.Select(name => Lines(Kept(name, ExportFormat.Excel))),
            rows.Select(row => Lines(row.GetProperty("evaluator_type").GetString()!)));
        Assert.All(
            rows,
            row =>
                Assert.Equal(
                    ("2026-11-23 14:25:38.123", "0.25"),
                    (row.GetProperty("timestamp").GetString(), row.GetProperty("value").GetString())));

        static string Lines(string text) => text.ReplaceLineEndings("\n");
    }

    [Fact]
    public async Task A_sheet_that_is_full_goes_on_in_the_next()
    {
        const int Points = 1_048_580;
        string line = """{"timestamp":"2026-11-23T14:25:38Z","event":"metric","metric_name":"m","value":1}""" + "\n";
        Directory.CreateDirectory(Log);
        await File.WriteAllTextAsync(Path.Combine(Log, "metrics.jsonl"), string.Concat(Enumerable.Repeat(line, Points)), Cancel);

        ExportSummary result = await ExportAsync("x.xlsx", ExportFormat.Excel);

        Assert.Equal(Points, result.Rows);
        using var book = System.IO.Compression.ZipFile.OpenRead(Out("x.xlsx"));
        Assert.Equal([1_048_576, 6], (int[])[CountRows("xl/worksheets/sheet1.xml"), CountRows("xl/worksheets/sheet2.xml")]);
        Assert.Null(book.GetEntry("xl/worksheets/sheet3.xml"));

        int CountRows(string sheet)
        {
            using var reader = System.Xml.XmlReader.Create(book.GetEntry(sheet)!.Open());
            int rows = 0;
            while (reader.Read())
                rows += reader is { NodeType: System.Xml.XmlNodeType.Element, LocalName: "row" } ? 1 : 0;
            return rows;
        }
    }

    [Fact]
    public async Task Parquet_has_types_and_utc_microseconds()
    {
        using (GenerationMonitor monitor = Monitor())
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(1.25),
                true,
                new GenerationDetails
                {
                    ModelName = "m",
                    PromptTokenCount = 3,
                    Tags = [KeyValuePair.Create("k", (object?)1)],
                });

        ExportSummary result = await ExportAsync("x.parquet", ExportFormat.Parquet, new ExportOptions { Shape = ExportShape.Records });

        await using FileStream file = File.OpenRead(result.Files[0]);
        DeserializationResult<Dictionary<string, object>> read = await ParquetSerializer.DeserializeUntypedAsync(
            file,
            cancellationToken: Cancel);
        Dictionary<string, object> row = Assert.Single(read.Data);
        Assert.Equal(Time.UtcDateTime, Assert.IsType<DateTime>(row["timestamp"]));
        Assert.Equal(
            (1.25, true, "m", 3L, "generation"),
            (row["duration"], row["success"], row["model_name"], row["prompt_token_count"], row["event"]));
        var timestamp = Assert.IsType<Parquet.Schema.DateTimeDataField>(read.Schema.DataFields.Single(field => field.Name == "timestamp"));
        Assert.Equal((Parquet.Schema.DateTimeTimeUnit.Micros, true), (timestamp.Unit, timestamp.IsAdjustedToUTC));
    }

    [Theory]
    [InlineData(ExportFormat.Json)]
    [InlineData(ExportFormat.Csv)]
    [InlineData(ExportFormat.Excel)]
    [InlineData(ExportFormat.Parquet)]
    public async Task An_empty_log_makes_one_file_without_rows(ExportFormat format)
    {
        Directory.CreateDirectory(Log);
        foreach (ExportShape shape in Enum.GetValues<ExportShape>())
        {
            ExportSummary result = await ExportAsync($"{shape}.out", format, new ExportOptions { Shape = shape });

            Assert.Equal([Out($"{shape}.out")], result.Files);
            Assert.Equal(0, result.Rows);
            Assert.True(new FileInfo(result.Files[0]).Length > 0);
        }
    }

    [Fact]
    public async Task Bounds_metric_and_skipped_lines_are_heeded()
    {
        _directory.Write(
            "log/metrics.jsonl",
            Enumerable
                .Range(0, 10)
                .Select(i =>
                    $$"""
                    {"timestamp":"2026-11-23T14:25:0{{i}}Z","event":"metric","metric_name":"{{(i % 2 == 0 ? "even" : "odd")}}",
                    """ + $$"""
                    "value":{{i}}}
                    """
                )
                .Append("torn"));

        ExportSummary result = await ExportAsync("x.json", ExportFormat.Json, new ExportOptions
        {
            Since = DateTimeOffset.Parse("2026-11-23T14:25:02Z", CultureInfo.InvariantCulture),
            Until = DateTimeOffset.Parse("2026-11-23T14:25:08Z", CultureInfo.InvariantCulture),
            MetricName = "even",
        });

        Assert.Equal([2.0, 4.0, 6.0], Values("x.json"));
        Assert.Equal((3, 1), (result.Rows, result.SkippedLines));
    }

    [Theory]
    [InlineData(ExportFormat.Json)]
    [InlineData(ExportFormat.Csv)]
    [InlineData(ExportFormat.Excel)]
    [InlineData(ExportFormat.Parquet)]
    public async Task A_cancelled_export_leaves_what_was_there(ExportFormat format)
    {
        WriteHostile();
        _directory.Write("out/x.out", "before");
        using var stop = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            LogDirectory.Open(Log).ExportMetricsAsync(
                Out("x.out"),
                format,
                new ExportOptions { ReplacesOtherFiles = true },
                new Tell(share => stop.Cancel()),
                stop.Token));

        Assert.Equal(["x.out"], Left());
        Assert.Equal("before\n", await File.ReadAllTextAsync(Out("x.out"), Cancel));
    }

    [Fact]
    public async Task Exports_to_one_directory_do_not_disturb_each_other()
    {
        WriteHostile();
        LogDirectory log = LogDirectory.Open(Log);
        bool isFirst = true;

        await log.ExportMetricsAsync(Out("a.json"), progress: new Tell(_ =>
        {
            if (isFirst)
                log.ExportMetricsAsync(Out("b.json"), cancellationToken: Cancel).Wait(Cancel);
            isFirst = false;
        }), cancellationToken: Cancel);

        Assert.Equal(["a.json", "b.json"], Left());
        Assert.Equal(await File.ReadAllTextAsync(Out("a.json"), Cancel), await File.ReadAllTextAsync(Out("b.json"), Cancel));
    }

    [Theory]
    [InlineData(ExportFormat.Csv)]
    [InlineData(ExportFormat.Excel)]
    public async Task Progress_grows_to_one(ExportFormat format)
    {
        WriteHostile();
        List<double> shares = [];

        await LogDirectory.Open(Log).ExportMetricsAsync(Out("x"), format, null, new Tell(shares.Add), Cancel);

        Assert.Equal(shares.Order(), shares);
        Assert.Equal(1, shares[^1]);
    }

    [Fact]
    public async Task What_cannot_be_written_is_named()
    {
        WriteHostile();
        string file = _directory.Write("file");
        string taken = Path.Combine(_directory.Path, "taken");
        Directory.CreateDirectory(taken);

        foreach (string path in (string[])[Path.Combine(file, "x.json"), taken])
        {
            var exception = await Assert.ThrowsAsync<IOException>(() =>
                LogDirectory.Open(Log).ExportMetricsAsync(path, cancellationToken: Cancel));
            Assert.Contains(path, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_at_once()
    {
        using GenerationMonitor monitor = Monitor();
        LogDirectory log = LogDirectory.Open(Log);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            monitor.ExportMetricsAsync(Out("x"), (ExportFormat)9, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            monitor.ExportMetricsAsync(Out("x"), window: TimeSpan.FromSeconds(-1), cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => monitor.ExportMetricsAsync("", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            log.ExportMetricsAsync(Out("x"), (ExportFormat)9, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
            log.ExportMetricsAsync(Out("x"), options: new ExportOptions { Shape = (ExportShape)9 }, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() =>
            log.ExportMetricsAsync(
                Out("x"),
                options: new ExportOptions { Shape = ExportShape.Records, MetricName = "m" },
                cancellationToken: Cancel));
    }

    private sealed class Tell(Action<double> action) : IProgress<double>
    {
        public void Report(double value) => action(value);
    }
}
