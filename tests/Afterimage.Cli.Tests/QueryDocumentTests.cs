using System.Text.RegularExpressions;

namespace Afterimage.Cli.Tests;

/// <summary>The queries of docs/query.md, over a run that has something for each.</summary>
public sealed partial class QueryDocumentTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [GeneratedRegex("```sql\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [Fact]
    public async Task Every_query_answers_before_and_behind_a_compaction()
    {
        using (var monitor = new GenerationMonitor(PatientMonitor.Options(_directory.Path)))
        {
            monitor.TrackGeneration(
                TimeSpan.FromSeconds(2),
                false,
                new GenerationDetails
                {
                    Id = "chat-1",
                    ModelName = "m",
                    PromptTokenCount = 10,
                    CompletionTokenCount = 5,
                    Error = "no",
                    FinishReason = "length",
                    TimeToFirstToken = TimeSpan.FromSeconds(1),
                    Tags = [new("tenant", "t")],
                });
            monitor.TrackEvaluation(
                TimeSpan.FromSeconds(1),
                true,
                "judge",
                new Dictionary<string, EvaluationScore> { ["s"] = new(0.5, "fair") });
            monitor.TrackEvaluation(
                TimeSpan.Zero,
                true,
                "user_feedback",
                new Dictionary<string, double> { ["thumbs"] = 1 },
                new EvaluationDetails { GenerationId = "chat-1" });
            monitor.LogWarning("hm");
        }

        string[] queries = [.. Blocks().Matches(File.ReadAllText(Document())).Select(block => block.Groups[1].Value)];
        Assert.True(queries.Length >= 12);
        Assert.All(queries, AssertAnswers);
        await LogDirectory.Open(_directory.Path).CompactAsync(null, TestContext.Current.CancellationToken);
        Assert.All(queries, AssertAnswers);
    }

    private void AssertAnswers(string sql)
    {
        using LogQuery query = LogDirectory.Open(_directory.Path).Query(sql, TestContext.Current.CancellationToken);
        Assert.True(query.Reader.Read(), sql);
    }

    private static string Document()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Afterimage.slnx")))
            directory = Path.GetDirectoryName(directory)!;
        return Path.Combine(directory, "docs", "query.md");
    }
}
