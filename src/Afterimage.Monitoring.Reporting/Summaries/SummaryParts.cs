using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>The summary of records that several threads read, each with a part of its own.</summary>
/// <param name="maxLineLength">The length, in bytes, beyond which a line is skipped.</param>
/// <param name="limits">Shared by the summaries that are shown together.</param>
internal sealed class SummaryParts(int maxLineLength, NameLimits limits) : IDisposable
{
    private readonly ValueMemory _memory = new();
    private readonly List<SummaryAccumulator> _parts = [];

    /// <summary>Adds a part, for one thread.</summary>
    public IRecordTaker Add() => AddPart();

    /// <summary>Adds the records of files within a range of times: the start is inclusive, the end is exclusive.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public void AddFiles(
        IReadOnlyCollection<string> files,
        (DateTimeOffset? Since, DateTimeOffset? Until) times,
        CancellationToken cancellationToken)
    {
        string[] compacted = [.. files.Where(RecordFiles.IsCompacted)];
        if (compacted.Length > 0)
        {
            using var snapshot = new LogSnapshot(RecordColumn.OfSummary, cancellationToken);
            snapshot.PassCompacted(compacted, times, Add);
        }

        RecordScan.Run([.. files.Except(compacted)], times, maxLineLength, () => new Sink(Add()), report: null, cancellationToken);
    }

    /// <summary>Summarises all parts, which must not be used afterwards.</summary>
    public RunSummary Summarize(string logDirectory, IReadOnlyList<string> files)
    {
        SummaryAccumulator all = AddPart();
        foreach (SummaryAccumulator part in _parts.Where(part => part != all))
            all.Take(part);
        return all.Summarize(logDirectory, files);
    }

    public void Dispose()
    {
        foreach (SummaryAccumulator part in _parts)
            part.Dispose();
    }

    private SummaryAccumulator AddPart()
    {
        var part = new SummaryAccumulator(_memory, limits);
        lock (_parts)
            _parts.Add(part);
        return part;
    }

    private sealed class Sink(IRecordTaker taker) : ILineSink
    {
        public void Take(RecordReader reader) => taker.Take(reader.Record);

        public void TakeSkipped(RecordReader reader) => taker.TakeSkipped();
    }
}
