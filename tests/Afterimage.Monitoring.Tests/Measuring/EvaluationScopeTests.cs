using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Measuring;

public sealed class EvaluationScopeTests : IDisposable
{
    private static readonly Dictionary<string, double> Scores = new() { ["coherence"] = 0.8 };

    private readonly MonitorRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_completed_scope_records_one_evaluation_with_its_time_and_scores()
    {
        using (EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge", "gpt-4o-mini"))
        {
            _run.Clock.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(TimeSpan.FromSeconds(2), scope.Elapsed);
            scope.Complete(Scores, new() { PromptTokenCount = 9 });
            Assert.Throws<InvalidOperationException>(() => scope.Complete(Scores));
        }

        using (EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge", "gpt-4o-mini"))
            scope.Complete(new Dictionary<string, EvaluationScore> { ["style"] = new(0.5, "dry") }, new() { ModelName = "other" });

        List<JsonElement> records = _run.Records();
        Assert.Equal(2, records.Count);
        Assert.Equal(2, records[0].GetProperty("duration").GetDouble());
        Assert.Equal("judge", records[0].Text("evaluator_type"));
        Assert.Equal("gpt-4o-mini", records[0].Text("model_name"));
        Assert.Equal(0.8, records[0].GetProperty("scores").GetProperty("coherence").GetDouble());
        Assert.Equal("dry", records[1].GetProperty("feedback").Text("style"));
        Assert.Equal("other", records[1].Text("model_name"));
    }

    [Fact]
    public async Task An_exception_that_leaves_the_scope_makes_it_a_failure()
    {
        await Assert.ThrowsAsync<FormatException>(async () =>
        {
            using EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge");
            await Task.Yield();
            throw new FormatException();
        });

        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.GetProperty("success").GetBoolean());
        Assert.Equal("incomplete", record.Text("error"));
    }

    [Fact]
    public void A_failure_says_why_and_a_cancellation_is_no_error()
    {
        using (EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge"))
            scope.Fail(new TimeoutException("too slow"));
        using (EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge"))
            scope.Fail("refused");
        using (EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge"))
            scope.Fail(new OperationCanceledException());

        Assert.Equal(2, _run.Monitor.GetMetrics("evaluation_error_rate").Sum);
        List<JsonElement> records = _run.Records();
        Assert.Equal(["too slow", "refused"], records.Take(2).Select(r => r.Text("error")));
        Assert.Equal("System.TimeoutException", records[0].GetProperty("tags").Text("error.type"));
        Assert.All(records, r => Assert.False(r.GetProperty("success").GetBoolean()));
    }

    [Fact]
    public void Bad_input_is_refused_at_the_call()
    {
        Assert.Throws<ArgumentNullException>(() => _run.Monitor.MeasureEvaluation(null!));
        Assert.Throws<ArgumentException>(() => _run.Monitor.MeasureEvaluation(""));
        using (EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge"))
        {
            Assert.Throws<ArgumentNullException>(() => scope.Complete((Dictionary<string, double>)null!));
            Assert.Throws<ArgumentException>(() => scope.Complete(new Dictionary<string, double> { [""] = 1 }));
            scope.Complete(Scores);
        }

        Assert.True(Assert.Single(_run.Records()).GetProperty("success").GetBoolean());
    }

    [Fact]
    public void A_scope_that_outlives_its_monitor_or_was_left_does_nothing()
    {
        EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge");
        _run.Monitor.Dispose();
        scope.Dispose();
        scope.Dispose();

        Assert.Throws<InvalidOperationException>(() => scope.Complete(Scores));
        Assert.Empty(_run.Records());
    }

    [Fact]
    public void A_scope_allocates_no_more_than_the_evaluation_that_it_records()
    {
        long direct = -1, measured = -1;
        var thread = new Thread(() =>
        {
            Direct(1_000);
            Measured(1_000);
            long start = GC.GetAllocatedBytesForCurrentThread();
            Direct(1_000);
            long middle = GC.GetAllocatedBytesForCurrentThread();
            Measured(1_000);
            direct = middle - start;
            measured = GC.GetAllocatedBytesForCurrentThread() - middle;
        });
        thread.Start();
        Limits.WaitFor(thread);

        Assert.Equal(direct, measured);

        void Direct(int times)
        {
            for (int i = 0; i < times; i++)
                _run.Monitor.TrackEvaluation(TimeSpan.Zero, true, "judge", Scores);
        }

        void Measured(int times)
        {
            for (int i = 0; i < times; i++)
            {
                using EvaluationScope scope = _run.Monitor.MeasureEvaluation("judge");
                scope.Complete(Scores);
            }
        }
    }
}
