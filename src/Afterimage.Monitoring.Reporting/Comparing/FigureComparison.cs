namespace Afterimage.Monitoring;

/// <summary>The difference of one figure between two runs.</summary>
public sealed record FigureComparison
{
    /// <summary>The figure.</summary>
    public required ComparedFigure Figure { get; init; }

    /// <summary>B minus A, in the metric's unit, with its 95 % confidence interval; <see langword="null"/> where a run has none. Of
    /// means the interval is Welch's; of rates, shares and quantiles it is put together from those of the two runs (Newcombe, Statistics
    /// in Medicine 17 (1998), 873–890, method 10; Zou and Donner, Statistics in Medicine 27 (2008), 1693–1702). It is not adjusted for
    /// the number of comparisons.</summary>
    public Estimate? Change { get; init; }

    /// <summary>The test.</summary>
    public required ComparisonTest Test { get; init; }

    /// <summary>How likely chance alone makes a difference at least as large, were the runs alike; <see langword="null"/> where it was
    /// not tested.</summary>
    public double? PValue { get; init; }

    /// <summary><see cref="PValue"/>, adjusted for the number of all tests by Holm's method (Scandinavian Journal of Statistics 6
    /// (1979), 65–70).</summary>
    public double? AdjustedPValue { get; init; }

    /// <summary>Whether the difference is beyond chance, or why that was not tested.</summary>
    public required ComparisonVerdict Verdict { get; init; }
}
