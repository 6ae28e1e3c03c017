using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Reporting.Snapshots;

/// <summary>Is told each record that is read, and each line that is none, in no order. For one thread.</summary>
internal interface IRecordTaker
{
    void Take(RecordLine record);

    void Take(RecordRows record);

    void TakeSkipped();
}
