using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Measuring;

public sealed class MeasureAsyncTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly MonitorRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task A_generation_that_returns_is_a_success_with_its_time_and_result()
    {
        int answer = await _run.Monitor.MeasureAsync(
            async generation =>
            {
                _run.Clock.Advance(Second);
                await Task.Yield();
                return 42;
            },
            "gpt-4o",
            "openai",
            "chat");

        Assert.Equal(42, answer);
        JsonElement record = Assert.Single(_run.Records());
        Assert.True(record.GetProperty("success").GetBoolean());
        Assert.Equal(1, record.GetProperty("duration").GetDouble());
        Assert.Equal(("gpt-4o", "openai", "chat"), (record.Text("model_name"), record.Text("provider"), record.Text("operation")));
    }

    [Fact]
    public async Task What_the_generation_told_the_scope_is_recorded_once()
    {
        await _run.Monitor.MeasureAsync(generation =>
        {
            generation.Complete(new() { PromptTokenCount = 3 });
            return Task.CompletedTask;
        });

        JsonElement record = Assert.Single(_run.Records());
        Assert.Equal(3, record.GetProperty("prompt_token_count").GetInt64());
    }

    [Fact]
    public async Task An_exception_is_recorded_with_message_and_type_and_goes_on()
    {
        FormatException thrown = await Assert.ThrowsAsync<FormatException>(
            () => _run.Monitor.MeasureAsync<int>(_ => throw new FormatException("no JSON")));

        Assert.Equal("no JSON", thrown.Message);
        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.GetProperty("success").GetBoolean());
        Assert.Equal("no JSON", record.Text("error"));
        Assert.Equal("System.FormatException", record.GetProperty("tags").Text("error.type"));
    }

    [Fact]
    public async Task A_cancellation_is_no_error_and_goes_on()
    {
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => _run.Monitor.MeasureAsync(_ => Task.FromException(new OperationCanceledException())));

        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.TryGetProperty("error", out _));
        Assert.Equal(FinishReasons.Cancelled, record.Text("finish_reason"));
    }

    [Fact]
    public async Task An_exception_behind_Complete_changes_nothing_on_record()
    {
        await Assert.ThrowsAsync<FormatException>(() => _run.Monitor.MeasureAsync(generation =>
        {
            generation.Complete();
            throw new FormatException();
        }));

        Assert.True(Assert.Single(_run.Records()).GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task An_evaluation_is_recorded_with_its_scores_or_its_exception()
    {
        await _run.Monitor.MeasureAsync("coherence", evaluation =>
        {
            evaluation.Complete(new Dictionary<string, double> { ["coherence"] = 0.5 });
            return Task.CompletedTask;
        });
        await Assert.ThrowsAsync<FormatException>(
            () => _run.Monitor.MeasureAsync<int>("coherence", _ => throw new FormatException("no score"), "judge"));

        JsonElement[] records = [.. _run.Records()];
        Assert.Equal(2, records.Length);
        Assert.Equal(0.5, records[0].GetProperty("scores").GetProperty("coherence").GetDouble());
        Assert.Equal(("no score", "judge"), (records[1].Text("error"), records[1].Text("model_name")));
    }

    [Fact]
    public async Task After_disposal_the_result_still_comes()
    {
        _run.Monitor.Dispose();

        Assert.Equal(1, await _run.Monitor.MeasureAsync(_ => Task.FromResult(1)));
        Assert.Equal(1, _run.Monitor.GetStatistics().RecordedAfterDisposal);
    }
}
