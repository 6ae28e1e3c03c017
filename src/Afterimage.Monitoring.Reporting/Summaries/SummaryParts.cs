using Afterimage.Monitoring.Log;
using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Summaries;

/// <summary>The summary of records that several threads take, each with a part of its own.</summary>
internal sealed class SummaryParts : IDisposable
{
    private readonly ValueMemory _memory = new();
    private readonly List<SummaryAccumulator> _parts = [];

    /// <summary>Adds a part, for one thread.</summary>
    public SummaryAccumulator Add()
    {
        var part = new SummaryAccumulator(_memory);
        lock (_parts)
            _parts.Add(part);
        return part;
    }

    /// <summary>Takes the records of files of lines.</summary>
    /// <exception cref="IOException">A file could not be read.</exception>
    public void AddLines(IReadOnlyCollection<string> files, Action<double>? report, CancellationToken cancellationToken) =>
        RecordScan.Run(files, () => new Sink(Add()), report, cancellationToken);

    /// <summary>Takes rows that a query of a snapshot has, on all cores.</summary>
    public void AddRows(LogSnapshot snapshot, string sql, CancellationToken cancellationToken) =>
        RecordRows.Read(
            snapshot.Connection,
            sql,
            () =>
            {
                SummaryAccumulator part = Add();
                return row =>
                {
                    if (row.IsRecord)
                        part.Add(row);
                    else
                        part.AddSkipped();
                };
            },
            cancellationToken);

    /// <summary>The summary of all parts, which must not be used any more.</summary>
    public RunSummary Summarize(string logDirectory, IReadOnlyList<string> files)
    {
        SummaryAccumulator all = Add();
        foreach (SummaryAccumulator part in _parts.Where(part => part != all))
            all.Take(part);
        return all.Summarize(logDirectory, files);
    }

    public void Dispose()
    {
        foreach (SummaryAccumulator part in _parts)
            part.Dispose();
    }

    private sealed class Sink(SummaryAccumulator part) : IRecordSink
    {
        public void Read(RecordReader reader)
        {
            while (reader.ReadLine())
            {
                if (reader.IsRecord)
                    part.Add(reader.Record);
                else
                    part.AddSkipped();
            }
        }

        public void HandOn()
        {
        }

        public void Dispose()
        {
        }
    }
}
