namespace Afterimage.Monitoring;

/// <summary>How it was judged whether a difference is beyond chance.</summary>
public enum ComparisonTest
{
    /// <summary>It was not: see <see cref="FigureComparison.Verdict"/>.</summary>
    None,

    /// <summary>Welch's t test of two means, which does not ask for equal spreads (Welch, Biometrika 34 (1947), 28–35).</summary>
    Welch,

    /// <summary>
    /// Fisher's exact test, two-sided: of two rates or shares; of a quantile, by how many points of either run lie above the quantile of
    /// both runs together (the median test of Mood, generalised to any quantile; Conover, Practical Nonparametric Statistics, 3rd ed.,
    /// 4.3).
    /// </summary>
    FisherExact,
}
