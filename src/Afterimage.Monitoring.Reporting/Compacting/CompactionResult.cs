using Afterimage.Monitoring.Reporting.Reports;
using Afterimage.Monitoring.Reporting.Snapshots;

namespace Afterimage.Monitoring;

/// <summary>What <see cref="LogDirectory.CompactAsync"/> did.</summary>
/// <param name="Files">The full paths of the Parquet files that it wrote.</param>
/// <param name="CompactedFiles">How many files went into them, and are gone.</param>
/// <param name="Records">Records that were in these.</param>
/// <param name="SkippedLines">Lines of these that held no valid record. They are kept, and readers go on counting them.</param>
/// <param name="BytesBefore">The size of these, in bytes.</param>
/// <param name="BytesAfter">The size of the Parquet files, in bytes.</param>
/// <param name="OpenFiles">Files of records that a live writer has, which are left as they are.</param>
/// <param name="OtherFiles">Files of records that another program wrote: of another name, or with a line that is too long to be kept. They are
/// left as they are, too.</param>
public sealed record CompactionResult(
    IReadOnlyList<string> Files,
    int CompactedFiles,
    long Records,
    long SkippedLines,
    long BytesBefore,
    long BytesAfter,
    int OpenFiles,
    int OtherFiles);
