using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Afterimage.Monitoring.Reporting.Tests;

public sealed class ReportTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Log => Path.Combine(_directory.Path, "log");

    private string Report => Path.Combine(_directory.Path, "out", "report.html");

    public void Dispose() => _directory.Dispose();

    private static GenerationMonitorOptions Options(string log)
    {
        GenerationMonitorOptions options = PatientMonitor.Options(log);
        options.MetricsInterval = TimeSpan.Zero;
        return options;
    }

    private async Task<string> WriteAsync()
    {
        await LogDirectory.Open(Log).WriteReportAsync(Report, TestContext.Current.CancellationToken);
        return await ReadAsync();
    }

    private Task<string> ReadAsync() => File.ReadAllTextAsync(Report, TestContext.Current.CancellationToken);

    private static void Track(GenerationMonitor monitor, int count = 1)
    {
        for (int i = 0; i < count; i++)
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(2),
                true,
                new GenerationDetails
                {
                    ModelName = "gpt-4o",
                    PromptTokenCount = 30,
                    CompletionTokenCount = 7,
                });
    }

    // What a reader sees, without markup and drawings.
    private static string Text(string page) =>
        Regex.Replace(
            System.Net.WebUtility.HtmlDecode(
                Regex.Replace(Regex.Replace(page, "(?s)<style>.*?</style>|<svg.*?</svg>", ""), "<[^>]+>", " ")),
            "\\s+",
            " ");

    [Fact]
    public async Task It_shows_what_the_summary_says()
    {
        using (var monitor = new GenerationMonitor(Options(Log)))
        {
            Track(monitor, 9);
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(31),
                false,
                new GenerationDetails
                {
                    ModelName = "slow-one",
                    Error = "TimeoutException",
                    FinishReason = "error",
                });
            monitor.TrackEvaluation(TimeSpan.FromSeconds(1), true, "judge", new Dictionary<string, double> { ["depth"] = 0.25 });
            monitor.RecordMetric("cost_usd", 12.5, new Dictionary<string, object?> { ["model_name"] = "gpt-4o" });
        }

        string text = Text(await WriteAsync());

        foreach (
            string shown in (string[])
                [
                    "Generations 10",
                    "Success 90.0 %",
                    "10.0 % with an error",
                    "Tokens 333",
                    "270 prompt, 63 completion",
                    "Cost $12.50",
                    "Evaluations 1",
                    "run ended in order",
                    "gpt-4o 9 100.0 % 2 2 270 63 333 $12.50",
                    "slow-one 1 0.0 % 31 31 0 0 0 –",
                    "slow-one 31 – – – failed error TimeoutException",
                    "TimeoutException 1 1 ",
                    "error 1 10.0 %",
                    "depth 1 0.250",
                    "judge 1 100.0 % 0 1",
                    "All times are UTC",
                ])
        {
            Assert.Contains(shown, text, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("skipped", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_and_cost_by_a_tag_are_in_it_with_what_is_not_known()
    {
        GenerationMonitorOptions options = Options(Log);
        options.Pricing = new ModelPricing([KeyValuePair.Create("m", new ModelPrice { Input = 1, Output = 1 })]);
        using (var monitor = new GenerationMonitor(options))
        {
            Track("a", "m", 2_000_000);
            Track("a<b>", "m", 1_000_000);
            Track("a", "unheard", 7);
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { ModelName = "m", UsageMissing = true });

            void Track(string tenant, string model, long tokens) => monitor.TrackGeneration(
                TimeSpan.FromSeconds(1),
                true,
                new() { ModelName = model, PromptTokenCount = tokens, Tags = [new("tenant", tenant)] });
        }

        await LogDirectory.Open(Log).WriteReportByAsync(Report, SummaryKey.Tag("tenant"), TestContext.Current.CancellationToken);
        string text = Text(await ReadAsync());

        Assert.Contains("Tokens and cost by tag:tenant", text, StringComparison.Ordinal);
        Assert.Contains("a 2 100.0 % 2,000,007 0 2,000,007 $2.00 7 0", text, StringComparison.Ordinal);
        Assert.Contains("a<b> 1 100.0 % 1,000,000 0 1,000,000 $1.00 0 0", text, StringComparison.Ordinal);
        Assert.Contains("(none) 1 100.0 % 0 0 0 – 0 1", text, StringComparison.Ordinal);
        Assert.Contains("m 3 100.0 % 1 1 3,000,000 0 3,000,000 $3.00 0 1", text, StringComparison.Ordinal);
        Assert.Contains("all 4 100.0 % 1 1 3,000,007 0 3,000,007 $3.00 7 1", text, StringComparison.Ordinal);
        IReadOnlyList<KeySummary> groups = await LogDirectory.Open(Log)
            .SummarizeByAsync(SummaryKey.Tag("tenant"), TestContext.Current.CancellationToken);
        Assert.Equal([0L, 0L, 1L], groups.Select(group => group.UsageMissingCount));
    }

    [Fact]
    public async Task Alerts_that_fired_are_in_it()
    {
        using (var monitor = new GenerationMonitor(Options(Log)))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), false, new GenerationDetails { Error = "E" });
            monitor.CheckAlerts();
        }

        string text = Text(await WriteAsync());

        Assert.Contains("Alerts 2 none firing", text, StringComparison.Ordinal);
        Assert.Matches(@"error high_error_rate Error rate 100 % is above 20 % \S.*?, to the end of the run once", text);
        Assert.Contains("warning low_success_rate", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_without_records_makes_a_page_that_says_so()
    {
        Directory.CreateDirectory(Log);

        string page = await WriteAsync();

        Assert.Contains("There are no records in this directory yet.", page, StringComparison.Ordinal);
        Assert.Contains("no run on record", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<table", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_goes_on_is_said_to_go_on()
    {
        await using var monitor = new GenerationMonitor(Options(Log));
        Track(monitor);

        RunSummary summary = await monitor.WriteReportAsync(Report, TestContext.Current.CancellationToken);
        string text = Text(await ReadAsync());

        Assert.Equal(1, summary.Generations);
        Assert.Contains("run still going on", text, StringComparison.Ordinal);
        Assert.Contains("A run was still going on when this report was made", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_a_run_without_an_end_it_says_what_it_knows_and_what_was_torn()
    {
        const string Record = """{"timestamp":"2026-11-23T14:25:38Z","event":"generation","duration":1,"success":true}""";
        _directory.Write("log/here/metrics.jsonl", Record, """{"timestamp":"2026-11-2""");
        _directory.Write(
            "log/here/run.json",
            $$"""{"format_version":1,"host":"{{Environment.MachineName}}","process_name":"p","process_id":7"""
                + ""","start":"2026-11-23T14:25:30Z"}"""
        );
        _directory.Write("log/there/metrics.jsonl", Record);
        _directory.Write("log/there/run.json", """{"format_version":1,"host":"<b>elsewhere</b>","start":"2026-11-23T14:25:31Z"}""");
        _directory.Write("log/torn/run.json", """{"format_version":1,"ho""");

        string text = Text(await WriteAsync());

        Assert.Contains("2 runs: 1 killed, 1 without an end on record", text, StringComparison.Ordinal);
        Assert.Contains("1 line was skipped", text, StringComparison.Ordinal);
        Assert.Contains("here 2026-11-23 14:25:30Z killed " + Environment.MachineName + " p 7 –", text, StringComparison.Ordinal);
        Assert.Contains("there 2026-11-23 14:25:31Z without an end on record <b>elsewhere</b> – –", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tables_and_figures_are_bounded_and_say_what_they_leave_out()
    {
        string models = string.Concat(
            Enumerable
                .Range(0, 20_000)
                .Select(i =>
                    $$"""{"timestamp":"2026-11-23T14:{{i / 60 % 60:00}}:{{i % 60:00}}Z","event":"generation","duration":{{i}}"""
                    + $$""","success":false,"error":"E{{i}} {{new string('x', 400)}}","model_name":"m{{i}}","prompt_token_count":{{i}}"""
                    + $$""","finish_reason":"r{{i}}"}"""
                    + "\n"));
        Directory.CreateDirectory(Log);
        await File.WriteAllTextAsync(Path.Combine(Log, "metrics.jsonl"), models, TestContext.Current.CancellationToken);

        string page = await WriteAsync();
        string text = Text(page);

        Assert.InRange(page.Length, 100_000, 1_500_000);
        foreach (
            string said in (string[])
                [
                    "The 50 models with the most tokens of 20,000",
                    "The 10 slowest of 20,000",
                    "The 20 most frequent of 20,000 errors",
                    "The latest 20 of 20,000 failed",
                    "The 20 most frequent of 20000 finish reasons",
                ])
            Assert.Contains(said, text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_policy_lets_nothing_in_but_its_own_style()
    {
        Directory.CreateDirectory(Log);

        string page = await WriteAsync();

        string style = Regex.Match(page, "(?s)<style>(.*?)</style>").Groups[1].Value;
        string digest = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Assert.Contains(
            $"content=\"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\"",
            page,
            StringComparison.Ordinal);
        Assert.DoesNotMatch("http|url\\((?!#)|@import", style);
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_is_named_and_what_was_there_stays()
    {
        using (var monitor = new GenerationMonitor(Options(Log)))
            Track(monitor);
        string file = _directory.Write("file", "mine");
        LogDirectory log = LogDirectory.Open(Log);

        var exception = await Assert.ThrowsAsync<IOException>(() =>
            log.WriteReportAsync(Path.Combine(file, "x.html"), TestContext.Current.CancellationToken));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => log.WriteReportAsync(file, new CancellationToken(canceled: true)));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => log.WriteReportAsync("", TestContext.Current.CancellationToken));

        Assert.Contains(Path.Combine(file, "x.html"), exception.Message, StringComparison.Ordinal);
        Assert.Equal("mine\n", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.Empty(Directory.GetDirectories(_directory.Path, ".afterimage-*"));
    }

    [Fact]
    public async Task A_monitor_that_keeps_no_log_has_nothing_to_report()
    {
        var options = Options(Log);
        options.WriteFiles = false;
        using var monitor = new GenerationMonitor(options);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            monitor.WriteReportAsync(Report, TestContext.Current.CancellationToken));

        Assert.Contains("writes no files", exception.Message, StringComparison.Ordinal);
    }
}
