namespace Afterimage.Monitoring;

/// <summary>The state of a run.</summary>
public enum RunState
{
    /// <summary>The state is unknown: the run has no <c>run.json</c>, or one without an end from another machine.</summary>
    Unknown,

    /// <summary>The run's monitor is alive, on this machine.</summary>
    Running,

    /// <summary>The run ended normally.</summary>
    Ended,

    /// <summary>The run's process ended without recording it: it was killed, or it crashed.</summary>
    Killed,
}
