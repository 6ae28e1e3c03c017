namespace Afterimage.Monitoring;

/// <summary>A comparison of the lines of log directories with those in a cluster. Returned by <see cref="Fleet.AuditAsync"/>.</summary>
public sealed record FleetAudit
{
    /// <summary>The number of runs that were compared.</summary>
    public int Runs { get; init; }

    /// <summary>The number of files that were compared.</summary>
    public int Files { get; init; }

    /// <summary>The number of lines in the log directories.</summary>
    public long Lines { get; init; }

    /// <summary>The number of those lines that are not valid. They are skipped and counted, both in the log directories and in the
    /// cluster.</summary>
    public long SkippedLines { get; init; }

    /// <summary>The number of those lines that were removed from the cluster for their age (<see cref="Fleet.RemoveBeforeAsync"/>). They
    /// do not count as missing.</summary>
    public long RemovedLines { get; init; }

    /// <summary>The number of further lines of these runs in the cluster, whose files are no longer in the log directories: they were
    /// deleted, or edited or replaced after they had been shipped. They count in the figures of the cluster.</summary>
    public long LinesOfOtherFiles { get; init; }

    /// <summary>The number of lines that are missing from the cluster.</summary>
    public long Missing { get; init; }

    /// <summary>The number of lines that are in the cluster more than once.</summary>
    public long Twice { get; init; }

    /// <summary>The number of lines that differ in the cluster, or that are only there although their file is in the log
    /// directories.</summary>
    public long Differing { get; init; }

    /// <summary>The files with lines that are missing, duplicated or different.</summary>
    public IReadOnlyList<FleetAuditFile> FilesWithFaults { get; init; } = [];

    /// <summary>Whether every line of the log directories is in the cluster exactly once and unchanged.</summary>
    public bool IsClean => Missing == 0 && Twice == 0 && Differing == 0;
}
