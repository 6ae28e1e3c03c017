namespace Afterimage.Monitoring.Reporting.Compacting;

/// <summary>What a compaction has just done with a group of files, in this order.</summary>
internal enum CompactionStep
{
    /// <summary>All that is left of earlier, killed compactions is removed.</summary>
    Cleaned,

    /// <summary>No writer can have the files any more.</summary>
    Claimed,

    /// <summary>Their lines are read and compared.</summary>
    Read,

    /// <summary>The new file is written, under a name that no reader looks at.</summary>
    Written,

    /// <summary>The new file is on the disk, and read back.</summary>
    Synced,

    /// <summary>The new file has its name, which makes its sources void.</summary>
    Named,

    /// <summary>One of the sources is removed.</summary>
    Removed,
}
