namespace Afterimage.Monitoring;

/// <summary>What the values of a metric are, which says how it is compared.</summary>
public enum MetricKind
{
    /// <summary>Any numbers: their mean and quantiles are compared.</summary>
    Number,

    /// <summary>Values that are all 0 or 1, such as <c>success_rate</c>: the share of ones is compared.</summary>
    Rate,

    /// <summary><c>model_usage:…</c> and <c>finish_reason:…</c>, whose points are all 1: their share of the generations is
    /// compared.</summary>
    Share,
}
