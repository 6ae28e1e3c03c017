using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Log;

/// <summary>What becomes of texts that are too long for a line.</summary>
public sealed class TextLimitTests
{
    private const int Limit = 1 << 20;

    [Fact]
    public void A_tag_of_40_MB_is_cut_marked_and_counted()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(
            TimeSpan.FromSeconds(1),
            true,
            new GenerationDetails
            {
                ModelName = "m",
                Tags = [new("prompt", new string('x', 40_000_000)), new("tenant", "a")],
            });
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true, new GenerationDetails { ModelName = "m" });

        List<JsonElement> lines = run.Records();

        Assert.Equal(2, lines.Count);
        JsonElement tags = lines[0].GetProperty("tags");
        Assert.Equal("a", tags.Text("tenant"));
        AssertCut(tags.Text("prompt"), 40_000_000);
        Assert.Equal(1, run.Monitor.GetStatistics().Cut);
        Assert.Equal(1, JsonFile.Object(Path.Combine(run.Monitor.LogDirectory!, "run.json")).GetProperty("cut").GetInt64());
        Assert.Contains("1 records and log entries were cut", File.ReadAllText(run.LogFile), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_text_of_a_record_is_within_the_limit()
    {
        string text = new('y', 3 * Limit);
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(
            TimeSpan.FromSeconds(1),
            false,
            new GenerationDetails
            {
                ModelName = text,
                FinishReason = text,
                Provider = text,
                Operation = text,
                Error = text,
                Id = text,
                RequestModel = text,
                Tags = [new(text, 1), new("list", new[] { text, text })],
            });
        run.Monitor.TrackEvaluation(
            TimeSpan.FromSeconds(1),
            true,
            text,
            new Dictionary<string, EvaluationScore> { [text] = new(1, text) },
            new EvaluationDetails { GenerationId = text });
        run.Monitor.RecordMetric(text, 1, new Dictionary<string, object?> { ["t"] = text });

        List<JsonElement> lines = run.Records();

        Assert.Equal(3, lines.Count);
        Assert.All(lines.Select(line => line.GetRawText().Length), length => Assert.InRange(length, Limit / 2, Limit + (Limit / 100)));
        Assert.Equal(3, run.Monitor.GetStatistics().Cut);
    }

    [Fact]
    public void A_text_is_never_cut_within_a_surrogate_pair()
    {
        using var run = new MonitorRun(o => o.LogFiles.MaxTextLength = 1025);
        run.Monitor.TrackGeneration(
            TimeSpan.FromSeconds(1),
            false,
            new GenerationDetails { Error = string.Concat(Enumerable.Repeat("😀", 1_000)) });

        string error = run.Records()[0].Text("error");

        AssertCut(error, 2_000);
        Assert.Equal(string.Concat(Enumerable.Repeat("😀", 512)), error[..error.IndexOf('…', StringComparison.Ordinal)]);
    }

    [Fact]
    public void Short_texts_beside_a_long_one_stay_whole()
    {
        using var run = new MonitorRun(o => o.LogFiles.MaxTextLength = 1024);
        run.Monitor.TrackGeneration(
            TimeSpan.FromSeconds(1),
            false,
            new GenerationDetails
            {
                Error = new string('e', 5_000),
                Tags = [new("a", new string('a', 100)), new("b", new string('b', 200))],
            });

        JsonElement line = run.Records()[0];

        AssertCut(line.Text("error"), 5_000);
        Assert.Equal(new string('a', 100), line.GetProperty("tags").Text("a"));
        Assert.Equal(new string('b', 200), line.GetProperty("tags").Text("b"));
    }

    [Fact]
    public void A_log_entry_is_cut_as_a_record_is()
    {
        using var run = new MonitorRun();
        run.Monitor.LogError(
            new string('m', 2 * Limit),
            new InvalidOperationException(new string('e', 2 * Limit)),
            new Dictionary<string, object?> { ["d"] = new string('d', 2 * Limit) });

        JsonElement entry = run.LogEntries()[0];

        AssertCut(entry.Text("message"), 2 * Limit);
        AssertCut(entry.Text("error"), 2 * Limit);
        AssertCut(entry.GetProperty("data").Text("d"), 2 * Limit);
        Assert.Equal(1, run.Monitor.GetStatistics().Cut);
    }

    [Fact]
    public void Handlers_are_given_texts_uncut()
    {
        var memory = new InMemoryRecords();
        using var run = new MonitorRun(o =>
        {
            o.LogFiles.MaxTextLength = 1024;
            o.MetricHandlers.Add(memory);
        });
        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), false, new GenerationDetails { Error = new string('e', 5_000) });
        run.Monitor.Dispose();

        Assert.Equal(5_000, Assert.Single(memory.Records).Error!.Length);
    }

    [Theory]
    [InlineData(1023)]
    [InlineData((2 << 20) + 1)]
    public void A_limit_out_of_range_is_refused(int limit)
    {
        using var directory = new TemporaryDirectory();
        var options = new GenerationMonitorOptions { LogDirectory = directory.Path };
        options.LogFiles.MaxTextLength = limit;

        ArgumentException e = Assert.ThrowsAny<ArgumentException>(() => new GenerationMonitor(options));

        Assert.Contains("1,024 to 2,097,152", e.Message, StringComparison.Ordinal);
    }

    private static void AssertCut(string text, int length) =>
        Assert.EndsWith($"… [cut: {length} characters]", text, StringComparison.Ordinal);
}
