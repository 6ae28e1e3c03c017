namespace Afterimage.Monitoring.Metrics;

/// <summary>A finished stretch of one metric: its summary, and what lies below it for as long as memory allows.</summary>
/// <remarks>A block is either a leaf over one chunk or a group over <see cref="Series.Fanout"/> blocks. Everything that a query needs to
/// keep is immutable.</remarks>
internal sealed class Block
{
    /// <param name="chunk">The points.</param>
    /// <param name="byModel">Their sums by model, where the series is kept by model.</param>
    public Block(Chunk chunk, ModelSums? byModel)
    {
        Chunk = chunk;
        FirstTimestamp = chunk.FirstTimestamp;
        LastTimestamp = chunk.LastTimestamp;
        ReadOnlySpan<double> values = chunk.Values.AsSpan(0, chunk.Count);
        Summary = Summary.Of(values);
        if (Summary.Min == Summary.Max)
            Sketch.Add(Summary.Min, Summary.Count);
        else
            Sketch.Add(values);
        ByModel = byModel;
    }

    public Block(Block[] children, bool byModel)
    {
        Children = children;
        FirstTimestamp = long.MaxValue;
        LastTimestamp = long.MinValue;
        ByModel = byModel ? new ModelSums() : null;
        var summary = default(Summary);
        foreach (Block child in children)
        {
            child.Parent = this;
            if (child.IsCollapsed)
                CollapsedChildren++;
            FirstTimestamp = Math.Min(FirstTimestamp, child.FirstTimestamp);
            LastTimestamp = Math.Max(LastTimestamp, child.LastTimestamp);
            summary.Merge(child.Summary);
            Sketch.Merge(child.Sketch);
            if (byModel)
                ByModel!.Add(child.ByModel!);
        }

        Summary = summary;
    }

    public Summary Summary { get; }

    public QuantileSketch Sketch { get; } = new();

    /// <summary>Only where the series is kept by model.</summary>
    public ModelSums? ByModel { get; }

    public long FirstTimestamp { get; }

    public long LastTimestamp { get; }

    public Chunk? Chunk { get; private set; }

    public Block[]? Children { get; private set; }

    public Block? Parent { get; private set; }

    /// <summary>Children of which only the summary is left.</summary>
    public int CollapsedChildren { get; set; }

    /// <summary>Whether only the summary is left.</summary>
    public bool IsCollapsed => Chunk is null && Children is null;

    /// <summary>Adds the block's points, if all of them are still in memory.</summary>
    public bool TryAddPoints(List<ReadOnlyMemory<double>> points)
    {
        if (Chunk is { } chunk)
        {
            points.Add(chunk.Values.AsMemory(0, chunk.Count));
            return true;
        }

        return Children is { } children && Array.TrueForAll(children, child => child.TryAddPoints(points));
    }

    /// <summary>Gives up what lies below the summary.</summary>
    public void Collapse()
    {
        Chunk = null;
        Children = null;
    }
}
