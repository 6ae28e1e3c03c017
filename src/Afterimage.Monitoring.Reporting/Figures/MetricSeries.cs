namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>A point of a series, or all points of a part of its time.</summary>
/// <param name="UtcTicks">The point's time, or the middle of the part.</param>
/// <param name="Count">The number of points.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Low">Below it lies a twentieth of them.</param>
/// <param name="High">Above it lies a twentieth of them.</param>
internal readonly record struct SeriesMark(long UtcTicks, long Count, double Mean, double Low, double High);

/// <summary>What is drawn of the finite points of one metric: at most so many marks, however many points there are.</summary>
/// <param name="Extent">How far the points reach.</param>
/// <param name="Marks">The points, or where they are many, the parts of their time that have any; by time.</param>
internal sealed record MetricSeries(SeriesExtent Extent, SeriesMark[] Marks)
{
    /// <summary>More points than this are drawn in parts.</summary>
    public const int MaxPoints = 2000;

    // So many that the shape shows, and so few that a part has the points for its quantiles.
    private const int MaxParts = 400;
    private const int PointsPerPart = 50;

    // A pause is a stretch without points that is long for this run, and takes so much of the figure that a line across it would tell a
    // tale.
    private const int PauseInSpacings = 10;
    private const int PauseInFigure = 25;

    /// <summary>Whether a mark stands for more than a point.</summary>
    public bool IsInParts => Extent.Count > MaxPoints;

    /// <summary>The parts in which so many points are drawn.</summary>
    public static TimeGrid GridOf(SeriesExtent extent) => TimeGrid.Over(extent, (int)Math.Clamp(extent.Count / PointsPerPart, 1, MaxParts));

    /// <summary>The mean at each mark: over the mark and as many before it as hold <paramref name="rollingWindow"/> points.</summary>
    public double[] RollingMeans(int rollingWindow)
    {
        var means = new double[Marks.Length];
        for (int i = 0; i < means.Length; i++)
        {
            long count = 0;
            double mean = 0;
            for (int j = i; j >= 0 && count < rollingWindow; j--)
            {
                count += Marks[j].Count;

                // By shares: a sum could be past the range of double.
                double share = (double)Marks[j].Count / count;
                mean = (mean * (1 - share)) + (Marks[j].Mean * share);
            }

            means[i] = mean;
        }

        return means;
    }

    /// <summary>The stretches of marks without a pause between them.</summary>
    public IEnumerable<Range> Stretches()
    {
        long[] spacings = [.. Marks.Zip(Marks.Skip(1), (a, b) => b.UtcTicks - a.UtcTicks).Order()];
        long pause =
            spacings.Length == 0
                ? 0
                : Math.Max(spacings[spacings.Length / 2] * PauseInSpacings, (Extent.LastTicks - Extent.FirstTicks) / PauseInFigure);
        int start = 0;
        for (int i = 1; i <= Marks.Length; i++)
        {
            if (i == Marks.Length || Marks[i].UtcTicks - Marks[i - 1].UtcTicks > pause)
            {
                yield return start..i;
                start = i;
            }
        }
    }

    /// <summary>The same with every value times <paramref name="factor"/>.</summary>
    public MetricSeries Times(double factor)
    {
        return new(
            Extent with { Min = Scaled(Extent.Min), Max = Scaled(Extent.Max), Mean = Scaled(Extent.Mean) },
            [.. Marks.Select(mark => mark with { Mean = Scaled(mark.Mean), Low = Scaled(mark.Low), High = Scaled(mark.High) })]);

        double Scaled(double value) => Math.Clamp(value * factor, double.MinValue, double.MaxValue);
    }
}
