using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>What an export wrote.</summary>
public sealed record ExportSummary
{
    /// <summary>The files, by full path.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Rows in all of them, headers not counted.</summary>
    public required long Rows { get; init; }

    /// <summary>Lines of the log directory that held no valid record, which no file has.</summary>
    public required long SkippedLines { get; init; }
}
