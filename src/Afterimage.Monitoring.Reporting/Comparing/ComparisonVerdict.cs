namespace Afterimage.Monitoring;

/// <summary>What became of a comparison.</summary>
public enum ComparisonVerdict
{
    /// <summary>Chance alone would hardly make such a difference: the adjusted p-value is below
    /// <see cref="RunComparison.FamilywiseErrorRate"/>.</summary>
    BeyondChance,

    /// <summary>Chance may have made the difference. That is no proof of equality: look at the interval.</summary>
    WithinChance,

    /// <summary>Not tested: one of the runs has no finite point of the metric.</summary>
    Missing,

    /// <summary>Not tested: a run has too few points for an interval (2 for a mean; 6, 72 and 368 for the quantiles 0.5, 0.95 and
    /// 0.99).</summary>
    TooFewPoints,

    /// <summary>Not tested: the values do not vary, so that nothing says how much they could by chance.</summary>
    NoSpread,

    /// <summary>Not tested: the values are so large that their mean or spread is beyond a double.</summary>
    NotFinite,
}
