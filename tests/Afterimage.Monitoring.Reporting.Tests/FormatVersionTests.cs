namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>What becomes of a directory of a later version of the format.</summary>
public sealed class FormatVersionTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public FormatVersionTests()
    {
        _directory.Write("run/metrics.jsonl", """{"timestamp":"2026-11-23T14:25:38Z","event":"metric","metric_name":"m","value":1}""");
        _directory.Write("run/alerts.jsonl", """{"timestamp":"2026-11-23T14:25:38Z","name":"n","level":"info","message":"m"}""");
    }

    private LogDirectory Log => LogDirectory.Open(_directory.Path);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_later_version_is_refused_by_every_reader_and_named()
    {
        string runFile = _directory.Write("run/run.json", """{"format_version":2,"start":"2026-11-23T14:25:38Z"}""");
        CancellationToken token = TestContext.Current.CancellationToken;

        AssertRefused(Assert.Throws<IOException>(() => Log.Summarize(token)));
        AssertRefused(Assert.Throws<IOException>(() => Log.ReadAlerts(cancellationToken: token)));
        AssertRefused(Assert.Throws<IOException>(() => Log.Query("SELECT count(*) FROM points", token)));
        AssertRefused(await Assert.ThrowsAsync<IOException>(() => Log.CompactAsync(null, token)));
        AssertRefused(await Assert.ThrowsAsync<IOException>(() => Log.WriteReportAsync(Path.Combine(_directory.Path, "r.html"), token)));
        AssertRefused(Assert.Throws<IOException>(() => Resume().Dispose()));
        Assert.Single(await LogDirectory.FindRunsAsync(_directory.Path, token));

        void AssertRefused(IOException e)
        {
            Assert.Contains(runFile, e.Message, StringComparison.Ordinal);
            Assert.Contains("format version 2", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_monitor_does_not_write_into_a_later_version()
    {
        string runFile = _directory.Write("run/run.json", """{"format_version":2}""");
        string before = File.ReadAllText(runFile);

        IOException e = Assert.Throws<IOException>(
            () => new GenerationMonitor(PatientMonitor.Options(Path.Combine(_directory.Path, "run"))));

        Assert.Contains("format version 2", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(runFile));
    }

    [Theory]
    [InlineData("{\"format_version\":1}")]
    [InlineData("{\"format_version\":\"2\"}")]
    [InlineData("{\"start\":1}")]
    [InlineData("[2]")]
    [InlineData("no JSON")]
    [InlineData("")]
    public void What_names_no_later_version_is_read(string runJson)
    {
        _directory.Write("run/run.json", runJson);

        Assert.Equal(0, Log.Summarize(TestContext.Current.CancellationToken).SkippedLines);
    }

    private GenerationMonitor Resume()
    {
        GenerationMonitorOptions options = PatientMonitor.Options(Path.Combine(_directory.Path, "next"));
        options.Budgets.Add(new Budget
        {
            Name = "b",
            Unit = BudgetUnit.Tokens,
            Limit = 1,
            ResumeFrom = Path.Combine(_directory.Path, "run"),
        });
        return new GenerationMonitor(options);
    }
}
