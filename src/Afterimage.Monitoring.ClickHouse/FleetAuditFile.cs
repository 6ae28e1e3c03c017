namespace Afterimage.Monitoring;

/// <summary>A file of which not every line is in a cluster exactly once.</summary>
public sealed record FleetAuditFile
{
    /// <summary>Its path, or where it was before it was compacted.</summary>
    public required string Path { get; init; }

    /// <summary>Its run's name in the cluster.</summary>
    public required string Run { get; init; }

    /// <summary>Its name in the cluster.</summary>
    public required string File { get; init; }

    /// <summary>Lines that are here.</summary>
    public long Lines { get; init; }

    /// <summary>Lines that are here and not there.</summary>
    public long Missing { get; init; }

    /// <summary>Lines that are there more than once.</summary>
    public long Twice { get; init; }

    /// <summary>Lines that are there and differ, or are not here.</summary>
    public long Differing { get; init; }

    /// <summary>The number of the first such line, 1 that of the file's first.</summary>
    public long FirstLine { get; init; }
}
