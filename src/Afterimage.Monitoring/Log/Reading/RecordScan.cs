using System.Runtime.ExceptionServices;

namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Reads files of lines on all cores.</summary>
/// <remarks>
/// Workers take ranges of the files, in order. Work that must be done in the order of the lines is done in turn; it takes far less time
/// than reading.
/// </remarks>
internal sealed class RecordScan
{
    private const long RangeSize = 4 << 20;

    private readonly Range[] _ranges;
    private readonly long _since;
    private readonly long _until;
    private readonly int _maxLineLength;
    private readonly Action<double>? _report;
    private readonly CancellationToken _cancellationToken;

    // Used under the lock.
    private readonly object _turn = new();
    private int _nextToRead;
    private int _nextToHandOn;
    private Exception? _failure;

    private RecordScan(
        IReadOnlyCollection<string> files,
        (DateTimeOffset? Since, DateTimeOffset? Until) times,
        int maxLineLength,
        Action<double>? report,
        CancellationToken cancellationToken)
    {
        _maxLineLength = maxLineLength;
        _ranges = [.. files.SelectMany(RangesOf)];
        _since = times.Since?.UtcTicks ?? long.MinValue;
        _until = times.Until?.UtcTicks ?? long.MaxValue;
        _report = report;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Reads the records of files within a range of times, and all lines that are not records.</summary>
    /// <param name="files">The files.</param>
    /// <param name="times">The times: the start is inclusive, the end is exclusive.</param>
    /// <param name="maxLineLength">The length, in bytes, beyond which a line is skipped.</param>
    /// <param name="createSink">Creates the sink of a worker.</param>
    /// <param name="report">Receives progress from 0 to 1.</param>
    /// <param name="cancellationToken">A token to cancel the operation.</param>
    /// <exception cref="IOException">A file could not be read.</exception>
    public static void Run(
        IReadOnlyCollection<string> files,
        (DateTimeOffset? Since, DateTimeOffset? Until) times,
        int maxLineLength,
        Func<ILineSink> createSink,
        Action<double>? report,
        CancellationToken cancellationToken) =>
        new RecordScan(files, times, maxLineLength, report, cancellationToken).Run(createSink);

    // An empty file, a pipe or a device has no length, and is not opened.
    private static IEnumerable<Range> RangesOf(string path)
    {
        long length = new FileInfo(path).Length;
        for (long start = 0; start < length; start += RangeSize)
            yield return new Range(path, start, Math.Min(start + RangeSize, length));
    }

    private void Run(Func<ILineSink> createSink)
    {
        ILineSink[] sinks = [.. Enumerable.Range(0, Math.Min(Environment.ProcessorCount, _ranges.Length)).Select(_ => createSink())];
        Thread[] others =
        [
            .. sinks.Skip(1).Select(sink => new Thread(() => Work(sink)) { IsBackground = true, Name = "Afterimage reader" }),
        ];
        int started = Start(others);
        if (sinks is [ILineSink first, ..])
            Work(first);
        foreach (Thread other in others.AsSpan(0, started))
            other.Join();
        foreach (ILineSink sink in sinks)
            sink.Dispose();

        _cancellationToken.ThrowIfCancellationRequested();
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    // A process may have neither memory nor descriptors for further threads. Those that there are read everything.
    private static int Start(Thread[] threads)
    {
        int started = 0;
        try
        {
            for (; started < threads.Length; started++)
                threads[started].Start();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
        }

        return started;
    }

    private void Work(ILineSink sink)
    {
        try
        {
            while (TryTakeRange(out int number))
            {
                Read(_ranges[number], sink);
                HandOnInTurn(sink, number);
            }
        }
        catch (Exception e)
        {
            lock (_turn)
            {
                _failure ??= e;
                Monitor.PulseAll(_turn);
            }
        }
    }

    private void Read(Range range, ILineSink sink)
    {
        using var reader = new RecordReader(range.Path, range.Start, range.End, _maxLineLength);
        while (reader.ReadLine())
        {
            if (!reader.IsRecord)
                sink.TakeSkipped(reader);
            else if (reader.Record.Timestamp >= _since && reader.Record.Timestamp < _until)
                sink.Take(reader);
        }
    }

    private bool TryTakeRange(out int number)
    {
        lock (_turn)
        {
            number = _nextToRead++;
            return number < _ranges.Length && _failure is null && !_cancellationToken.IsCancellationRequested;
        }
    }

    private void HandOnInTurn(ILineSink sink, int number)
    {
        lock (_turn)
        {
            while (_nextToHandOn != number && _failure is null)
                Monitor.Wait(_turn);

            if (_failure is null)
                sink.HandOn();
            _nextToHandOn++;
            Monitor.PulseAll(_turn);
        }

        _report?.Invoke((number + 1.0) / _ranges.Length);
    }

    private readonly record struct Range(string Path, long Start, long End);
}
