namespace Afterimage.Monitoring;

/// <summary>How far shipping is.</summary>
public sealed record ShippingStatus
{
    /// <summary>Runs that have been seen.</summary>
    public int Runs { get; init; }

    /// <summary>Runs that another shipper has in hand.</summary>
    public int RunsOfOthers { get; init; }

    /// <summary>Lines that this shipper has brought into the cluster.</summary>
    public long ShippedLines { get; init; }

    /// <summary>Lines that this shipper found there already when it went on after a crash or an error.</summary>
    public long FoundLines { get; init; }

    /// <summary>Lines that are on their way.</summary>
    public long PendingLines { get; init; }

    /// <summary>Bytes of files that are not on their way yet.</summary>
    public long UnreadBytes { get; init; }

    /// <summary>About how many lines are not in the cluster: those on their way, and unread bytes by the length of lines so far.</summary>
    public long LagLines { get; init; }

    /// <summary>How long the oldest line that is not in the cluster has been seen; <see langword="null"/> where all are in.</summary>
    public TimeSpan? Lag { get; init; }

    /// <summary>Attempts that failed, of whatever.</summary>
    public long Failures { get; init; }

    /// <summary>What the last of them said; <see langword="null"/> since the last success.</summary>
    public string? LastFailure { get; init; }

    /// <summary>Whether everything that was seen is in the cluster.</summary>
    public bool IsComplete { get; init; }
}
