using System.Text.Json;

namespace Afterimage.Cli.Tests;

/// <summary>query, export and plot over the log of a monitor whose names are hostile.</summary>
public sealed class ReportingCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public ReportingCommandTests()
    {
        using var monitor = new GenerationMonitor(PatientMonitor.Options(Path.Combine(_directory.Path, "log")));
        foreach (string name in HostileNames.List)
        {
            monitor.RecordMetric(name, 1);
            monitor.TrackGeneration(TimeSpan.FromSeconds(2), true, new GenerationDetails { ModelName = name, PromptTokenCount = 3 });
        }

        monitor.LogError("broken");
    }

    public void Dispose() => _directory.Dispose();

    private Task<CommandResult> RunAsync(params string[] arguments) => CommandLine.RunAsync(_directory.Path, arguments);

    private async Task AssertBadInputAsync(string cause, params string[] arguments)
    {
        CommandResult result = await RunAsync(arguments);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(cause, Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_prints_json_csv_and_a_table()
    {
        const string Sql =
            "SELECT model_name, duration, prompt_token_count::HUGEINT AS tokens, success, tags, ['a', NULL] AS list, "
            + "TIMESTAMP '2026-11-23 01:02:03' AS time FROM generations ORDER BY model_name";
        JsonElement json = (await RunAsync("query", "log", Sql, "--format", "json")).Json;
        CommandResult csv = await RunAsync("query", "log", Sql, "--format", "csv");
        CommandResult table = await RunAsync("query", "log", Sql);

        Assert.Equal(
            HostileNames.List.Order(StringComparer.Ordinal),
            json.EnumerateArray().Select(row => row.GetProperty("model_name").GetString()!).Order(StringComparer.Ordinal));
        Assert.Equal(
            """2,"tokens":3,"success":true,"tags":null,"list":["a",null],"time":"2026-11-23T01:02:03Z"}""",
            json[0].GetRawText().Split("\"duration\":")[1]);
        Assert.Contains(
            "\"'=cmd|' /C calc'!A0\"".Trim('"') + ",2,3,true,,\"[\"\"a\"\",null]\",2026-11-23T01:02:03Z\r\n",
            csv.Output,
            StringComparison.Ordinal);
        Assert.DoesNotContain("\n=", csv.Output, StringComparison.Ordinal);
        Assert.Contains("<script>alert(1)</script>", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table.Output);
        Assert.DoesNotContain('\u202e', table.Output);
    }

    [Fact]
    public async Task No_text_from_outside_steers_the_terminal()
    {
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(Path.Combine(_directory.Path, "log"))))
        {
            foreach (string text in HostileNames.List)
            {
                monitor.TrackGeneration(
                    TimeSpan.FromSeconds(1),
                    false,
                    new GenerationDetails
                    {
                        ModelName = text,
                        FinishReason = text,
                        Error = text,
                        Tags = [new(text, text)],
                    });
                monitor.TrackEvaluation(
                    TimeSpan.FromSeconds(1),
                    true,
                    text,
                    new Dictionary<string, EvaluationScore> { [text] = new(0.5, text) });
                monitor.LogWarning(text, new Dictionary<string, object?> { [text] = text });
            }
        }

        foreach (
            string[] arguments in (string[][])
                [
                    ["summary", "log"],
                    ["summary", "log", "--json"],
                    ["compare", "log", "log"],
                    ["compare", "log", "log", "--json"],
                    ["tail", "log", "-n", "1000"],
                    ["tail", "log", "-n", "1000", "--json"],
                    ["query", "log", "FROM points"],
                    ["query", "log", "FROM logs"],
                    ["plot", "log", "nothing", "--out", "x.png"],
                    ["export", "log", "--format", "csv", "--out", "csv/x.csv"],
                ])
        {
            CommandResult result = await RunAsync(arguments);
            Assert.Equal(arguments[0] == "plot" ? 2 : 0, result.ExitCode);

            // JSON keeps what is no control character: it is for programs.
            bool isText = !arguments.Contains("--json");
            char[] steering =
            [
                .. (result.Output + result.Error)
                    .Where(c => (char.IsControl(c) && c != '\n') || (isText && c is '\u202e' or '\u2028'))
                    .Distinct(),
            ];
            Assert.True(
                steering.Length == 0,
                $"{arguments[0]}: "
                + string.Join(' ', steering.Select(c => ((int)c).ToString("x4", System.Globalization.CultureInfo.InvariantCulture)))
            );
        }
    }

    [Fact]
    public async Task Query_reads_the_log_entries()
    {
        JsonElement rows = (await RunAsync("query", "log", "SELECT level, message FROM logs", "--format", "json")).Json;

        Assert.Equal("""[{"level":"error","message":"broken"}]""", rows.GetRawText());
    }

    [Fact]
    public async Task Query_says_in_one_sentence_what_is_wrong_with_the_sql()
    {
        await AssertBadInputAsync("syntax error", "query", "log", "SELEC");
        await AssertBadInputAsync("nowhere", "query", "log", "FROM nowhere");
        await AssertBadInputAsync("must not call the function read_text", "query", "log", "FROM read_text('log/metrics.jsonl')");
        await AssertBadInputAsync("Cast it to VARCHAR", "query", "log", "SELECT TIMESTAMP 'infinity' AS time");
        await AssertBadInputAsync("Candidate bindings: \"duration\"", "query", "log", "SELECT durations FROM generations");
        await AssertBadInputAsync("Did you mean \"generations\"?", "query", "log", "FROM generation");
        await AssertBadInputAsync("The SQL must contain one statement, not 2", "query", "log", "SELECT 1; SELECT 2");
        await AssertBadInputAsync("The SQL must contain a statement", "query", "log", ";");
        await AssertBadInputAsync("Only a statement that reads", "query", "log", "CALL enable_logging()");
        await AssertBadInputAsync("must not call the function enable_logging", "query", "log", "FROM enable_logging()");
        await AssertBadInputAsync("The SQL is missing", "query", "log");
        Directory.CreateDirectory(Path.Combine(_directory.Path, "empty"));
        await AssertBadInputAsync("is not a log directory", "query", "empty", "SELECT 1");
    }

    [Fact]
    public async Task Export_says_what_it_wrote()
    {
        CommandResult one = await RunAsync("export", "log", "--format", "json", "--shape", "records", "--out", "new/r.json");
        CommandResult many = await RunAsync("export", "log", "--format", "csv", "--out", "new/m.csv");

        Assert.Equal(0, one.ExitCode);
        string file = Path.Combine(_directory.Path, "new", "r.json");
        Assert.Equal($"{HostileNames.List.Count} rows to {file}", one.Output.TrimEnd());
        Assert.Equal(
            HostileNames.List.Count,
            JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).RootElement.GetArrayLength());
        Assert.Equal(
            Directory.GetFiles(Path.Combine(_directory.Path, "new"), "*.csv").Order(StringComparer.Ordinal),
            many.Output.TrimEnd().Split('\n').Skip(1).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Export_takes_bounds_and_a_metric()
    {
        CommandResult none = await RunAsync(
            "export",
            "log",
            "--format",
            "csv",
            "--out",
            "x.csv",
            "--until",
            "2026-01-01",
            "--metric",
            "generation_time");
        CommandResult all = await RunAsync(
            "export",
            "log",
            "--format",
            "parquet",
            "--out",
            "x.parquet",
            "--since",
            "2026-01-01T00:00:00+02:00",
            "--metric",
            "generation_time");

        Assert.StartsWith("0 rows", none.Output, StringComparison.Ordinal);
        Assert.StartsWith($"{HostileNames.List.Count} rows", all.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_names_a_place_that_it_cannot_write() =>
        await AssertBadInputAsync("log/metrics.jsonl", "export", "log", "--format", "json", "--out", "log/metrics.jsonl/x.json");

    [Fact]
    public async Task Plot_draws_a_metric_or_all_figures()
    {
        CommandResult png = await RunAsync("plot", "log", "generation_time", "--out", "a/x.png");
        CommandResult svg = await RunAsync("plot", "log", "=cmd|' /C calc'!A0", "--out", "x.SVG");
        CommandResult rolling = await RunAsync("plot", "log", "generation_time", "--out", "y.svg", "--rolling", "3");
        CommandResult all = await RunAsync("plot", "log", "--out", "figures");

        Assert.Equal((0, 0, 0), (png.ExitCode, svg.ExitCode, all.ExitCode));
        Assert.Equal(
            "PNG",
            System.Text.Encoding.ASCII.GetString(
                await File.ReadAllBytesAsync(png.Output.TrimEnd(), TestContext.Current.CancellationToken),
                1,
                3));
        Assert.Contains(
            "=cmd|",
            await File.ReadAllTextAsync(svg.Output.TrimEnd(), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Contains(
            "mean of the last 3",
            await File.ReadAllTextAsync(rolling.Output.TrimEnd(), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_directory.Path, "figures", "latency_by_model.png"), all.Output.Split('\n'));
    }

    [Fact]
    public async Task Plot_names_the_metrics_that_there_are()
    {
        await AssertBadInputAsync("Its metrics are: error_rate, generation_time", "plot", "log", "nothing", "--out", "x.png");
        await AssertBadInputAsync(".png or .svg", "plot", "log", "generation_time", "--out", "x.gif");
    }

    [Fact]
    public async Task Report_writes_a_page_beside_the_log_into_a_directory_or_to_a_file()
    {
        CommandResult beside = await RunAsync("report", "log");
        CommandResult directory = await RunAsync("report", "log", "--out", "public/v1.0");
        CommandResult file = await RunAsync("report", "log", "--out", "new/Today.HTML");

        string[] paths = ["log/report.html", "public/v1.0/report.html", "new/Today.HTML"];
        Assert.Equal(
            paths.Select(path => Path.Combine(_directory.Path, path)),
            ((CommandResult[])[beside, directory, file]).Select(result => result.Output.TrimEnd()));
        Assert.All((CommandResult[])[beside, directory, file], result => Assert.Equal((0, ""), (result.ExitCode, result.Error)));
        string page = await File.ReadAllTextAsync(file.Output.TrimEnd(), TestContext.Current.CancellationToken);
        Assert.StartsWith("<!doctype html>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_says_what_was_skipped_and_that_there_is_nothing()
    {
        await File.AppendAllTextAsync(
            Path.Combine(_directory.Path, "log", "metrics.jsonl"),
            "{\"torn",
            TestContext.Current.CancellationToken);
        Directory.CreateDirectory(Path.Combine(_directory.Path, "empty"));

        CommandResult torn = await RunAsync("report", "log", "--out", "x.html");
        CommandResult empty = await RunAsync("report", "empty");

        Assert.Equal((0, "afterimage: 1 line was skipped: not valid records."), (torn.ExitCode, torn.Error.TrimEnd()));
        Assert.Equal(0, empty.ExitCode);
        Assert.Contains("has no records", empty.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_directory.Path, "empty", "report.html")));
        await AssertBadInputAsync("nowhere' does not exist", "report", "nowhere");
        await AssertBadInputAsync("metrics.jsonl", "report", "log", "--out", "log/metrics.jsonl/x.html");
    }

    [Fact]
    public async Task Figures_are_the_same_where_no_font_is_installed()
    {
        string unshare = Need.Command("unshare");
        string[] hideFonts =
        [
            "--mount",
            "--",
            "sh",
            "-c",
            "for d in /usr/share/fonts /usr/local/share/fonts; do [ ! -d $d ] || mount -t tmpfs none $d || exit 1; done; exec \"$@\"",
            "sh",
        ];
        Need.That(
            Need.Run(unshare, [.. hideFonts, "true"]),
            "This test needs to hide the installed fonts: root, and a sandbox that lets it.");
        foreach (string extension in (string[])[".png", ".svg"])
        {
            await RunAsync("plot", "log", "generation_time", "--out", "with" + extension);
            string[] plot =
            [
                "dotnet",
                Path.Combine(AppContext.BaseDirectory, "afterimage.dll"),
                "plot",
                Path.Combine(_directory.Path, "log"),
                "generation_time",
                "--out",
                Path.Combine(_directory.Path, "without" + extension),
            ];

            Assert.True(Need.Run(unshare, [.. hideFonts, .. plot]));

            Assert.Equal(await ReadAsync("with" + extension), await ReadAsync("without" + extension));
        }

        Assert.Contains(
            "mean of the last 10",
            System.Text.Encoding.UTF8.GetString(await ReadAsync("without.svg")),
            StringComparison.Ordinal);

        Task<byte[]> ReadAsync(string name) =>
            File.ReadAllBytesAsync(Path.Combine(_directory.Path, name), TestContext.Current.CancellationToken);
    }
}
