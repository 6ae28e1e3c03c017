namespace Afterimage.Monitoring;

/// <summary>The side of the threshold on which a figure is bad. A figure equal to the threshold is not bad.</summary>
public enum AlertComparison
{
    /// <summary>Figures above the threshold are bad.</summary>
    Above,

    /// <summary>Figures below the threshold are bad.</summary>
    Below,
}
