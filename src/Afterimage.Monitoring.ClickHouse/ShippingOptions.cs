namespace Afterimage.Monitoring;

/// <summary>How log directories are shipped.</summary>
public sealed record ShippingOptions
{
    /// <summary>Whether shipping ends when everything that is there has been shipped; else it goes on with what is recorded until it is
    /// cancelled. Default: it goes on.</summary>
    public bool Once { get; init; }

    /// <summary>How long lines of a run that goes on wait at most for others to be sent with them. Short delays make many small blocks,
    /// which servers have to put together. More than zero. Default: 5 seconds.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often directories are looked at while there is something to do; with nothing, up to five times less often. More than
    /// zero. Default: 1 second.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long <see cref="Once"/> goes on without any success before it gives up. Default: 5 minutes.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The service that the runs are of, for questions about one. Default: the name of each run's process.</summary>
    public string? Service { get; init; }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxDelay, TimeSpan.Zero, nameof(MaxDelay));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(PollInterval, TimeSpan.Zero, nameof(PollInterval));
        ArgumentOutOfRangeException.ThrowIfLessThan(GiveUpAfter, TimeSpan.Zero, nameof(GiveUpAfter));
    }
}
