namespace Afterimage.Monitoring;

/// <summary>A directory that a run was recorded into. Made by <see cref="LogDirectory.FindRunsAsync"/>.</summary>
/// <remarks>Monitors that wrote into one directory, at a time or one after the other, count as one run: their records are
/// together.</remarks>
public sealed record RecordedRun
{
    /// <summary>The directory, without those below it.</summary>
    public required LogDirectory Directory { get; init; }

    /// <summary>Its path as seen from the directory that was searched; <c>.</c> for that one itself.</summary>
    public required string Name { get; init; }

    /// <summary>How far it is.</summary>
    public RunState State { get; init; }

    /// <summary>When it began, by its monitor's clock; <see langword="null"/> where nothing says so.</summary>
    public DateTimeOffset? Start { get; init; }

    /// <summary>When it ended in order; <see langword="null"/> where it did not.</summary>
    public DateTimeOffset? End { get; init; }

    /// <summary>The machine that it ran on; empty where nothing says so.</summary>
    public string Host { get; init; } = "";

    /// <summary>The name and number of its process, of several the latest's; empty where nothing says so.</summary>
    public string Process { get; init; } = "";
}
