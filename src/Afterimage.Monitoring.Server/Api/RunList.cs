using Afterimage.Monitoring.Server.Runs;

namespace Afterimage.Monitoring.Server.Api;

/// <summary>A page of the list of runs.</summary>
internal sealed record RunList
{
    /// <summary>The directory below which the runs are, or the address of the cluster.</summary>
    public required string Root { get; init; }

    public required RunPlace Source { get; init; }

    /// <summary>The time at which the list was last read; absent if it is always current.</summary>
    public DateTimeOffset? AsOf { get; init; }

    /// <summary>The reason why the list could not be read the last time, if any.</summary>
    public string? Trouble { get; init; }

    public required bool IsReady { get; init; }

    public required int All { get; init; }

    public required int Live { get; init; }

    public required int Matches { get; init; }

    public required IReadOnlyList<string> Hosts { get; init; }

    public required IReadOnlyList<string> Models { get; init; }

    public required IReadOnlyList<RunListItem> Runs { get; init; }
}
