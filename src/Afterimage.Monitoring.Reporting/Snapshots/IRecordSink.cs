using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>What takes the lines of a scan. Each worker has its own.</summary>
internal interface IRecordSink : IDisposable
{
    /// <summary>Takes the line that the reader is at, which is a record within the times.</summary>
    void Take(RecordReader reader);

    /// <summary>Takes the line that the reader is at, which is no record.</summary>
    void TakeSkipped(RecordReader reader);

    /// <summary>Hands on what it took; called in the order of the lines, for one sink at a time.</summary>
    void HandOn()
    {
    }

    void IDisposable.Dispose()
    {
    }
}
