namespace Afterimage.Monitoring.Recording;

/// <summary>Takes each record once into memory, so that reading sees what was recorded. Called under the recorder's lock; must not fail.</summary>
internal interface IRecordReducer
{
    void Apply(ReadOnlySpan<Record> records);
}
