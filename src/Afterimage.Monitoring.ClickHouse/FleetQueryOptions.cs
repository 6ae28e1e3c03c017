namespace Afterimage.Monitoring;

/// <summary>Limits of an SQL query over a fleet.</summary>
public sealed record FleetQueryOptions
{
    /// <summary>The time after which servers end the query. Must be at least 1 second, or
    /// <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> for no limit. Fractions of a second count as one. Default: 5
    /// minutes.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The number of rows to return at most. Must be at least 1. Default: 1,000,000.</summary>
    public long MaxRows { get; init; } = 1_000_000;

    internal void Validate()
    {
        if (Timeout != System.Threading.Timeout.InfiniteTimeSpan)
            ArgumentOutOfRangeException.ThrowIfLessThan(Timeout, TimeSpan.FromSeconds(1), nameof(Timeout));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRows, 1, nameof(MaxRows));
    }
}
