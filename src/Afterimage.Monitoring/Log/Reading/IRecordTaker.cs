namespace Afterimage.Monitoring.Log.Reading;

/// <summary>Receives each record that is read, and is told of each line that is not a record. Not thread-safe.</summary>
internal interface IRecordTaker
{
    void Take(IRecord record);

    void TakeSkipped();
}
