using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Recording;

public sealed class ManyThreadsTests
{
    [Fact]
    public void A_million_generations_from_eight_threads_arrive_exactly_once()
    {
        const int Threads = 8;
        const int Each = 125_000;
        using var run = new MonitorRun();
        var threads = Enumerable.Range(0, Threads).Select(t => new Thread(() =>
        {
            string model = $"model-{t % 3}";
            for (int i = 0; i < Each; i++)
            {
                run.Monitor.TrackGeneration(
                    TimeSpan.FromTicks(i),
                    success: true,
                    new GenerationDetails { ModelName = model, PromptTokenCount = i, CompletionTokenCount = t, FinishReason = "stop" });
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(Limits.WaitFor);
        run.Monitor.Dispose();

        const long PromptOfOne = (long)Each * (Each - 1) / 2;
        ModelTokenUsage[] expected =
        [
            Usage("model-0", threadNumbers: [0, 3, 6]),
            Usage("model-1", threadNumbers: [1, 4, 7]),
            Usage("model-2", threadNumbers: [2, 5]),
        ];
        TokenUsageReport tokens = run.Monitor.GetTotalTokenUsage();
        Assert.Equal(expected, tokens.ByModel);
        Assert.Equal(Threads * PromptOfOne, tokens.TotalPromptTokens);
        Assert.Equal(28L * Each, tokens.TotalCompletionTokens);
        Assert.Equal((Threads * PromptOfOne) + (28L * Each), tokens.TotalTokens);
        Assert.Equal(Threads * Each, run.Monitor.GetMetrics("generation_time", TimeSpan.MaxValue).Count);

        long lines = 0;
        long prompt = 0;
        foreach (string line in File.ReadLines(run.MetricsFile))
        {
            var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(line));
            bool isGeneration = false;
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("generation"u8))
                    isGeneration = true;
                if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("prompt_token_count"u8) && reader.Read())
                    prompt += reader.GetInt64();
            }

            Assert.True(isGeneration);
            lines++;
        }

        Assert.Equal(Threads * Each, lines);
        Assert.Equal(tokens.TotalPromptTokens, prompt);
        MonitorStatistics statistics = run.Monitor.GetStatistics();
        Assert.Equal((Threads * Each, 0, 0), (statistics.Recorded, statistics.Dropped, statistics.Failed));
        Assert.Equal(Threads * Each, statistics.Written);

        static ModelTokenUsage Usage(string model, int[] threadNumbers)
        {
            long prompt = threadNumbers.Length * PromptOfOne;
            long completion = (long)threadNumbers.Sum() * Each;
            return new ModelTokenUsage
            {
                ModelName = model,
                PromptTokens = prompt,
                CompletionTokens = completion,
                TotalTokens = prompt + completion,
            };
        }
    }

    [Fact]
    public async Task Readers_among_the_writers_see_consistent_figures()
    {
        const int Each = 20_000;
        using var run = MonitorRun.InMemory();
        using var done = new CancellationTokenSource();
        var writers = Enumerable
            .Range(0, 3)
            .Select(_ =>
                Limits.OnThread(() =>
                {
                    for (int i = 0; i < Each; i++)
                        run.Monitor.TrackGeneration(
                            TimeSpan.FromSeconds(2),
                            true,
                            new GenerationDetails
                            {
                                ModelName = "m",
                                PromptTokenCount = 3,
                                CompletionTokenCount = 4,
                            });
                }))
            .ToArray();
        var reader = Limits.OnThread(() =>
        {
            long seen = 0;
            do
            {
                MetricAggregate time = run.Monitor.GetMetrics("generation_time");
                Assert.Equal(2.0 * time.Count, time.Sum);
                Assert.True(time.Count >= seen, "What was seen once stays.");
                seen = time.Count;
                TokenUsageReport tokens = run.Monitor.GetTotalTokenUsage();
                Assert.Equal(
                    (tokens.TotalTokens / 7 * 3, tokens.TotalTokens / 7 * 4),
                    (tokens.TotalPromptTokens, tokens.TotalCompletionTokens));
            } while (!done.IsCancellationRequested);
        });

        await Limits.WaitFor(Task.WhenAll(writers));
        await done.CancelAsync();
        await Limits.WaitFor(reader);
        Assert.Equal(3 * Each, run.Monitor.GetMetrics("generation_time").Count);
    }
}
