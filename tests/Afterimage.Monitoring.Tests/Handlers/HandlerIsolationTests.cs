using System.Collections.Concurrent;
using Afterimage.Monitoring.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace Afterimage.Monitoring.Tests.Handlers;

/// <summary>A handler's slowness and exceptions are its own, and what they cost is counted.</summary>
public sealed class HandlerIsolationTests
{
    [Fact]
    public void A_handler_gets_each_derived_point_with_what_is_known_of_its_record()
    {
        var handler = new PointHandler();
        using var run = new MonitorRun(o => o.MetricHandlers.Add(handler));
        run.Monitor.TrackGeneration(
            TimeSpan.FromSeconds(2),
            true,
            new GenerationDetails
            {
                ModelName = "m",
                PromptTokenCount = 3,
                FinishReason = "stop",
                ConversationLength = 1,
                TimeToFirstToken = TimeSpan.FromSeconds(1),
                Provider = "p",
                Operation = "o",
                Error = "e",
                Tags = [new("task", "qa"), new("duration", "a tag does not hide a field")],
            });
        run.Monitor.TrackEvaluation(
            TimeSpan.FromSeconds(1),
            false,
            "rubric",
            new Dictionary<string, EvaluationScore> { ["tone"] = new(0.5, "dry"), ["facts"] = new(1) });
        run.Monitor.RecordMetric("gpu", 7, new Dictionary<string, object?> { ["host"] = "a" }, MonitorRun.Start.AddDays(-1));
        run.Monitor.Dispose();

        var generation = new Dictionary<string, object?>
        {
            ["timestamp"] = MonitorRun.Start,
            ["event"] = "generation",
            ["duration"] = TimeSpan.FromSeconds(2),
            ["success"] = true,
            ["model_name"] = "m",
            ["prompt_token_count"] = 3L,
            ["finish_reason"] = "stop",
            ["conversation_length"] = 1,
            ["time_to_first_token"] = TimeSpan.FromSeconds(1),
            ["provider"] = "p",
            ["operation"] = "o",
            ["error"] = "e",
            ["task"] = "qa",
        };
        Assert.Equal(9, handler.Points.Count(p => p.Metadata["event"] is "generation"));
        Assert.All(handler.Points.Where(p => p.Metadata["event"] is "generation"), p => Assert.Equal(generation, p.Metadata));
        Point tone = Assert.Single(handler.Points, p => p.MetricName == "evaluation_score_tone");
        Assert.Equal(("rubric", "dry", false), (tone.Metadata["evaluator_type"], tone.Metadata["feedback"], tone.Metadata["success"]));
        Assert.DoesNotContain("feedback", Assert.Single(handler.Points, p => p.MetricName == "evaluation_score_facts").Metadata.Keys);
        Assert.Equal(
            new Dictionary<string, object?>
            {
                ["timestamp"] = MonitorRun.Start.AddDays(-1),
                ["event"] = "metric",
                ["host"] = "a",
            },
            Assert.Single(handler.Points, p => p.MetricName == "gpu").Metadata);
    }

    [Fact]
    public void A_batch_handler_gets_whole_records_in_order()
    {
        var seen = new List<string>();
        using var run = new MonitorRun(o =>
            o.MetricHandlers.Add(new BatchHandler(batch =>
                {
                    int count = 0;
                    foreach (MetricRecord record in batch)
                    {
                        count++;
                        seen.Add(
                            string.Join(
                                '|',
                                record.Kind,
                                record.Timestamp.ToString("HH:mm"),
                                record.Duration.TotalSeconds,
                                record.Success,
                                record.ModelName,
                                record.PromptTokenCount,
                                record.CompletionTokenCount,
                                record.TotalTokenCount,
                                record.CachedPromptTokenCount,
                                record.ReasoningTokenCount,
                                record.FinishReason,
                                record.Error,
                                record.ConversationLength,
                                record.TimeToFirstToken?.TotalSeconds,
                                record.Provider,
                                record.Operation,
                                record.EvaluatorType,
                                record.MetricName,
                                record.Value,
                                string.Join(',', record.Scores.Select(s => $"{s.Key}={s.Value.Score}{s.Value.Feedback}")),
                                string.Join(',', record.Tags.Select(t => $"{t.Key}={t.Value}"))));
                    }

                    Assert.Equal(count, batch.Count);
                })));
        run.Monitor.LogInfo("no record for a metric handler");
        run.Monitor.TrackGeneration(
            TimeSpan.FromSeconds(2),
            true,
            new GenerationDetails
            {
                ModelName = "m",
                PromptTokenCount = 1,
                CompletionTokenCount = 2,
                TotalTokenCount = 4,
                CachedPromptTokenCount = 5,
                ReasoningTokenCount = 6,
                FinishReason = "stop",
                Error = "e",
                ConversationLength = 7,
                TimeToFirstToken = TimeSpan.FromSeconds(8),
                Provider = "p",
                Operation = "o",
                Tags = [new("k", "v")],
            }
        );
        run.Monitor.TrackGeneration(TimeSpan.Zero, false);
        run.Monitor.TrackEvaluation(
            TimeSpan.FromSeconds(3),
            true,
            "rubric",
            new Dictionary<string, EvaluationScore> { ["s"] = new(9, "!") });
        run.Monitor.RecordMetric("x", 10, new Dictionary<string, object?> { ["k"] = 1 });
        run.Monitor.Dispose();

        Assert.Equal(
            [
                "Generation|14:00|2|True|m|1|2|4|5|6|stop|e|7|8|p|o|||0||k=v",
                "Generation|14:00|0|False|||||||||||||||0||",
                "Evaluation|14:00|3|True|||||||||||||rubric||0|s=9!|",
                "Metric|14:00|0|False||||||||||||||x|10||k=1",
            ],
            seen);
    }

    [Fact]
    public void A_throwing_handler_is_counted_and_logged_once_per_burst_and_others_get_all()
    {
        var logger = new FakeLogCollector();
        using var loggerFactory = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(logger)));
        int calls = 0;
        var throwing = new PointHandler(p =>
        {
            calls++;
            if (p.Value % 2 == 1)
                throw new InvalidOperationException($"odd {p.Value}");
        });
        using var run = new MonitorRun(
            o => { o.MetricHandlers.Add(throwing); o.MetricHandlers.Add(new FileMetricHandler(o.LogDirectory!)); },
            loggerFactory);
        for (int i = 0; i < 1000; i++)
            run.Monitor.RecordMetric("m", i);

        Assert.Equal(1000, run.Records().Count);
        Assert.Equal(1000, calls);
        Assert.Equal(500, throwing.Points.Count);
        MonitorStatistics statistics = run.Monitor.GetStatistics();
        HandlerStatistics handler = statistics.Handlers[0];
        Assert.Equal(
            (nameof(PointHandler), 500, 500, 0, 0, 500),
            (handler.Name, handler.Written, handler.Failed, handler.Dropped, handler.Pending, handler.Failures));
        Assert.StartsWith("odd", handler.LastError, StringComparison.Ordinal);
        Assert.Equal(
            ("FileMetricHandler", 1000, 0),
            (statistics.Handlers[1].Name, statistics.Handlers[1].Written, statistics.Handlers[1].Failures));
        Assert.Equal(["FileLogHandler"], statistics.Handlers.Skip(2).Select(h => h.Name));
        Assert.Equal(500, statistics.Failed);

        // Once as the burst begins, and the sum at disposal.
        Assert.Equal(2, run.LogEntries().Count(e => e.Text("level") == "error"));
        Assert.Single(run.LogEntries(), e => e.Text("message").Contains("Handler PointHandler failed: odd 1", StringComparison.Ordinal));
        Assert.Single(run.LogEntries(), e => e.Text("message").Contains("500 records are lost", StringComparison.Ordinal));
        Assert.Single(logger.GetSnapshot(), r => r.Message.Contains("Handler PointHandler failed: odd 1", StringComparison.Ordinal));
        Assert.Single(logger.GetSnapshot(), r => r.Message.Contains("500 records are lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_logger_that_throws_harms_neither_recording_nor_handlers_nor_disposal()
    {
        using var loggerFactory = new OneLogger(() => throw new InvalidOperationException("no log today"));
        using var run = new MonitorRun(
            o => o.MetricHandlers.Add(new PointHandler(_ => throw new InvalidOperationException("never"))),
            loggerFactory);
        for (int i = 0; i < 10; i++)
        {
            run.Monitor.RecordMetric("m", i);
            await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());
        }

        Assert.Equal(10, run.Records().Count);
        run.Monitor.RecordMetric("m", 11);
        Assert.Equal(1, run.Monitor.GetStatistics().RecordedAfterDisposal);
        Assert.Contains(run.LogEntries(), e => e.Text("message").Contains("no log today", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_logger_that_hangs_holds_up_nobody_but_itself()
    {
        using var release = new ManualResetEventSlim();
        using var loggerFactory = new OneLogger(() => release.Wait(Limits.Generous));
        using var run = new MonitorRun(
            o => o.MetricHandlers.Add(new PointHandler(_ => throw new InvalidOperationException("never"))),
            loggerFactory);
        for (int i = 0; i < 10; i++)
        {
            run.Monitor.RecordMetric("m", i);
            await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());
        }

        release.Set();
        Assert.Equal(10, run.Records().Count);
    }

    [Fact]
    public async Task A_new_burst_of_failures_is_logged_again()
    {
        using var run = new MonitorRun(o => o.MetricHandlers.Add(new PointHandler(_ => throw new InvalidOperationException("always"))));
        await Fail();
        run.Clock.Advance(TimeSpan.FromSeconds(59));
        await Fail();
        run.Clock.Advance(TimeSpan.FromSeconds(59));
        await Fail();
        run.Clock.Advance(TimeSpan.FromSeconds(60));
        await Fail();

        Assert.Equal(2, run.LogEntries().Count(e => e.Text("message").Contains("always", StringComparison.Ordinal)));

        async Task Fail()
        {
            run.Monitor.RecordMetric("m", 1);
            await run.Monitor.FlushAsync(Limits.Token);
        }
    }

    [Fact]
    public async Task A_hanging_handler_holds_up_nobody_and_what_it_lost_is_counted()
    {
        using var release = new ManualResetEventSlim();
        const int Count = 400_000;
        var logger = new FakeLogCollector();
        using var loggerFactory = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(logger)));
        var other = new ConcurrentQueue<double>();
        using var run = new MonitorRun(
            o =>
            {
                o.HandlerTimeLimit = Limits.StandStill;
                o.ShutdownTimeout = TimeSpan.FromMilliseconds(200);
                o.MetricHandlers.Add(new BatchHandler(_ => release.Wait(Limits.Generous)));
                o.MetricHandlers.Add(new BatchHandler(
                        batch =>
                        {
                            foreach (MetricRecord record in batch)
                                other.Enqueue(record.Value);
                        },
                        isLossless: true));
                o.MetricHandlers.Add(new FileMetricHandler(o.LogDirectory!));
            },
            loggerFactory);
        for (int i = 0; i < Count; i++)
            run.Monitor.RecordMetric("m", i);
        await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());

        Assert.Equal(Count, other.Count);
        Assert.Equal(Count, JsonFile.Lines(run.MetricsFile).Count);
        await Limits.WaitFor(Limits.OnThread(run.Monitor.Dispose));
        Assert.False(release.IsSet);
        HandlerStatistics hung = run.Monitor.GetStatistics().Handlers[0];
        Assert.Equal((0, Count, 0), (hung.Written, hung.Failed + hung.Dropped, hung.Pending));
        Assert.True(hung.Dropped > 0, "Its queue is bounded.");
        Assert.Equal(Count, run.Monitor.GetStatistics().Failed);
        Assert.Contains(run.LogEntries(), e => e.Text("message").Contains("cannot keep up", StringComparison.Ordinal));

        // Of the program's logger: that in the file may come too late, since the time to shut down was short.
        Assert.Contains(logger.GetSnapshot(), r => r.Message.Contains($"{Count} records are lost", StringComparison.Ordinal));
        release.Set();
    }

    [Fact]
    public async Task A_hanging_lossless_handler_is_stalled_after_its_limit_and_the_others_go_on()
    {
        using var release = new ManualResetEventSlim();
        const int Count = 100_000;
        var values = new List<double>();
        var othersHaveAll = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var run = new MonitorRun(o =>
        {
            o.HandlerTimeLimit = Limits.StandStill;
            o.ShutdownTimeout = TimeSpan.FromMilliseconds(200);
            o.MetricHandlers.Add(new BatchHandler(_ => release.Wait(Limits.Generous), isLossless: true));
            o.MetricHandlers.Add(new BatchHandler(
                    batch =>
                    {
                        foreach (MetricRecord record in batch)
                            values.Add(record.Value);
                        if (values.Count == Count)
                            othersHaveAll.SetResult();
                    },
                    isLossless: true));
        });
        await Limits.WaitFor(
            Limits.OnThread(() =>
            {
                for (int i = 0; i < Count; i++)
                    run.Monitor.RecordMetric("m", i);
            }));
        await Limits.WaitFor(othersHaveAll.Task);
        await Limits.WaitFor(Limits.OnThread(run.Monitor.Dispose));

        Assert.Equal(Enumerable.Range(0, Count).Select(i => (double)i), values);
        HandlerStatistics hung = run.Monitor.GetStatistics().Handlers[0];
        Assert.Equal((0, Count), (hung.Written, hung.Failed + hung.Dropped));
        release.Set();
    }

    [Fact]
    public async Task A_lossless_handler_that_fails_for_a_while_gets_everything_exactly_once()
    {
        bool isBroken = true;
        var values = new ConcurrentQueue<double>();
        using var run = new MonitorRun(o =>
            o.MetricHandlers.Add(new BatchHandler(
                    batch =>
                    {
                        if (Volatile.Read(ref isBroken))
                            throw new IOException("disk full");
                        foreach (MetricRecord record in batch)
                            values.Enqueue(record.Value);
                    },
                    isLossless: true)));
        for (int i = 0; i < 5000; i++)
            run.Monitor.RecordMetric("m", i);

        for (int i = 0; i < 2; i++)
        {
            var error = await Assert.ThrowsAsync<IOException>(() => Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask()));
            Assert.Contains("disk full", error.Message, StringComparison.Ordinal);
        }

        Assert.Empty(values);
        HandlerStatistics broken = run.Monitor.GetStatistics().Handlers[0];
        Assert.Equal((0, 0, 5000, "disk full"), (broken.Written, broken.Failed, broken.Pending, broken.LastError));
        Assert.True(broken.Failures > 0);
        Volatile.Write(ref isBroken, false);
        await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());

        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (double)i), values);
        HandlerStatistics mended = run.Monitor.GetStatistics().Handlers[0];
        Assert.Equal((5000, 0, 0), (mended.Written, mended.Failed, mended.Pending));
        Assert.Single(run.LogEntries(), e => e.Text("message").Contains("disk full", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_lossless_handler_that_stays_broken_does_not_hold_up_disposal_beyond_its_time()
    {
        var logger = new FakeLogCollector();
        using var loggerFactory = LoggerFactory.Create(b => b.AddProvider(new FakeLoggerProvider(logger)));
        using var run = new MonitorRun(
            o =>
            {
                o.ShutdownTimeout = TimeSpan.FromMilliseconds(300);
                o.MetricHandlers.Add(new BatchHandler(_ => throw new IOException("disk full"), isLossless: true));
            },
            loggerFactory);
        for (int i = 0; i < 100; i++)
            run.Monitor.RecordMetric("m", i);

        // So that the handler has them all before the time runs.
        await Assert.ThrowsAsync<IOException>(() => Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask()));
        await Limits.WaitFor(Limits.OnThread(run.Monitor.Dispose));

        Assert.Equal(100, run.Monitor.GetStatistics().Failed);
        Assert.Contains(logger.GetSnapshot(), r => r.Message.Contains("100 records are lost", StringComparison.Ordinal));
    }

    [Fact]
    public void A_log_handler_that_throws_touches_neither_the_others_nor_the_records()
    {
        var throwing = new EntryHandler(_ => throw new InvalidOperationException("no paper"));
        using var run = new MonitorRun(o => { o.LogHandlers.Add(throwing); o.LogHandlers.Add(new FileLogHandler(o.LogDirectory!)); });
        for (int i = 0; i < 10; i++)
            run.Monitor.LogInfo($"entry {i}");
        run.Monitor.RecordMetric("m", 1);

        Assert.Equal(10, run.LogEntries().Count(e => e.Text("message").StartsWith("entry", StringComparison.Ordinal)));
        Assert.Single(run.LogEntries(), e => e.Text("message").Contains("no paper", StringComparison.Ordinal));
        Assert.Single(run.Records());
        HandlerStatistics handler = run.Monitor.GetStatistics().Handlers[1];
        // It failed with the monitor's own entry too, which is no record.
        Assert.Equal((0, 10, 11), (handler.Written, handler.Failed, handler.Failures));
    }

    [Fact]
    public async Task A_flush_that_fails_is_counted_and_told_where_nothing_may_be_lost()
    {
        using var run = new MonitorRun(o =>
            o.MetricHandlers.Add(new FlushHandler(isLossless: true, () => throw new InvalidOperationException("no sync"))));
        run.Monitor.RecordMetric("m", 1);
        var error = await Assert.ThrowsAsync<IOException>(() => run.Monitor.FlushAsync(Limits.Token).AsTask());

        Assert.Contains("no sync", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, run.Monitor.GetStatistics().Handlers[0].Failures);
    }

    [Fact]
    public async Task Flushing_flushes_the_handlers_behind_what_they_got()
    {
        var handler = new FlushHandler(isLossless: false, () => { });
        using var run = new MonitorRun(o => o.MetricHandlers.Add(handler));
        run.Monitor.RecordMetric("m", 1);
        await run.Monitor.FlushAsync(Limits.Token);

        Assert.Equal(["m", "flush"], handler.Calls);
    }

    [Fact]
    public void Disposable_handlers_are_disposed_with_the_monitor_behind_their_last_record()
    {
        var metrics = new DisposableHandler();
        var log = new DisposableHandler();
        using var run = new MonitorRun(o =>
        {
            o.MetricHandlers.Add(metrics);
            o.MetricHandlers.Add(new DisposableHandler(throws: true));
            o.LogHandlers.Add(log);
        });
        for (int i = 0; i < 100; i++)
            run.Monitor.RecordMetric("m", 1);
        run.Monitor.LogInfo("m");
        run.Monitor.Dispose();

        Assert.Equal(101, metrics.Calls.Count);
        Assert.Equal("disposed", metrics.Calls[^1]);
        Assert.Equal("disposed", log.Calls[^1]);
        Assert.Equal(1, log.Calls.Count(c => c == "disposed"));
        Assert.Equal("cannot go", run.Monitor.GetStatistics().Handlers[1].LastError);
    }

    [Fact]
    public void Statistics_tell_what_became_of_the_records()
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(TimeSpan.Zero, true);
        run.Monitor.TrackEvaluation(TimeSpan.Zero, true, "e", new Dictionary<string, double>());
        run.Monitor.RecordMetric("m", double.NaN);
        run.Monitor.LogInfo("m");
        run.Monitor.Dispose();

        MonitorStatistics statistics = run.Monitor.GetStatistics();
        Assert.Equal(
            (4, 0, 4, 0, 1),
            (statistics.Recorded, statistics.Dropped, statistics.Written, statistics.Failed, statistics.NonFinite));
        Assert.Equal(
            [
                new HandlerStatistics
                {
                    Name = "FileMetricHandler",
                    Written = 3,
                    Failed = 0,
                    Dropped = 0,
                    Pending = 0,
                    Failures = 0,
                    IsStalled = false,
                },
                new HandlerStatistics
                {
                    Name = "FileLogHandler",
                    Written = 1,
                    Failed = 0,
                    Dropped = 0,
                    Pending = 0,
                    Failures = 0,
                    IsStalled = false,
                },
            ],
            statistics.Handlers);
    }

    [Fact]
    public void Without_handlers_nothing_is_written()
    {
        using var run = MonitorRun.InMemory();
        run.Monitor.RecordMetric("m", 1);
        run.Monitor.LogInfo("m");
        run.Monitor.Dispose();

        Assert.Null(run.Monitor.LogDirectory);
        Assert.Empty(run.Monitor.GetStatistics().Handlers);
    }

    private sealed class FlushHandler(bool isLossless, Action onFlush) : IMetricHandler
    {
        public List<string> Calls { get; } = [];

        public bool IsLossless => isLossless;

        public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata) => Calls.Add(metricName);

        public void Flush()
        {
            Calls.Add("flush");
            onFlush();
        }
    }

    private sealed class DisposableHandler(bool throws = false) : IMetricHandler, ILogHandler, IDisposable
    {
        public List<string> Calls { get; } = [];

        bool IMetricHandler.IsLossless => false;

        bool ILogHandler.IsLossless => false;

        public void HandleMetric(string metricName, double value, IReadOnlyDictionary<string, object?> metadata) => Calls.Add(metricName);

        public void HandleLog(LogEntry entry) => Calls.Add(entry.Message);

        void IMetricHandler.Flush() { }

        void ILogHandler.Flush() { }

        public void Dispose()
        {
            Calls.Add("disposed");
            if (throws)
                throw new InvalidOperationException("cannot go");
        }
    }
}
