namespace Afterimage.Monitoring;

/// <summary>The kind of a record.</summary>
public enum MetricRecordKind
{
    /// <summary>A finished generation.</summary>
    Generation,

    /// <summary>A finished evaluation.</summary>
    Evaluation,

    /// <summary>A single metric point.</summary>
    Metric,
}
