using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>Receives each record that is read, and each line that is not a record, in any order. Not thread-safe.</summary>
internal interface IRecordTaker
{
    void Take(RecordLine record);

    void Take(RecordRows record);

    void TakeSkipped();
}
