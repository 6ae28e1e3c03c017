using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>What an export wrote.</summary>
/// <param name="Files">The files, by full path.</param>
/// <param name="Rows">Rows in all of them, headers not counted.</param>
/// <param name="SkippedLines">Lines of the log directory that held no valid record, which no file has.</param>
public sealed record ExportResult(IReadOnlyList<string> Files, long Rows, long SkippedLines);
