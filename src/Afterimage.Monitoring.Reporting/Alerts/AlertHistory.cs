using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>The alerts of a log directory.</summary>
/// <param name="Alerts">What was announced, in the order of time.</param>
/// <param name="Episodes">The same as episodes, in the order of their beginnings. An end whose beginning is not among
/// <paramref name="Alerts"/> makes none.</param>
/// <param name="OmittedAlerts">Earlier alerts that were left out because there were more than were asked for.</param>
/// <param name="SkippedLines">Lines of the files that held no valid alert.</param>
public sealed record AlertHistory(IReadOnlyList<Alert> Alerts, IReadOnlyList<AlertEpisode> Episodes, long OmittedAlerts, long SkippedLines);
