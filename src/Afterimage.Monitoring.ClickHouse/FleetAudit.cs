namespace Afterimage.Monitoring;

/// <summary>Lines of log directories against those of a cluster. Made by <see cref="Fleet.AuditAsync"/>.</summary>
public sealed record FleetAudit
{
    /// <summary>Runs that were looked at.</summary>
    public int Runs { get; init; }

    /// <summary>Files that were looked at.</summary>
    public int Files { get; init; }

    /// <summary>Lines that are here.</summary>
    public long Lines { get; init; }

    /// <summary>Lines of these that hold nothing valid, and are skipped and counted here as there.</summary>
    public long SkippedLines { get; init; }

    /// <summary>Lines that are here and not there.</summary>
    public long Missing { get; init; }

    /// <summary>Lines that are there more than once.</summary>
    public long Twice { get; init; }

    /// <summary>Lines that are there and differ, or are not here though their file is.</summary>
    public long Differing { get; init; }

    /// <summary>The files of which something is missing, twice or differing.</summary>
    public IReadOnlyList<FleetAuditFile> FilesWithFaults { get; init; } = [];

    /// <summary>Whether every line that is here is there exactly once, as it is here.</summary>
    public bool IsClean => Missing == 0 && Twice == 0 && Differing == 0;
}
