using Afterimage.Monitoring.Reporting.Reports;

namespace Afterimage.Monitoring;

/// <summary>What an import brought.</summary>
public sealed record ImportResult
{
    /// <summary>The new log directory.</summary>
    public required LogDirectory LogDirectory { get; init; }

    /// <summary>The zone that times without an offset were read in.</summary>
    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>Metric points in it.</summary>
    public required long Points { get; init; }

    /// <summary>Lines that held no metric point.</summary>
    public required long SkippedLines { get; init; }

    /// <summary>Which was the first of them, and why, as a sentence; <see langword="null"/> where none was skipped.</summary>
    public string? FirstSkipped { get; init; }

    /// <summary>Points with a local time that was there twice, because the clock was put back: a choice was made for them.</summary>
    public required long AmbiguousTimes { get; init; }

    /// <summary>Points with a local time that was never there, because the clock was put forward: the zone is likely not that of the
    /// machine that wrote them.</summary>
    public required long InvalidTimes { get; init; }
}
