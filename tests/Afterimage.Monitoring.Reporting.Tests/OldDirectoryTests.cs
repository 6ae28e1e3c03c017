namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>
/// A directory of the version before (0.1.0 of 25 November 2026), whose locks have the names of data files: a run of 40 generations and 10
/// evaluations that ended and was compacted, and a second one that was killed.
/// </summary>
public sealed class OldDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public OldDirectoryTests()
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Data", "before");
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string path = _directory.File(Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(file, path);
        }
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_directory_of_the_version_before_is_read_as_that_wrote_it()
    {
        AssertHasAll(Open().Summarize(Token));

        Assert.Equal(6, Open().ReadAlerts(cancellationToken: Token).Alerts.Count);
    }

    [Fact]
    public async Task A_directory_of_the_version_before_is_compacted_and_stays_what_it_was()
    {
        CompactionResult compacted = await Open().CompactAsync(progress: null, Token);

        Assert.Equal(51, compacted.Records);
        AssertHasAll(Open().Summarize(Token));
    }

    [Fact]
    public async Task Budgets_go_on_in_a_directory_of_the_version_before()
    {
        GenerationMonitorOptions options = PatientMonitor.Options(_directory.Path).UseCompactedFiles();
        options.Budgets.Add(
            new() { Name = "tokens", Unit = BudgetUnit.Tokens, Limit = 5_000, ResumeFrom = _directory.Path });
        await using (var monitor = new GenerationMonitor(options))
        {
            monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new() { ModelName = "small", PromptTokenCount = 7 });

            Assert.Equal(1107, Assert.Single(monitor.GetBudgets()).Spent);
        }

        RunSummary summary = Open().Summarize(Token);
        Assert.Equal((81, 807), (summary.Generations, summary.Tokens.TotalPromptTokens));
        Assert.Equal(0, summary.SkippedLines);
    }

    private static void AssertHasAll(RunSummary summary)
    {
        Assert.Equal((80, 20), (summary.Generations, summary.Evaluations));
        Assert.Equal((800, 300), (summary.Tokens.TotalPromptTokens, summary.Tokens.TotalCompletionTokens));
        Assert.Equal((0.0008m, 500), (summary.Cost!.TotalUsd, summary.Cost.UnpricedTokenCount));
        Assert.Equal((0.295, 0.45, 3.5), (Mean("generation_time"), Mean("evaluation_score_coherence"), Mean("custom")));
        Assert.Equal(0, summary.SkippedLines);

        double Mean(string metric) => Math.Round(summary.Metrics[metric].Mean, 9);
    }

    private LogDirectory Open() => LogDirectory.Open(_directory.Path);
}
