namespace Afterimage.Monitoring;

/// <summary>The status of shipping.</summary>
public sealed record ShippingStatus
{
    /// <summary>The number of runs that have been found.</summary>
    public int Runs { get; init; }

    /// <summary>The number of runs that another shipper is working on.</summary>
    public int RunsOfOthers { get; init; }

    /// <summary>The number of lines that this shipper has brought into the cluster.</summary>
    public long ShippedLines { get; init; }

    /// <summary>The number of lines that this shipper found in the cluster when it continued after a crash or an error.</summary>
    public long FoundLines { get; init; }

    /// <summary>The number of lines that are being sent.</summary>
    public long PendingLines { get; init; }

    /// <summary>The number of bytes in files that are not being sent yet.</summary>
    public long UnreadBytes { get; init; }

    /// <summary>The approximate number of lines that are not in the cluster: those being sent, plus the unread bytes divided by the length
    /// of lines so far.</summary>
    public long LagLines { get; init; }

    /// <summary>The time since the oldest line that is not in the cluster was found; <see langword="null"/> if all lines are in the
    /// cluster.</summary>
    public TimeSpan? Lag { get; init; }

    /// <summary>The number of failed attempts of any kind.</summary>
    public long Failures { get; init; }

    /// <summary>The message of the last failure; <see langword="null"/> after a success.</summary>
    public string? LastFailure { get; init; }

    /// <summary>Whether everything that was found is in the cluster.</summary>
    public bool IsComplete { get; init; }
}
