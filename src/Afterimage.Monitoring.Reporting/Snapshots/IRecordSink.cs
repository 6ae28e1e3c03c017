using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>What takes the records of a scan. Each worker has its own.</summary>
internal interface IRecordSink : IDisposable
{
    /// <summary>Reads what a reader has.</summary>
    void Read(RecordReader reader);

    /// <summary>Hands on what it read; called in the order of the lines, for one sink at a time.</summary>
    void HandOn();
}
