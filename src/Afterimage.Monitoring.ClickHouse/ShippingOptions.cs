namespace Afterimage.Monitoring;

/// <summary>Settings for shipping log directories.</summary>
public sealed record ShippingOptions
{
    /// <summary>Whether shipping ends when everything that is there has been shipped. Otherwise, it continues with new records until it is
    /// cancelled. Default: <see langword="false"/>.</summary>
    public bool Once { get; init; }

    /// <summary>The maximum time that lines of a running run wait for others to be sent with them. A short delay produces many small
    /// blocks, which servers have to merge. Must be more than zero. Default: 5 seconds.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often directories are scanned while there is something to do. If there is nothing to do, they are scanned up to five
    /// times less often. Must be more than zero. Default: 1 second.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long shipping with <see cref="Once"/> continues without any success before it gives up. Default: 5 minutes.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The name of the service that the runs belong to, for queries about one service. Default: the name of each run's
    /// process.</summary>
    public string? Service { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxDelay, TimeSpan.Zero, nameof(MaxDelay));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PollInterval, TimeSpan.Zero, nameof(PollInterval));
        ArgumentOutOfRangeException.ThrowIfLessThan(GiveUpAfter, TimeSpan.Zero, nameof(GiveUpAfter));
    }
}
