using Microsoft.Extensions.Time.Testing;

namespace Afterimage.Docs.Tests;

// docs/testing.md shows it from here on.

/// <summary>A class that uses a monitor.</summary>
public sealed class Summarizer(GenerationMonitor monitor, Func<string, Task<string>> ask)
{
    public async Task<string?> SummarizeAsync(string text)
    {
        try
        {
            return await monitor.MeasureAsync(
                async generation =>
                {
                    string summary = await ask("Summarize: " + text);
                    generation.Complete(new() { CompletionTokenCount = summary.Length / 4 });
                    return summary;
                },
                "gpt-4o");
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}

/// <summary>Its tests.</summary>
public sealed class SummarizerTests : IDisposable
{
    private readonly InMemoryRecords _records = new();
    private readonly FakeTimeProvider _time = new();
    private readonly GenerationMonitor _monitor;

    public SummarizerTests() => _monitor = new GenerationMonitor(
        new GenerationMonitorOptions { WriteFiles = false, MetricsInterval = TimeSpan.Zero, MetricHandlers = { _records } },
        _time);

    public void Dispose() => _monitor.Dispose();

    [Fact]
    public async Task A_summary_is_recorded_with_its_time_and_tokens()
    {
        var summarizer = new Summarizer(_monitor, _ =>
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            return Task.FromResult("A short text.");
        });

        await summarizer.SummarizeAsync("A long text.");

        await _monitor.FlushAsync(TestContext.Current.CancellationToken);
        MetricRecord record = Assert.Single(_records.Records);
        Assert.Equal(TimeSpan.FromSeconds(2), record.Duration);
        Assert.Equal(("gpt-4o", 3L, true), (record.ModelName, record.CompletionTokenCount, record.Success));
    }

    [Fact]
    public async Task A_model_that_cannot_be_reached_fires_an_alert()
    {
        var summarizer = new Summarizer(_monitor, _ => throw new HttpRequestException("refused"));

        for (int i = 0; i < 20; i++)
            Assert.Null(await summarizer.SummarizeAsync("A long text."));

        Assert.Contains(_monitor.CheckAlerts(), alert => alert.Name == "low_success_rate");
    }
}
