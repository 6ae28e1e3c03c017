namespace Afterimage.Monitoring;

/// <summary>A file whose lines are not all in the cluster exactly once.</summary>
public sealed record FleetAuditFile
{
    /// <summary>The path of the file, or its path before it was compacted.</summary>
    public required string Path { get; init; }

    /// <summary>The name of the run in the cluster.</summary>
    public required string Run { get; init; }

    /// <summary>The name of the file in the cluster.</summary>
    public required string File { get; init; }

    /// <summary>The number of lines in the log directory.</summary>
    public long Lines { get; init; }

    /// <summary>The number of lines that are missing from the cluster.</summary>
    public long Missing { get; init; }

    /// <summary>The number of lines that are in the cluster more than once.</summary>
    public long Twice { get; init; }

    /// <summary>The number of lines that differ in the cluster, or that are only there.</summary>
    public long Differing { get; init; }

    /// <summary>The number of the first such line. The first line of a file has the number 1.</summary>
    public long FirstLine { get; init; }
}
