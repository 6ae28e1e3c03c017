namespace Afterimage.Monitoring.Recording;

/// <summary>Takes each record into memory once, so that reading sees what was recorded, and before any sink receives it. Called under the
/// recorder's lock. Must not fail.</summary>
internal interface IRecordReducer
{
    /// <param name="records">The records. Derived values may be stored in them; sinks will see them.</param>
    void Apply(Span<Record> records);
}
