namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>A stretch of time in parts of equal length. Its edges are whole microseconds, so that points from memory and from a log fall
/// into the same parts.</summary>
/// <param name="FirstTicks">Where it begins, in ticks of UTC.</param>
/// <param name="Width">The length of a part, in ticks.</param>
/// <param name="Count">The number of parts.</param>
internal readonly record struct TimeGrid(long FirstTicks, long Width, int Count)
{
    /// <summary>About <paramref name="parts"/> parts over the time of <paramref name="extent"/>, each a multiple of <paramref name="unit"/>
    /// ticks long.</summary>
    public static TimeGrid Over(SeriesExtent extent, int parts, long unit = TimeSpan.TicksPerMicrosecond)
    {
        long first = extent.FirstTicks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond;
        long length = extent.LastTicks - first + 1;
        long width = Math.Max(1, (length + (parts * unit) - 1) / (parts * unit)) * unit;
        return new TimeGrid(first, width, (int)((length + width - 1) / width));
    }

    public int PartOf(long ticks) => (int)((ticks - FirstTicks) / Width);

    public long Middle(int part) => FirstTicks + (part * Width) + (Width / 2);
}
