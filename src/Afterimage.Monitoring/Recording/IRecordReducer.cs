using Afterimage.Monitoring.Budgets;
using Afterimage.Monitoring.Log.Reading;

namespace Afterimage.Monitoring.Recording;

/// <summary>Takes each record once into memory, so that reading sees what was recorded, and before a sink does. Called under the recorder's
/// lock; must not fail.</summary>
internal interface IRecordReducer
{
    /// <param name="records">The records. What is worked out from them may be put into them: sinks see it.</param>
    void Apply(Span<Record> records);
}
