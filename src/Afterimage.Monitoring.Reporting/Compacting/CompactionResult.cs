namespace Afterimage.Monitoring;

/// <summary>What <see cref="LogDirectory.CompactAsync"/> did.</summary>
public sealed record CompactionResult
{
    /// <summary>The full paths of the Parquet files that it wrote.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>How many files went into them, and are gone.</summary>
    public required int CompactedFiles { get; init; }

    /// <summary>Records that were in these.</summary>
    public required long Records { get; init; }

    /// <summary>Lines of these that held no valid record. They are kept, and readers go on counting them.</summary>
    public required long SkippedLines { get; init; }

    /// <summary>The size of these, in bytes.</summary>
    public required long BytesBefore { get; init; }

    /// <summary>The size of the Parquet files, in bytes.</summary>
    public required long BytesAfter { get; init; }

    /// <summary>Files of records that a live writer has, which are left as they are.</summary>
    public required int OpenFiles { get; init; }

    /// <summary>Files of records that a shipper has taken on and not wholly shipped yet, which are left as they are.</summary>
    public int UnshippedFiles { get; init; }

    /// <summary>Files of records that another program wrote: of another name, with a line that is too long to be kept, or written to while
    /// they were being read. They are left as they are, too.</summary>
    public required int OtherFiles { get; init; }
}
