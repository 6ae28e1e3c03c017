namespace Afterimage.Monitoring;

/// <summary>A directory to which a run was recorded. Returned by <see cref="LogDirectory.FindRunsAsync"/>.</summary>
/// <remarks>Monitors that wrote to the same directory, at the same time or one after another, count as one run, because their records are
/// together.</remarks>
public sealed record RecordedRun
{
    /// <summary>The directory, without those below it.</summary>
    public required LogDirectory Directory { get; init; }

    /// <summary>The path relative to the directory that was searched; <c>.</c> for that directory itself.</summary>
    public required string Name { get; init; }

    /// <summary>The state of the run.</summary>
    public RunState State { get; init; }

    /// <summary>The time at which the run began, by its monitor's clock; <see langword="null"/> if unknown.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>The time at which the run ended normally; <see langword="null"/> if it did not.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>The machine that the run was made on; empty if unknown.</summary>
    public string Host { get; init; } = "";

    /// <summary>The name and number of the run's process, or of the latest of several; empty if unknown.</summary>
    public string Process { get; init; } = "";
}
