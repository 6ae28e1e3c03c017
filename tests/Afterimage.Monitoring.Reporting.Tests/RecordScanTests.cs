using System.Text;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Schema;

namespace Afterimage.Monitoring.Reporting.Tests;

/// <summary>Files are read on all cores, each line once, and handed on in the order of the lines.</summary>
public sealed class RecordScanTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 14, 0, 0, TimeSpan.Zero);

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>Two files of several ranges of 4 MiB, and an empty one.</summary>
    [Fact]
    public void Each_line_is_taken_once_and_handed_on_in_order()
    {
        const int Lines = 60_000;
        string[] files = [Write("a", 0, Lines), Write("empty", 0, 0), Write("b", Lines, 2 * Lines)];
        Assert.True(new FileInfo(files[0]).Length > 9 << 20);
        var places = new List<long>();
        var progress = new List<double>();

        RecordScan.Run(
            files,
            (null, null),
            LineSplitter.DefaultMaxLineLength,
            () => new Sink(places),
            value =>
            {
                lock (progress)
                    progress.Add(value);
            },
            TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 2 * Lines).Select(i => (long)i), places);
        int ranges = files.Sum(file => (int)Math.Ceiling(new FileInfo(file).Length / (double)(4 << 20)));
        Assert.Equal(Enumerable.Range(1, ranges).Select(i => i / (double)ranges), progress.Order());
    }

    [Fact]
    public void The_start_of_a_time_is_inclusive_and_its_end_is_exclusive()
    {
        string file = Write("a", 0, 10);
        File.AppendAllText(file, "!\n");
        var places = new List<long>();
        int skipped = 0;

        RecordScan.Run(
            [file],
            (Start.AddSeconds(3), Start.AddSeconds(6)),
            LineSplitter.DefaultMaxLineLength,
            () => new Sink(places) { OnSkipped = () => Interlocked.Increment(ref skipped) },
            report: null,
            TestContext.Current.CancellationToken);

        Assert.Equal([3L, 4, 5], places);
        Assert.Equal(1, skipped);
    }

    [Fact]
    public void Every_sink_is_disposed_and_a_failure_is_thrown_as_it_was()
    {
        string[] files = [.. Enumerable.Range(0, 20).Select(i => Write($"f{i}", i, i + 1))];
        var made = new List<Sink>();
        var failure = new InvalidOperationException("no");

        var thrown = Assert.Throws<InvalidOperationException>(() => RecordScan.Run(
            files,
            (null, null),
            LineSplitter.DefaultMaxLineLength,
            () =>
            {
                var sink = new Sink([]) { OnTake = place => throw failure };
                made.Add(sink);
                return sink;
            },
            report: null,
            TestContext.Current.CancellationToken));

        Assert.Same(failure, thrown);
        Assert.Equal(Math.Min(Environment.ProcessorCount, files.Length), made.Count);
        Assert.All(made, sink => Assert.True(sink.IsDisposed));
    }

    [Fact]
    public void A_scan_that_is_cancelled_throws_and_takes_no_further_file()
    {
        string[] files = [.. Enumerable.Range(0, 200).Select(i => Write($"f{i}", i, i + 1))];
        using var source = new CancellationTokenSource();
        int taken = 0;

        Assert.Throws<OperationCanceledException>(() => RecordScan.Run(
            files,
            (null, null),
            LineSplitter.DefaultMaxLineLength,
            () => new Sink([])
            {
                OnTake = _ =>
                {
                    Interlocked.Increment(ref taken);
                    source.Cancel();
                },
            },
            report: null,
            source.Token));

        Assert.InRange(taken, 1, Environment.ProcessorCount);
    }

    [Fact]
    public void Without_files_nothing_is_read() =>
        RecordScan.Run(
            [],
            (null, null),
            LineSplitter.DefaultMaxLineLength,
            () => throw new InvalidOperationException(),
            report: null,
            TestContext.Current.CancellationToken);

    private string Write(string name, int first, int end)
    {
        string file = Path.Combine(_directory.Path, $"{name}.jsonl");
        var text = new StringBuilder();
        for (int i = first; i < end; i++)
        {
            text.Append(
                $$"""{"timestamp":"{{Start.AddSeconds(i):yyyy-MM-ddTHH:mm:ss}}Z","event":"metric","metric_name":"m","value":{{i}},""")
                .Append("\"metadata\":{\"k\":\"").Append('x', 100).Append("\"}}\n");
        }

        File.WriteAllText(file, text.ToString());
        return file;
    }

    private sealed class Sink(List<long> handedOn) : ILineSink
    {
        private readonly List<long> _places = [];

        public Action<long> OnTake { get; init; } = _ => { };

        public Action OnSkipped { get; init; } = () => { };

        public bool IsDisposed { get; private set; }

        public void Take(RecordReader line)
        {
            long place = (long)line.Record.Number(RecordSchema.Value);
            OnTake(place);
            _places.Add(place);
        }

        public void TakeSkipped(RecordReader line) => OnSkipped();

        public void HandOn()
        {
            handedOn.AddRange(_places);
            _places.Clear();
        }

        public void Dispose() => IsDisposed = true;
    }
}
