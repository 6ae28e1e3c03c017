using System.Diagnostics;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Telemetry;

/// <summary>Alone in its time: who listens for spans makes every monitor of the process keep more, and others measure what is
/// allocated.</summary>
[CollectionDefinition(nameof(SpanTests), DisableParallelization = true)]
public sealed class SpanTestsDefinition;

[Collection(nameof(SpanTests))]
public sealed class SpanTests : IDisposable
{
    private readonly List<Activity> _spans = [];
    private readonly ActivityListener _listener;

    public SpanTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Afterimage.Monitoring" or "program",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                lock (_spans)
                    _spans.Add(span);
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_generation_is_one_span_from_its_start_to_its_end_below_what_recorded_it()
    {
        using var run = new MonitorRun();
        using var program = new ActivitySource("program");
        using Activity parent = program.StartActivity("batch")!;

        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(2), true, new()
        {
            ModelName = "gpt-4o",
            Provider = "openai",
            Operation = "chat",
            PromptTokenCount = 374,
            CompletionTokenCount = 44,
            FinishReason = "stop",
        });
        await run.Monitor.FlushAsync(Limits.Token);

        Assert.Same(parent, Activity.Current);
        Activity span = Assert.Single(_spans);
        Assert.Equal("chat gpt-4o", span.DisplayName);
        Assert.Equal(ActivityKind.Client, span.Kind);
        Assert.Equal(parent.SpanId, span.ParentSpanId);
        Assert.Equal(parent.TraceId, span.TraceId);
        Assert.Equal(TimeSpan.FromSeconds(2), span.Duration);
        Assert.Equal(MonitorRun.Start.UtcDateTime, span.StartTimeUtc + span.Duration);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal("openai", span.GetTagItem("gen_ai.provider.name"));
        Assert.Equal("gpt-4o", span.GetTagItem("gen_ai.response.model"));
        Assert.Equal(374L, span.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal(44L, span.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(["stop"], (string[])span.GetTagItem("gen_ai.response.finish_reasons")!);
    }

    [Fact]
    public async Task An_error_is_the_span_s_status()
    {
        using var run = new MonitorRun();

        run.Monitor.TrackGeneration(TimeSpan.FromSeconds(2), false, new() { Error = "refused", Tags = [new("error.type", "429")] });
        await run.Monitor.FlushAsync(Limits.Token);

        Activity span = Assert.Single(_spans);
        Assert.Equal("chat", span.DisplayName);
        Assert.Equal(default, span.ParentSpanId);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("refused", span.StatusDescription);
        Assert.Equal("429", span.GetTagItem("error.type"));
    }

    [Fact]
    public async Task Only_generations_are_spans_and_each_is_one()
    {
        using var run = new MonitorRun();

        for (int i = 0; i < 5_000; i++)
            run.Monitor.TrackGeneration(TimeSpan.FromSeconds(1), true);
        run.Monitor.RecordMetric("m", 1);
        run.Monitor.LogInfo("done");
        await run.Monitor.FlushAsync(Limits.Token);

        Assert.Equal(5_000, _spans.Count);
    }
}
