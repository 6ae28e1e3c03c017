namespace Afterimage.Monitoring.Reporting.Figures;

/// <summary>How far the finite points of a metric reach.</summary>
/// <param name="Count">Their number; 0 leaves the rest without meaning.</param>
/// <param name="FirstTicks">The earliest, in ticks of UTC.</param>
/// <param name="LastTicks">The latest.</param>
/// <param name="Min">The least value.</param>
/// <param name="Max">The greatest value.</param>
/// <param name="Mean">Their mean.</param>
internal readonly record struct SeriesExtent(long Count, long FirstTicks, long LastTicks, double Min, double Max, double Mean);
