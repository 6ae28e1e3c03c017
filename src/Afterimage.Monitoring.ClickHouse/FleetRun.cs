namespace Afterimage.Monitoring;

/// <summary>A run in a fleet. Returned by <see cref="Fleet.FindRunsAsync"/>.</summary>
public sealed record FleetRun
{
    /// <summary>The ID of the run in the fleet.</summary>
    public required string Id { get; init; }

    /// <summary>The path of the run's directory, relative to the directory that was shipped.</summary>
    public required string Name { get; init; }

    /// <summary>The full path of the run's directory on its machine.</summary>
    public required string Path { get; init; }

    /// <summary>The state of the run, as its shipper last saw it.</summary>
    public RunState State { get; init; }

    /// <summary>The time at which the run began; <see langword="null"/> if unknown.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>The time at which the run ended normally; <see langword="null"/> if it did not.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>The machine that the run was made on.</summary>
    public required string Host { get; init; }

    /// <summary>The service that the run belongs to.</summary>
    public required string Service { get; init; }

    /// <summary>The name and number of the run's process, or of the latest of several; empty if unknown.</summary>
    public string Process { get; init; } = "";

    /// <summary>The time of the last selected call; <see langword="null"/> if there is none.</summary>
    public DateTimeOffset? LastTimestamp { get; init; }

    /// <summary>The figures of the selected calls.</summary>
    public required KeySummary Calls { get; init; }
}
