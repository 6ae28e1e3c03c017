namespace Afterimage.Monitoring.Metrics;

/// <summary>What a window's quantiles are computed from: merged at the first question, so that who asks for none pays for none.</summary>
/// <remarks>A window of few points is held as points, so that its quantiles are exact: the sketch says about where a quantile lies, and
/// only the points around there are sorted.</remarks>
internal sealed class QuantileSource
{
    /// <summary>Points up to which quantiles are exact.</summary>
    public const int MaxExactPoints = 10_000;

    private readonly List<Block> _blocks;
    private readonly List<ReadOnlyMemory<double>> _edges;
    private readonly List<ReadOnlyMemory<double>>? _points;
    private QuantileSketch? _merged;

    public QuantileSource(in Summary summary, List<Block> blocks, List<ReadOnlyMemory<double>> edges)
    {
        _blocks = blocks;
        _edges = edges;
        if (summary.Count > MaxExactPoints)
            return;

        // Held from now on: memory may give the blocks' points up.
        List<ReadOnlyMemory<double>> points = [.. edges];
        if (blocks.TrueForAll(block => block.TryAddPoints(points)))
            _points = points;
    }

    /// <summary>The value at <paramref name="rank"/> (from zero) of the sorted points.</summary>
    public double ValueAt(long rank)
    {
        double near = Merged().ValueAt(rank);
        if (_points is null)
            return near;

        double margin = (Math.Abs(near) * QuantileSketch.RelativeError * 1.001) + double.Epsilon;
        return ValueWithin(near - margin, near + margin, rank)
            ?? ValueWithin(double.NegativeInfinity, double.PositiveInfinity, rank)!.Value;
    }

    /// <summary>The value at a rank, or null where it is not between the two limits.</summary>
    private double? ValueWithin(double low, double high, long rank)
    {
        long below = 0;
        List<double> between = [];
        foreach (ReadOnlyMemory<double> part in _points!)
        {
            foreach (double value in part.Span)
            {
                if (value < low)
                    below++;
                else if (value <= high)
                    between.Add(value);
            }
        }

        if (rank < below || rank - below >= between.Count)
            return null;
        between.Sort();
        return between[(int)(rank - below)];
    }

    private QuantileSketch Merged()
    {
        QuantileSketch? merged = Volatile.Read(ref _merged);
        if (merged is null)
        {
            merged = new QuantileSketch();
            foreach (Block block in _blocks)
                merged.Merge(block.Sketch);
            foreach (ReadOnlyMemory<double> edge in _edges)
                merged.Add(edge.Span);

            // Two threads may both merge: they get the same.
            Volatile.Write(ref _merged, merged);
        }

        return merged;
    }
}
