namespace Afterimage.Monitoring.Schema;

/// <summary>Kinds of records.</summary>
[Flags]
internal enum RecordEvents
{
    None = 0,
    Generation = 1,
    Evaluation = 2,
    Metric = 4,

    /// <summary>The events that are calls to a model.</summary>
    Calls = Generation | Evaluation,
    All = Calls | Metric,
}
