using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Measuring;

public sealed class GenerationScopeTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly MonitorRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_completed_scope_records_one_success_with_its_time_and_details()
    {
        using (GenerationScope scope = _run.Monitor.MeasureGeneration("gpt-4o", "openai", "chat"))
        {
            _run.Clock.Advance(Second);
            scope.MarkFirstToken();
            _run.Clock.Advance(Second);
            scope.MarkFirstToken();
            Assert.Equal(2 * Second, scope.Elapsed);
            scope.Complete(new() { PromptTokenCount = 3, FinishReason = "stop" });
            _run.Clock.Advance(Second);
        }

        JsonElement record = Assert.Single(_run.Records());
        Assert.Equal(2, record.GetProperty("duration").GetDouble());
        Assert.Equal(1, record.GetProperty("time_to_first_token").GetDouble());
        Assert.True(record.GetProperty("success").GetBoolean());
        Assert.Equal("gpt-4o", record.Text("model_name"));
        Assert.Equal("openai", record.Text("provider"));
        Assert.Equal("chat", record.Text("operation"));
        Assert.Equal("stop", record.Text("finish_reason"));
        Assert.Equal(3, record.GetProperty("prompt_token_count").GetInt64());
    }

    [Fact]
    public void Details_count_over_what_the_scope_was_told_at_its_start()
    {
        using (GenerationScope scope = _run.Monitor.MeasureGeneration("asked", "p", "o"))
        {
            scope.MarkFirstToken();
            scope.Complete(new() { ModelName = "answered", Provider = "p2", Operation = "o2", TimeToFirstToken = Second });
        }

        JsonElement record = Assert.Single(_run.Records());
        Assert.Equal("answered", record.Text("model_name"));
        Assert.Equal("p2", record.Text("provider"));
        Assert.Equal("o2", record.Text("operation"));
        Assert.Equal(1, record.GetProperty("time_to_first_token").GetDouble());
    }

    [Fact]
    public async Task An_exception_that_leaves_the_scope_makes_it_a_failure_and_is_not_replaced()
    {
        await Assert.ThrowsAsync<FormatException>(async () =>
        {
            using GenerationScope scope = _run.Monitor.MeasureGeneration("gpt-4o");
            await Task.Yield();
            _run.Clock.Advance(Second);
            throw new FormatException("no answer");
        });

        JsonElement record = Assert.Single(_run.Records());
        Assert.False(record.GetProperty("success").GetBoolean());
        Assert.Equal("incomplete", record.Text("error"));
        Assert.Equal(1, record.GetProperty("duration").GetDouble());
        Assert.Equal("gpt-4o", record.Text("model_name"));
    }

    [Fact]
    public void A_scope_that_outlives_its_monitor_does_not_throw_when_it_is_left()
    {
        GenerationScope scope = _run.Monitor.MeasureGeneration();
        _run.Monitor.Dispose();

        scope.Complete();
        scope.Dispose();

        Assert.Empty(_run.Records());
    }

    [Fact]
    public void A_failure_says_why()
    {
        using (GenerationScope scope = _run.Monitor.MeasureGeneration())
            scope.Fail(new TimeoutException("too slow"), new() { Tags = [new("attempt", 2)] });
        using (GenerationScope scope = _run.Monitor.MeasureGeneration())
            scope.Fail("refused");
        using (GenerationScope scope = _run.Monitor.MeasureGeneration())
            scope.Fail(new TimeoutException(""));

        List<JsonElement> records = _run.Records();
        Assert.Equal(["too slow", "refused", "System.TimeoutException"], records.Select(r => r.Text("error")));
        Assert.Equal("""{"attempt":2,"error.type":"System.TimeoutException"}""", records[0].GetProperty("tags").GetRawText());
        Assert.All(records, r => Assert.False(r.GetProperty("success").GetBoolean()));
    }

    [Fact]
    public void A_cancellation_is_neither_success_nor_error()
    {
        using (GenerationScope scope = _run.Monitor.MeasureGeneration())
            scope.Cancel();
        using (GenerationScope scope = _run.Monitor.MeasureGeneration())
            scope.Fail(new TaskCanceledException(), new() { PromptTokenCount = 1 });
        using (GenerationScope scope = _run.Monitor.MeasureGeneration())
            scope.Cancel(new() { FinishReason = FinishReasons.Abandoned });

        Assert.Equal(0, _run.Monitor.GetMetrics("success_rate").Sum);
        Assert.Equal(0, _run.Monitor.GetMetrics("error_rate").Sum);
        Assert.Equal(2, _run.Monitor.GetMetrics("finish_reason:cancelled").Count);
        Assert.Equal(1, _run.Monitor.GetMetrics("finish_reason:abandoned").Count);
        Assert.DoesNotContain(_run.Records(), r => r.TryGetProperty("error", out _));
    }

    [Fact]
    public void Copies_are_one_scope()
    {
        using (GenerationScope scope = _run.Monitor.MeasureGeneration())
        {
            CompleteCopy(scope);
            Assert.Throws<InvalidOperationException>(() => scope.Complete());
            Assert.Throws<InvalidOperationException>(() => scope.Fail("late"));
        }

        Assert.True(Assert.Single(_run.Records()).GetProperty("success").GetBoolean());

        static void CompleteCopy(GenerationScope copy) => copy.Complete();
    }

    [Fact]
    public void Using_a_scope_after_it_was_left_does_not_touch_the_one_that_reuses_its_memory()
    {
        GenerationScope first = _run.Monitor.MeasureGeneration("first");
        first.Dispose();
        using (GenerationScope second = _run.Monitor.MeasureGeneration("second"))
        {
            first.Dispose();
            Assert.Throws<InvalidOperationException>(() => first.Complete());
            Assert.Throws<InvalidOperationException>(() => first.Elapsed);
            Assert.Throws<InvalidOperationException>(first.MarkFirstToken);
            second.Complete();
        }

        Assert.Equal(
            [("first", false), ("second", true)],
            _run.Records().Select(r => (r.Text("model_name"), r.GetProperty("success").GetBoolean())));
    }

    [Fact]
    public void Bad_details_record_nothing_and_leave_the_scope_open()
    {
        using (GenerationScope scope = _run.Monitor.MeasureGeneration())
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => scope.Complete(new() { PromptTokenCount = -1 }));
            Assert.Throws<ArgumentNullException>(() => scope.Fail((Exception)null!));
            Assert.Throws<ArgumentException>(() => scope.Fail(""));
            scope.Complete();
        }

        Assert.True(Assert.Single(_run.Records()).GetProperty("success").GetBoolean());
    }

    [Fact]
    public void A_scope_that_nobody_began_does_nothing()
    {
        GenerationScope scope = default;
        scope.Dispose();
        Assert.Throws<InvalidOperationException>(() => scope.Complete());
    }

    [Fact]
    public void A_clock_that_is_set_back_makes_no_negative_duration()
    {
        var clock = new SetByHand { Now = MonitorRun.Start };
        using var directory = new TemporaryDirectory();
        using var monitor = new GenerationMonitor(new() { LogDirectory = directory.Path }, clock);
        using (GenerationScope scope = monitor.MeasureGeneration())
        {
            clock.Now -= Second;
            scope.Complete();
        }

        Assert.Equal(0, monitor.GetMetrics("generation_time", TimeSpan.FromHours(1)).Max);
    }

    [Fact]
    public async Task Scopes_of_many_tasks_are_recorded_once_each()
    {
        const int Tasks = 32;
        const int Each = 500;
        await Limits.WaitFor(Task.WhenAll(Enumerable.Range(0, Tasks).Select(task => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                using GenerationScope scope = _run.Monitor.MeasureGeneration($"model-{task}");
                await Task.Yield();
                if (i % 2 == 0)
                    scope.Complete(new() { PromptTokenCount = 1 });
            }
        }))));

        Assert.Equal(Tasks * Each, _run.Monitor.GetMetrics("success_rate").Count);
        Assert.Equal(Tasks * Each / 2, _run.Monitor.GetMetrics("success_rate").Sum);
        Assert.Equal(Tasks * Each / 2, _run.Monitor.GetMetrics("error_rate").Sum);
        Assert.Equal(Tasks * Each / 2, _run.Monitor.GetTotalTokenUsage().TotalPromptTokens);
    }

    [Fact]
    public void A_scope_allocates_nothing_where_nothing_is_awaited()
    {
        // Room for all of it: a thread that waits for room allocates, in Monitor.Wait.
        using var run = new MonitorRun(o => o.BufferCapacity = 65_536);
        long allocated = -1;
        var thread = new Thread(() =>
        {
            Measure(20_000);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Measure(20_000);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        });
        thread.Start();
        Limits.WaitFor(thread);

        Assert.Equal(0, allocated);

        void Measure(int times)
        {
            for (int i = 0; i < times; i++)
            {
                using GenerationScope scope = run.Monitor.MeasureGeneration("gpt-4o", "openai", "chat");
                scope.MarkFirstToken();
                scope.Complete(new() { PromptTokenCount = 374, CompletionTokenCount = 44, FinishReason = "stop" });
            }
        }
    }

    /// <summary>A clock that a program sets by hand: its time stamps are the system's.</summary>
    private sealed class SetByHand : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
