namespace Afterimage.Monitoring;

/// <summary>What of a metric is compared.</summary>
public enum ComparedFigure
{
    /// <summary>The arithmetic mean; of a rate or share, the rate itself.</summary>
    Mean,

    /// <summary>The median.</summary>
    P50,

    /// <summary>The 95th percentile.</summary>
    P95,

    /// <summary>The 99th percentile.</summary>
    P99,
}
