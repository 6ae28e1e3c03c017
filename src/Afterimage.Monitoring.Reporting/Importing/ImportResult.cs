using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>What an import brought.</summary>
/// <param name="LogDirectory">The new log directory.</param>
/// <param name="TimeZone">The zone that times without an offset were read in.</param>
/// <param name="Points">Metric points in it.</param>
/// <param name="SkippedLines">Lines that held no metric point.</param>
/// <param name="FirstSkipped">Which was the first of them, and why, as a sentence; <see langword="null"/> where none was skipped.</param>
/// <param name="AmbiguousTimes">Points with a local time that was there twice, because the clock was put back: a choice was made for
/// them.</param>
/// <param name="InvalidTimes">Points with a local time that was never there, because the clock was put forward: the zone is likely not that
/// of the machine that wrote them.</param>
public sealed record ImportResult(
    LogDirectory LogDirectory,
    TimeZoneInfo TimeZone,
    long Points,
    long SkippedLines,
    string? FirstSkipped,
    long AmbiguousTimes,
    long InvalidTimes);
