namespace Afterimage.Monitoring;

/// <summary>Runs of a fleet.</summary>
public sealed record FleetRuns
{
    /// <summary>The latest runs, the newest first. Runs whose start is unknown come last.</summary>
    public required IReadOnlyList<FleetRun> Latest { get; init; }

    /// <summary>The number of runs, including those that are not among <see cref="Latest"/>.</summary>
    public required long Count { get; init; }
}
