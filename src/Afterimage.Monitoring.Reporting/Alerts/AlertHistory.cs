using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>The alerts of a log directory.</summary>
public sealed record AlertHistory
{
    /// <summary>What was announced, in the order of time.</summary>
    public required IReadOnlyList<Alert> Alerts { get; init; }

    /// <summary>The same as episodes, in the order of their beginnings. An end whose beginning is not among <see cref="Alerts"/>
    /// makes none.</summary>
    public required IReadOnlyList<AlertEpisode> Episodes { get; init; }

    /// <summary>Earlier alerts that were left out because there were more than were asked for.</summary>
    public required long OmittedAlerts { get; init; }

    /// <summary>Lines of the files that held no valid alert.</summary>
    public required long SkippedLines { get; init; }
}
