namespace Afterimage.Monitoring;

/// <summary>The result of an import.</summary>
public sealed record ImportResult
{
    /// <summary>The new log directory.</summary>
    public required LogDirectory LogDirectory { get; init; }

    /// <summary>The time zone that was used for times without an offset.</summary>
    public required TimeZoneInfo TimeZone { get; init; }

    /// <summary>The number of metric points in the directory.</summary>
    public required long Points { get; init; }

    /// <summary>The number of lines that held no metric point.</summary>
    public required long SkippedLines { get; init; }

    /// <summary>A sentence that says which line was skipped first, and why; <see langword="null"/> if none was skipped.</summary>
    public string? FirstSkipped { get; init; }

    /// <summary>The number of points with an ambiguous local time, which occurred twice because the clock was set back. One of the two was
    /// chosen.</summary>
    public required long AmbiguousTimes { get; init; }

    /// <summary>The number of points with an invalid local time, which never occurred because the clock was set forward. The zone is
    /// probably not that of the machine that wrote them.</summary>
    public required long InvalidTimes { get; init; }
}
