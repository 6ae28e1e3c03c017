namespace Afterimage.Monitoring.Metrics;

/// <summary>A stretch of the clock's line: from <paramref name="From"/>, inclusive, to <paramref name="To"/>, exclusive.</summary>
/// <remarks><see cref="long.MaxValue"/> as the end takes in points that are stamped ahead of the clock.</remarks>
internal readonly record struct TimeRange(long From, long To)
{
    public static readonly TimeRange All = new(long.MinValue, long.MaxValue);

    public bool IsAll => this == All;

    public static TimeRange Since(long from) => new(from, long.MaxValue);

    public bool Contains(long timestamp) => timestamp >= From && (timestamp < To || To == long.MaxValue);

    /// <summary>Whether no point of the block is in the range. A block of which only the summary is left counts where its last point lies:
    /// in one of two adjoining ranges, never in both.</summary>
    public bool Excludes(Block block) =>
        block.IsCollapsed
            ? !Contains(block.LastTimestamp)
            : block.LastTimestamp < From || !(block.FirstTimestamp < To || To == long.MaxValue);

    /// <summary>Whether the block's summary stands for what the range takes of it.</summary>
    public bool Takes(Block block) => block.IsCollapsed || (Contains(block.FirstTimestamp) && Contains(block.LastTimestamp));
}
