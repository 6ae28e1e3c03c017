using System.Text.Json;
using Afterimage.Monitoring.Tests.Support;

namespace Afterimage.Monitoring.Tests.Handlers;

/// <summary>What cannot be read or written costs itself, and nothing behind it.</summary>
public sealed class PoisonTests
{
    public static TheoryData<object, string> Unreadable =>
        new()
        {
            { new Nasty(), "(ToString threw NotSupportedException)" },
            { new NastyNumber(), "(ToString threw NotSupportedException)" },
            { NastySequence(), "(Reading it threw NotSupportedException)" },
            { DisposedDocument(), "(Reading it threw ObjectDisposedException)" },
            { Nested(2_000), "(Reading it threw JsonReaderException)" },
        };

    [Fact]
    public async Task An_exception_whose_texts_throw_is_logged_and_so_is_what_follows()
    {
        using var run = new MonitorRun();
        run.Monitor.LogError("x", new NastyException());
        run.Monitor.LogInfo("behind");
        await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());

        List<JsonElement> entries = run.LogEntries();
        Assert.Equal(["x", "behind"], entries.Select(e => e.Text("message")));
        Assert.Equal("(Message threw NotSupportedException)", entries[0].Text("error"));
        Assert.Equal("(StackTrace threw NotSupportedException)", entries[0].Text("stack_trace"));
    }

    [Fact]
    public void An_exception_is_logged_as_it_was_when_it_was_logged()
    {
        var exception = new ChangingException();
        using var run = new MonitorRun();
        run.Monitor.LogError("x", exception);
        exception.Text = "later";

        Assert.Equal("at first", Assert.Single(run.LogEntries()).Text("error"));
    }

    [Theory]
    [MemberData(nameof(Unreadable), DisableDiscoveryEnumeration = true)]
    public async Task A_value_that_cannot_be_read_is_recorded_as_what_it_threw(object value, string text)
    {
        using var run = new MonitorRun();
        run.Monitor.TrackGeneration(TimeSpan.Zero, true, new() { Tags = [new("t", value)] });
        run.Monitor.LogInfo("x", new Dictionary<string, object?> { ["t"] = value });
        await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());

        Assert.Equal(text, Assert.Single(run.Records()).GetProperty("tags").Text("t"));
        Assert.Equal(text, Assert.Single(run.LogEntries()).GetProperty("data").Text("t"));
    }

    [Fact]
    public void A_call_that_failed_by_an_unreadable_exception_is_recorded()
    {
        using var run = new MonitorRun();
        using (GenerationScope scope = run.Monitor.MeasureGeneration("m"))
            scope.Fail(new NastyException());

        Assert.Equal("(Message threw NotSupportedException)", Assert.Single(run.Records()).Text("error"));
    }

    [Fact]
    public async Task A_handler_that_throws_an_unreadable_exception_goes_on()
    {
        using var run = new MonitorRun(o => o.MetricHandlers.Add(new PointHandler(_ => throw new NastyException())));
        for (int i = 0; i < 3; i++)
        {
            run.Monitor.RecordMetric("m", i);
            await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());
        }

        HandlerStatistics handler = run.Monitor.GetStatistics().Handlers[0];
        Assert.Equal((3, 0, "(Message threw NotSupportedException)"), (handler.Failed, handler.Pending, handler.LastError));
    }

    [Fact]
    public async Task A_record_that_a_lossless_handler_refuses_is_set_aside_alone()
    {
        var taken = new HashSet<double>();
        using var run = new MonitorRun(o => o.MetricHandlers.Add(
            new BatchHandler(
                batch =>
                {
                    List<double> values = [];
                    foreach (MetricRecord record in batch)
                        values.Add(record.Value == 13 ? throw new InvalidOperationException("unlucky") : record.Value);
                    taken.UnionWith(values);
                },
                isLossless: true)));
        for (int i = 0; i < 100; i++)
            run.Monitor.RecordMetric("m", i);
        await FlushUntilItSucceeds(run, record: true);

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (double)i).Where(i => i != 13), taken.Where(i => i < 100).Order());
        HandlerStatistics handler = run.Monitor.GetStatistics().Handlers[0];
        Assert.Equal((1, 0, 0), (handler.Failed, handler.Dropped, handler.Pending));
        Assert.Single(
            run.LogEntries(),
            e => e.Text("message").Contains("1 were set aside", StringComparison.Ordinal)
                && e.Text("message").Contains("unlucky", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_log_entry_that_a_lossless_handler_refuses_is_set_aside()
    {
        var handler = new EntryHandler(
            entry => _ = entry.Message == "unlucky" ? throw new InvalidOperationException() : true,
            isLossless: true);
        using var run = new MonitorRun(o => o.LogHandlers.Add(handler));
        run.Monitor.LogInfo("unlucky");
        run.Monitor.LogInfo("lucky");
        await FlushUntilItSucceeds(run);

        Assert.Contains(handler.Entries, e => e.Message == "lucky");
        Assert.Equal(1, run.Monitor.GetStatistics().Failed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_handler_refuses_for_a_time_it_gets_when_it_takes_it(bool isDisk)
    {
        int refusals = 0;
        var taken = new List<double>();
        using var run = new MonitorRun(o => o.MetricHandlers.Add(
            new BatchHandler(
                batch =>
                {
                    List<double> values = [];
                    foreach (MetricRecord record in batch)
                        values.Add(record.Value);

                    // A disk may take one write and not the other; a server that is away takes none.
                    if ((!isDisk || values.Contains(0)) && refusals++ < 10)
                        throw isDisk ? new IOException("full") : new InvalidOperationException("away");
                    taken.AddRange(values);
                },
                isLossless: true)));
        run.Monitor.RecordMetric("m", 0);
        await Assert.ThrowsAsync<IOException>(() => Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask()));
        run.Monitor.RecordMetric("m", 1);
        await FlushUntilItSucceeds(run);

        Assert.Equal([0, 1], taken);
        Assert.Equal(0, run.Monitor.GetStatistics().Failed);
    }

    [Fact]
    public async Task A_refused_record_with_nothing_behind_it_is_kept_until_the_end_and_said()
    {
        int attempts = 0;
        var run = new MonitorRun(o =>
        {
            o.ShutdownTimeout = TimeSpan.FromSeconds(1);
            o.MetricHandlers.Add(
                new BatchHandler(
                    _ =>
                    {
                        Interlocked.Increment(ref attempts);
                        throw new InvalidOperationException("unlucky");
                    },
                    isLossless: true));
        });
        using (run)
        {
            run.Monitor.RecordMetric("m", 13);
            while (Volatile.Read(ref attempts) < 7)
            {
                IOException notWritten = await Assert.ThrowsAsync<IOException>(
                    () => Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask()));
                Assert.Contains("unlucky", notWritten.Message, StringComparison.Ordinal);
            }

            HandlerStatistics kept = run.Monitor.GetStatistics().Handlers[0];
            Assert.Equal((0, 1), (kept.Failed, kept.Pending));

            await run.Monitor.DisposeAsync();
            HandlerStatistics lost = run.Monitor.GetStatistics().Handlers[0];
            Assert.Equal((1, 0, 0), (lost.Failed, lost.Pending, lost.Written));
            Assert.Contains(run.LogEntries(), e => e.Text("message").EndsWith(": 1 records are lost", StringComparison.Ordinal));
        }
    }

    private static async Task FlushUntilItSucceeds(MonitorRun run, bool record = false)
    {
        while (true)
        {
            try
            {
                // Something behind what is refused, without which nobody can tell whose fault it is.
                if (record)
                    run.Monitor.RecordMetric("m", 1000);
                await Limits.WaitFor(run.Monitor.FlushAsync(Limits.Token).AsTask());
                return;
            }
            catch (IOException)
            {
                // Not yet.
            }
        }
    }

    private static IEnumerable<int> NastySequence()
    {
        yield return 1;
        throw new NotSupportedException();
    }

    private static JsonDocument DisposedDocument()
    {
        JsonDocument document = JsonDocument.Parse("[1]");
        document.Dispose();
        return document;
    }

    private static JsonElement Nested(int depth)
    {
        using JsonDocument document = JsonDocument.Parse(
            new string('[', depth) + new string(']', depth),
            new JsonDocumentOptions { MaxDepth = depth });
        return document.RootElement.Clone();
    }

    private sealed class Nasty
    {
        public override string ToString() => throw new NotSupportedException();
    }

    private sealed class NastyNumber : IFormattable
    {
        public string ToString(string? format, IFormatProvider? formatProvider) => throw new NotSupportedException();
    }

    private sealed class NastyException : Exception
    {
        public override string Message => throw new NotSupportedException();

        public override string StackTrace => throw new NotSupportedException();

        public override string ToString() => throw new NotSupportedException();
    }

    private sealed class ChangingException : Exception
    {
        public string Text { get; set; } = "at first";

        public override string Message => Text;
    }
}
