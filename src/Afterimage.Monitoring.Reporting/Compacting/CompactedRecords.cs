using Afterimage.Monitoring.Log.Reading;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>The records of compacted files.</summary>
internal static class CompactedRecords
{
    /// <summary>Reads a file: a <see cref="CompactedFileReader"/>.</summary>
    public static void Read(string path, DateTimeOffset? since, IRecordTaker taker)
    {
        using var snapshot = new LogSnapshot(RecordColumn.All, CancellationToken.None);
        snapshot.PassInOrder(path, since, taker);
    }
}
